import uuid

from odoo import fields, models
from odoo.exceptions import UserError


class ServiceCreditAdjust(models.TransientModel):
    """Add free credits to an account, or take unused ones back, with a reason."""

    _name = "service.credit.adjust"
    _description = "Adjust Service Credits"

    account_id = fields.Many2one("service.credit.account", required=True, readonly=True)
    available = fields.Integer(related="account_id.available")
    direction = fields.Selection(
        [("add", "Add free credits"), ("remove", "Take credits back")],
        required=True,
        default="add",
    )
    quantity = fields.Integer("Credits", required=True, default=1)
    reason = fields.Char(required=True, help="The client reads it on the statement.")
    # Made with the wizard, so that a double click adjusts once.
    key = fields.Char(required=True, readonly=True, default=lambda self: f"adjust:{uuid.uuid4()}")

    def action_apply(self):
        self.ensure_one()
        self._check_manager()
        # sudo: the ledger's rows are nobody's to write; the manager's right was just checked.
        account = self.account_id.sudo()
        reason = (self.reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why the credits are adjusted: the client reads it."))
        if self.direction == "add":
            account._grant(self.quantity, self.key, origin="adjustment", reason=reason)
            account._credits_arrived()
        else:
            account._take_back(self.quantity, self.key, reason=reason)
        return {"type": "ir.actions.act_window_close"}

    def _check_manager(self):
        self.account_id.check_access("read")
        self.env["service.credit.account"]._check_manager()
