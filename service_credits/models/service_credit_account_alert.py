from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from .service_credit_account import MAX_CREDITS

# Who reads what was sent to clients: not the clients themselves.
STAFF = "service_credits.group_user,service_credits.group_accountant"

# The effective threshold, for statements in which `a` is the account and `c` its company.
THRESHOLD = SQL(
    """
    CASE WHEN a.alert_policy = 'own' THEN coalesce(a.alert_threshold_own, 0)
         ELSE c.service_credit_alert_threshold END
    """
)


class ServiceCreditAccount(models.Model):
    """When a client is about to run out: at or below a threshold of available credits.

    What happens then is in ``service_credit_alert.py``.
    """

    _inherit = "service.credit.account"

    # What managers, and clients in the portal, may change: nothing of the ledger.
    _writable_fields = frozenset(
        {
            "alert_policy",
            "alert_threshold_own",
            "alert_since",
            "topup_product_id",
            "topup_quantity",
            "statement_policy",
            "statement_since",
        }
    )

    alert_policy = fields.Selection(
        [
            ("company", "At the company's threshold"),
            ("own", "At an own threshold"),
            ("never", "Never: this client wants no mail"),
        ],
        string="Alert the client",
        required=True,
        default="company",
        help="When the client is told by mail that few credits are left. The salesperson is told "
        "in any case.",
    )
    alert_threshold_own = fields.Integer(
        "Own threshold",
        help="The client is told when that many credits, or fewer, are left; 0: when none is left.",
    )
    alert_since = fields.Datetime(
        readonly=True,
        help="When the threshold or the choice of this client changed last: credits that went "
        "before that moment alert nobody.",
    )
    alert_threshold = fields.Integer(
        "Threshold", compute="_compute_alert_threshold", compute_sudo=True, aggregator=None,
        help="The client is about to run out when that many credits, or fewer, are left.",
    )  # fmt: skip
    is_low = fields.Boolean(
        "About to run out", compute="_compute_is_low", search="_search_is_low", compute_sudo=True,
        help="The available credits have come down to the threshold or below it.",
    )  # fmt: skip
    topup_product_id = fields.Many2one(
        "product.product", "Pack to top up with", ondelete="set null",
        domain="[('service_credits', '>', 0), ('sale_ok', '=', True),"
        " ('company_id', 'in', [False, company_id])]",
        help="When an alert leaves, a quotation for this pack is prepared for the client.",
    )  # fmt: skip
    topup_quantity = fields.Integer("Packs to top up with", default=1)

    alert_ids = fields.One2many(
        "service.credit.alert", "account_id", "Alerts", readonly=True, groups=STAFF
    )

    def init(self):
        # Accounts are opened by a statement of the ledger that knows nothing of these columns.
        self.env.cr.execute(
            """
            ALTER TABLE service_credit_account
                ALTER COLUMN alert_policy SET DEFAULT 'company',
                ALTER COLUMN topup_quantity SET DEFAULT 1
            """
        )
        return super().init()

    @api.depends("alert_policy", "alert_threshold_own", "company_id.service_credit_alert_threshold")
    def _compute_alert_threshold(self):
        for account in self:
            if account.alert_policy == "own":
                account.alert_threshold = account.alert_threshold_own
            else:
                account.alert_threshold = account.company_id.service_credit_alert_threshold

    @api.depends("available", "last_sequence", "merged_into_id", "alert_threshold")
    def _compute_is_low(self):
        for account in self:
            account.is_low = (
                account.last_sequence > 0
                and not account.merged_into_id
                and account.available <= account.alert_threshold
            )

    def _search_is_low(self, operator, value):
        if operator != "in":
            return NotImplemented
        low = Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "(%(sequence)s > 0 AND %(merged)s IS NULL AND %(available)s <= %(threshold)s)",
                sequence=model._field_to_sql(alias, "last_sequence", query),
                merged=model._field_to_sql(alias, "merged_into_id", query),
                available=model._field_to_sql(alias, "available", query),
                threshold=model._get_alert_threshold_sql(alias, query),
            ),
            predicate=lambda account: account.is_low,
        )
        return low if True in value else ~low

    @api.model
    def _get_alert_threshold_sql(self, alias, query):
        """SQL of the effective threshold of the accounts `alias` in `query`."""
        companies = query.left_join(alias, "company_id", "res_company", "id", "company_id")
        return SQL(
            "CASE WHEN %(policy)s = 'own' THEN coalesce(%(own)s, 0) ELSE %(company)s END",
            policy=self._field_to_sql(alias, "alert_policy", query),
            own=self._field_to_sql(alias, "alert_threshold_own", query),
            company=self.env["res.company"]._field_to_sql(
                companies, "service_credit_alert_threshold", query
            ),
        )

    @api.constrains("alert_threshold_own")
    def _check_alert_threshold_own(self):
        for account in self:
            if not 0 <= account.alert_threshold_own <= MAX_CREDITS:
                raise ValidationError(self.env._("A threshold is a number of credits, 0 or more."))

    @api.constrains("topup_product_id", "topup_quantity")
    def _check_topup(self):
        Order = self.env["sale.order"]
        for account in self.filtered("topup_product_id"):
            if not account.topup_product_id.service_credits:
                raise ValidationError(
                    self.env._(
                        "%(product)s carries no service credits: choose a pack to top up with.",
                        product=account.topup_product_id.display_name,
                    )
                )
            Order._check_pack_quantity(account.topup_product_id, account.topup_quantity)

    def write(self, vals):
        if not {"alert_policy", "alert_threshold_own"}.isdisjoint(vals):
            # An alert tells of credits that go, not of a setting that changed.
            vals = {**vals, "alert_since": fields.Datetime.now()}
        return super().write(vals)

    # === Promptness === #

    def _post(self, state, key, kind, lots, **kwargs):
        """Have the alerts looked at soon when this posting brings the stock down to the
        threshold. The rest is the scheduled action's work: no posting waits for a mail."""
        before = state[self.id]["available"]
        entries = super()._post(state, key, kind, lots, **kwargs)
        after = state[self.id]["available"]
        if after < before and self._crosses_threshold(before, after):
            cron = self.env.ref("service_credits.cron_alerts", raise_if_not_found=False)
            if cron:
                # sudo: any right that lets someone take credits lets the alert leave
                cron.sudo()._trigger()
        return entries

    def _crosses_threshold(self, before, after):
        """Whether the threshold lies between; one small statement, for every posting asks it."""
        self.ensure_one()
        self.env["res.company"].flush_model(
            ["service_credit_alert", "service_credit_alert_threshold"]
        )
        self.flush_recordset(["alert_policy", "alert_threshold_own"])
        self.env.cr.execute(
            SQL(
                """
                SELECT FROM service_credit_account a
                  JOIN res_company c ON c.id = a.company_id AND c.service_credit_alert
                 WHERE a.id = %s AND %s BETWEEN %s AND %s
                """,
                self.id,
                THRESHOLD,
                after,
                before - 1,
            )
        )
        return bool(self.env.cr.rowcount)
