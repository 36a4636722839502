from odoo import fields, models


class ServiceCreditAccount(models.Model):
    """What the account's form shows besides its own fields: the chart, the ways to the rest."""

    _inherit = "service.credit.account"

    intervention_count = fields.Integer(
        "Interventions", compute="_compute_intervention_count",
        groups="service_credits.group_user",
    )  # fmt: skip

    def _compute_intervention_count(self):
        counts = {
            (client, company): count
            for client, company, count in self.env["service.intervention"]._read_group(
                [
                    ("commercial_partner_id", "in", self.partner_id.ids),
                    ("company_id", "in", self.company_id.ids),
                ],
                ["commercial_partner_id", "company_id"],
                ["__count"],
            )
        }
        for account in self:
            account.intervention_count = counts.get((account.partner_id, account.company_id), 0)

    def action_get_stock_points(self):
        """The stock of this account over time, for the chart of its form.

        :return: as `_get_stock_points`
        :raises AccessError: the user may not read the account
        """
        self.ensure_one()
        self.check_access("read")
        return self._get_stock_points()

    def action_view_interventions(self):
        """Open the interventions of this client."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "service_credits.service_intervention_action"
        )
        action["domain"] = [
            ("commercial_partner_id", "=", self.partner_id.id),
            ("company_id", "=", self.company_id.id),
        ]
        action["context"] = {"default_partner_id": self.partner_id.id}
        return action

    def action_view_analysis(self):
        """Open what this client bought, received and used, by month."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "service_credits.service_credit_report_action"
        )
        action["domain"] = [("account_id", "=", self.id)]
        action["context"] = {}
        return action
