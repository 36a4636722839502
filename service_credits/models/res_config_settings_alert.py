from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    service_credit_alert = fields.Boolean(related="company_id.service_credit_alert", readonly=False)
    service_credit_alert_threshold = fields.Integer(
        related="company_id.service_credit_alert_threshold", readonly=False
    )
    service_credit_topup = fields.Boolean(related="company_id.service_credit_topup", readonly=False)
    service_credit_statement_mail = fields.Boolean(
        related="company_id.service_credit_statement_mail", readonly=False
    )
