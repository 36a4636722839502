from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    service_credit_grant_on = fields.Selection(
        related="company_id.service_credit_grant_on", readonly=False, required=True
    )
    service_credit_auto_invoice = fields.Boolean(
        related="company_id.service_credit_auto_invoice", readonly=False
    )
