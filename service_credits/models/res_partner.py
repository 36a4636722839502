from odoo import api, fields, models
from odoo.exceptions import UserError


class ResPartner(models.Model):
    _inherit = "res.partner"

    service_credit_since = fields.Date(
        "Client since",
        tracking=True,
        help="The day from which the seniority of this client counts.",
    )
    service_credit_account_ids = fields.One2many(
        "service.credit.account",
        "partner_id",
        "Service credit accounts",
        groups="service_credits.group_user,service_credits.group_accountant",
    )
    service_credit_available = fields.Integer(
        "Service credits",
        compute="_compute_service_credit_available",
        groups="service_credits.group_user,service_credits.group_accountant",
    )

    @api.depends_context("company", "allowed_company_ids")
    @api.depends("commercial_partner_id", "service_credit_account_ids.available")
    def _compute_service_credit_available(self):
        available = dict(
            self.env["service.credit.account"]._read_group(
                [
                    ("partner_id", "in", self.commercial_partner_id.ids),
                    ("company_id", "in", self.env.companies.ids),
                ],
                ["partner_id"],
                ["available:sum"],
            )
        )
        for partner in self:
            partner.service_credit_available = available.get(partner.commercial_partner_id, 0)

    def write(self, vals):
        """Credits follow a partner that becomes a contact of another client."""
        if not {"parent_id", "is_company", "commercial_partner_id"} & set(vals):
            return super().write(vals)
        # sudo: whoever may move a contact need not read the ledger, which follows it.
        accounts = (
            self.env["service.credit.account"]
            .sudo()
            .search([("partner_id", "in", self.ids), ("merged_into_id", "=", False)])
        )
        result = super().write(vals)
        # The portal's record rules name the client of a user, and rules are kept in a cache.
        # sudo: whoever may move a contact need not read users.
        users = self.env["res.users"].sudo()
        if users.search_count([("partner_id", "child_of", self.ids)], limit=1):
            self.env.registry.clear_cache()
        for account in accounts:
            client = account.partner_id.commercial_partner_id
            if client != account.partner_id:
                account._merge_into(account._for_partner(client, account.company_id))
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_service_credits(self):
        # sudo: the refusal must not depend on the right to read the ledger.
        account = (
            self.env["service.credit.account"]
            .sudo()
            .search([("partner_id", "in", self.ids), ("last_sequence", ">", 0)], limit=1)
        )
        if account:
            raise UserError(
                self.env._(
                    "%(client)s cannot be deleted: its service credit account has %(entries)s "
                    "entries (%(available)s credits available, %(held)s reserved). Archive the "
                    "contact instead, or merge it with the client that replaces it.",
                    client=account.partner_id.display_name,
                    entries=account.last_sequence,
                    available=account.available,
                    held=account.held,
                )
            )
        # Accounts that were opened and never used go with their partner.
        empty = self.env["service.credit.account"].sudo().search([("partner_id", "in", self.ids)])
        if empty:
            self.env.cr.execute(
                "DELETE FROM service_credit_account WHERE id = ANY(%s)", [empty.ids]
            )
            empty.invalidate_model()

    def action_view_service_credits(self):
        """Open the client's service credit accounts."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "service_credits.service_credit_account_action"
        )
        accounts = self.env["service.credit.account"].search(
            [("partner_id", "=", self.commercial_partner_id.id)]
        )
        action["domain"] = [("partner_id", "=", self.commercial_partner_id.id)]
        if len(accounts) == 1:
            action.update(views=[(False, "form")], res_id=accounts.id)
        return action
