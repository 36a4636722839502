from odoo import models


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    def unlink(self):
        """A payment taken off an invoice (cancelled, bounced, deleted) may take credits back."""
        moves = self.env["account.move"]
        if not self.env.context.get("service_credits_wait"):
            # sudo: whoever may unreconcile may not read every line of the invoice.
            moves = (self.debit_move_id | self.credit_move_id).move_id.sudo()
            moves = moves._get_service_credit_lines().move_id
        res = super().unlink()
        moves.exists()._sync_service_credits("bounced")
        return res
