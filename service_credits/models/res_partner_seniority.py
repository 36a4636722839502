from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    service_credit_seniority = fields.Integer(
        "Seniority",
        compute="_compute_service_credit_seniority",
        help="Whole years since the client's start date.",
    )

    @api.depends_context("company")
    @api.depends("commercial_partner_id.service_credit_since")
    def _compute_service_credit_seniority(self):
        for partner in self:
            partner.service_credit_seniority = partner._get_service_credit_seniority()

    def _get_service_credit_seniority(self, company=None):
        """Whole years of seniority of the client today (in the company's time zone), 0 if none."""
        self.ensure_one()
        since = self.commercial_partner_id.service_credit_since
        if not since:
            return 0
        company = (company or self.env.company).sudo()
        day = fields.Date.context_today(self.with_context(tz=company.partner_id.tz or "UTC"))
        return max(self.env["service.credit.program"]._years_between(since, day), 0)

    def write(self, vals):
        """A start date put right after a grant: the difference is offered to a manager."""
        result = super().write(vals)
        if "service_credit_since" in vals:
            # sudo: whoever may correct the date need not read the ledger.
            self.env["service.credit.correction"].sudo()._detect(self)
        return result
