from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    service_credit_validity_days = fields.Integer(
        related="company_id.service_credit_validity_days", readonly=False
    )
    service_credit_reminder_days = fields.Integer(
        related="company_id.service_credit_reminder_days", readonly=False
    )
    service_credit_allow_undo = fields.Boolean(
        related="company_id.service_credit_allow_undo", readonly=False
    )
    service_credit_decide_from_mail = fields.Boolean(
        related="company_id.service_credit_decide_from_mail", readonly=False
    )
