from odoo import models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def write(self, vals):
        """A payment that is rejected, or that has no entry of its own, pays or no longer pays
        its invoices by its state alone: nothing else tells them."""
        if "state" not in vals:
            return super().write(vals)
        changed = self.filtered(lambda payment: payment.state != vals["state"])
        # sudo: see `account.partial.reconcile`.
        moves = changed.sudo().reconciled_invoice_ids | changed.sudo().invoice_ids
        moves = moves._get_service_credit_lines().move_id
        res = super().write(vals)
        if moves:
            # As Odoo does when such a payment is deleted.
            self.env.add_to_compute(moves._fields["payment_state"], moves)
            paid = vals["state"] in ("in_process", "paid")
            moves._sync_service_credits("payment" if paid else "bounced")
        return res
