import uuid

from odoo import fields, models
from odoo.exceptions import UserError


class ServiceCreditTransfer(models.TransientModel):
    """Move available credits from one client to another, at their price."""

    _name = "service.credit.transfer"
    _description = "Transfer Service Credits"

    account_id = fields.Many2one("service.credit.account", "From", required=True, readonly=True)
    company_id = fields.Many2one(related="account_id.company_id")
    available = fields.Integer(related="account_id.available")
    partner_id = fields.Many2one("res.partner", "To", required=True)
    quantity = fields.Integer("Credits", required=True, default=1)
    reason = fields.Char(required=True, help="Both clients read it on their statement.")
    key = fields.Char(required=True, readonly=True, default=lambda self: f"transfer:{uuid.uuid4()}")

    def action_apply(self):
        self.ensure_one()
        self.account_id.check_access("read")
        self.env["service.credit.account"]._check_manager()
        reason = (self.reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why the credits move: both clients read it."))
        # sudo: the ledger's rows are nobody's to write; the manager's right was just checked.
        account = self.account_id.sudo()
        target = account._for_partner(self.partner_id, account.company_id)
        account._transfer(target, self.quantity, self.key, reason=reason)
        target._credits_arrived()
        return {"type": "ir.actions.act_window_close"}
