from odoo import api, fields, models
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError

MAX_CREDITS = 2**31 - 1  # PostgreSQL's integer


class ServiceCreditAccount(models.Model):
    """The service credits of one client (a commercial partner) in one company.

    Every contact of the client shares it. The balances are derived from the entries inside
    PostgreSQL; the operations are in ``service_credit_account_operations.py``.
    """

    _name = "service.credit.account"
    _inherit = "service.credit.ledger"
    _description = "Service Credit Account"
    _order = "partner_id, id"
    _rec_name = "partner_id"
    _rec_names_search = ["partner_id"]

    partner_id = fields.Many2one(
        "res.partner", "Client", required=True, readonly=True, index=True, ondelete="restrict"
    )
    # No index: few companies share all accounts, and a plan that took it would read them all.
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    currency_id = fields.Many2one(related="company_id.currency_id")
    available = fields.Integer(required=True, readonly=True, default=0)
    held = fields.Integer("Reserved", required=True, readonly=True, default=0)
    balance = fields.Integer(
        readonly=True, help="Available and reserved credits together."
    )  # generated in sql/columns.sql
    last_sequence = fields.Integer("Entries", required=True, readonly=True, default=0)
    merged_into_id = fields.Many2one(
        "service.credit.account",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The client was merged: the credits are in that account, the history stays here.",
    )
    lot_ids = fields.One2many("service.credit.lot", "account_id", "Lots")
    hold_ids = fields.One2many("service.credit.hold", "account_id", "Reservations")
    entry_ids = fields.One2many("service.credit.entry", "account_id", "Entries of the ledger")
    seal = fields.Char(
        compute="_compute_seal",
        help="Seal of the last entry. Printed on the statement, it proves later that no earlier "
        "entry was altered.",
    )

    # An index, not a table constraint: Odoo's merge of partners deletes rows that break
    # a constraint.
    _partner_company_uniq = models.UniqueIndex(
        "(partner_id, company_id) WHERE merged_into_id IS NULL",
        "This client already has a service credit account in this company.",
    )
    _never_negative = models.Constraint("CHECK (available >= 0 AND held >= 0)")
    _merged_is_empty = models.Constraint(
        "CHECK (merged_into_id IS NULL OR (available = 0 AND held = 0))"
    )

    @api.depends("last_sequence")
    def _compute_seal(self):
        self.env.cr.execute(
            """
            SELECT account_id, hash
              FROM service_credit_entry e
              JOIN service_credit_account a ON a.id = e.account_id AND a.last_sequence = e.sequence
             WHERE a.id = ANY(%s)
            """,
            [self.ids],
        )
        seals = dict(self.env.cr.fetchall())
        for account in self:
            account.seal = seals.get(account.id)

    # === Actions === #

    def _check_manager(self):
        """:raises AccessError: the user is not a manager of service credits"""
        if not self.env.user.has_group("service_credits.group_manager"):
            raise AccessError(
                self.env._("Only managers of service credits adjust and transfer credits.")
            )

    def _wizard_action(self, xml_id):
        self.ensure_one()
        self._check_manager()
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        action["context"] = {"default_account_id": self.id}
        return action

    def action_adjust(self):
        """Open the wizard that adds free credits or takes credits back, with a reason."""
        return self._wizard_action("service_credits.service_credit_adjust_action")

    def action_transfer(self):
        """Open the wizard that moves credits to another client."""
        return self._wizard_action("service_credits.service_credit_transfer_action")

    def action_reconcile(self):
        """Recompute these accounts (all of them when none is given) and show the report."""
        if not self.env.user.has_group("service_credits.group_manager") and not (
            self.env.user.has_group("service_credits.group_accountant")
        ):
            raise AccessError(
                self.env._("Only managers and accountants reconcile the ledger of service credits.")
            )
        report = self.env["service.credit.reconciliation"]._reconcile(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Reconciliation"),
            "res_model": report._name,
            "res_id": report.id,
            "views": [(False, "form")],
        }

    # === Finding an account === #

    @api.model
    def _find(self, partner, company=None):
        """The account of `partner`'s company in `company` (default: the current one), or none."""
        company = company or self.env.company
        return self.search(
            [
                ("partner_id", "=", partner.commercial_partner_id.id),
                ("company_id", "=", company.id),
                ("merged_into_id", "=", False),
            ],
            limit=1,
        )

    @api.model
    def _for_partner(self, partner, company=None):
        """As `_find`, and opens the account if there is none. Two callers at once get the same."""
        partner.ensure_one()
        return self._for_partners(partner, company)

    @api.model
    def _for_partners(self, partners, company=None):
        """The accounts of many clients in one company, opened where missing, in two statements."""
        company = company or self.env.company
        commercial = partners.commercial_partner_id
        if not commercial:
            raise ValidationError(self.env._("Service credits need a client: none is given."))
        self.env.cr.execute(
            """
            INSERT INTO service_credit_account (partner_id, company_id, create_date, write_date)
            SELECT client.id, %(company)s, %(now)s, %(now)s
              FROM unnest(%(partners)s) AS client (id)
             WHERE NOT EXISTS (SELECT FROM service_credit_account a
                                WHERE a.partner_id = client.id
                                  AND a.company_id = %(company)s
                                  AND a.merged_into_id IS NULL)
                ON CONFLICT DO NOTHING;
            SELECT id
              FROM service_credit_account
             WHERE partner_id = ANY(%(partners)s)
               AND company_id = %(company)s
               AND merged_into_id IS NULL
             ORDER BY id
            """,
            {
                "partners": sorted(commercial.ids),
                "company": company.id,
                "now": fields.Datetime.now(),
            },
        )
        return self.browse(account_id for (account_id,) in self.env.cr.fetchall())

    # === What every operation does first === #

    def _lock(self):
        """Wait for the accounts' row locks, in the order of their ids, and read them.

        A lock obtained means that this transaction's view is current: under REPEATABLE READ a
        row that changed since the snapshot raises a serialization failure instead, which Odoo
        answers by running the whole request again (HTTP and RPC; a scheduled action must catch
        it, roll back and go on).

        :return: {account id: {"available": …, "held": …, "sequence": …}}
        :raises UserError: the account was merged into another
        """
        self.env.cr.execute(
            """
            SELECT id, available, held, last_sequence, merged_into_id
              FROM service_credit_account
             WHERE id = ANY(%s)
             ORDER BY id
               FOR NO KEY UPDATE
            """,
            [self.ids],
        )
        state = {}
        for account_id, available, held, sequence, merged_into_id in self.env.cr.fetchall():
            if merged_into_id:
                raise UserError(
                    self.env._(
                        "%(client)s: this service credit account was merged into account "
                        "%(target)s; use that one.",
                        client=self.browse(account_id).sudo().partner_id.display_name,
                        target=merged_into_id,
                    )
                )
            state[account_id] = {"available": available, "held": held, "sequence": sequence}
        if len(state) != len(set(self.ids)):
            raise MissingError(self.env._("This service credit account does not exist any more."))
        return state

    @api.model
    def _check_quantity(self, quantity):
        """`quantity` as an int. Credits are whole numbers from 1 to 2,147,483,647."""
        if isinstance(quantity, bool) or not isinstance(quantity, int):
            raise ValidationError(
                self.env._(
                    "“%(quantity)s” is not a number of service credits: whole numbers only.",
                    quantity=str(quantity),
                )
            )
        if not 0 < quantity <= MAX_CREDITS:
            raise ValidationError(
                self.env._(
                    "%(quantity)s is not a possible number of service credits: from 1 to %(max)s.",
                    quantity=quantity,
                    max=MAX_CREDITS,
                )
            )
        return quantity

    @api.model
    def _check_key(self, key):
        if not isinstance(key, str) or not key.strip() or "\x00" in key:
            raise ValidationError(
                self.env._(
                    "An operation on service credits needs a key of its own: a text that is not "
                    "empty."
                )
            )
        return key

    def _credits_arrived(self):
        """Called when an account received credits that a client may be waiting for.

        To be extended; does nothing by itself.
        """
