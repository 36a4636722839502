from odoo import fields, models


class Digest(models.Model):
    _inherit = "digest.digest"

    kpi_service_credits_sold = fields.Boolean("Service Credits Sold")
    kpi_service_credits_sold_value = fields.Integer(
        compute="_compute_kpi_service_credits_sold_value"
    )
    kpi_service_credits_used = fields.Boolean("Service Credits Used")
    kpi_service_credits_used_value = fields.Integer(
        compute="_compute_kpi_service_credits_used_value"
    )

    def _compute_kpi_service_credits_sold_value(self):
        self._compute_service_credits_kpi("sold")

    def _compute_kpi_service_credits_used_value(self):
        self._compute_service_credits_kpi("used")

    def _compute_service_credits_kpi(self, measure):
        # Who may not read the report gets an AccessError, which Odoo takes as: leave it out of
        # this user's mail.
        self._calculate_company_based_kpi(
            "service.credit.report",
            f"kpi_service_credits_{measure}_value",
            date_field="date",
            sum_field=measure,
        )

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu_id = self.env.ref("service_credits.menu_root").id
        action = f"service_credits.service_credit_report_action?menu_id={menu_id}"
        actions["kpi_service_credits_sold"] = actions["kpi_service_credits_used"] = action
        return actions
