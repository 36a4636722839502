from odoo import fields, models
from odoo.exceptions import AccessError


class ServiceCreditSetup(models.TransientModel):
    """First step: the settings without which no pack is sold well."""

    _name = "service.credit.setup"
    _description = "First Settings of Service Credits"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company
    )
    grant_on = fields.Selection(
        selection=lambda self: (
            self.env["res.company"]
            ._fields["service_credit_grant_on"]
            ._description_selection(self.env)
        ),
        string="Credits arrive when",
        required=True,
        default=lambda self: self.env.company.service_credit_grant_on,
    )
    auto_invoice = fields.Boolean(
        "Invoice by itself",
        default=lambda self: self.env.company.service_credit_auto_invoice,
        help="Make, post and send the invoice as soon as an order with credit packs is confirmed.",
    )
    validity_days = fields.Integer(
        "Quotations in credits are valid for",
        default=lambda self: self.env.company.service_credit_validity_days,
    )

    def action_apply(self):
        """Keep these settings and tick the step off.

        :raises AccessError: not a manager of service credits, or not of this company
        """
        self.ensure_one()
        Step = self.env["onboarding.onboarding.step"]
        Step._check_service_credits_manager()
        if self.company_id not in self.env.companies:
            raise AccessError(
                self.env._(
                    "You do not work in %(company)s now: choose it at the top right first.",
                    company=self.company_id.sudo().name,
                )
            )
        # sudo: a manager of service credits decides these settings, and no other of the company
        self.company_id.sudo().write(
            {
                "service_credit_grant_on": self.grant_on,
                "service_credit_auto_invoice": self.auto_invoice,
                "service_credit_validity_days": self.validity_days,
            }
        )
        Step.with_company(self.company_id)._tick_service_credits_step("setup")
        return {"type": "ir.actions.act_window_close"}
