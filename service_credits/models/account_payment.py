from odoo import models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def write(self, vals):
        """A payment without an entry of its own pays its invoices by its state alone."""
        if "state" not in vals:
            return super().write(vals)
        # sudo: see `account.partial.reconcile`.
        moves = self.sudo().filtered(lambda payment: not payment.move_id).invoice_ids
        moves = moves._get_service_credit_lines().move_id
        res = super().write(vals)
        if moves:
            paid = vals["state"] in ("in_process", "paid")
            moves._sync_service_credits("payment" if paid else "bounced")
        return res
