from odoo import fields, models


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    service_credit_keep = fields.Boolean(
        "Refund without taking credits back",
        groups="service_credits.group_manager",
        help="The client keeps the service credits although they are refunded.",
    )
    service_credits_refunded = fields.Boolean(compute="_compute_service_credits_refunded")

    def _compute_service_credits_refunded(self):
        for wizard in self:
            wizard.service_credits_refunded = bool(wizard.move_ids._get_service_credit_lines())

    def _prepare_default_reversal(self, move):
        values = super()._prepare_default_reversal(move)
        # sudo: read here whoever reverses; only a manager could have ticked it.
        if self.sudo().service_credit_keep and move._get_service_credit_lines():
            values["service_credit_keep"] = True
        return values
