from odoo import api, fields, models
from odoo.exceptions import UserError


class ServiceInterventionDecide(models.TransientModel):
    """Staff record what the client told them, with who told it and a reason."""

    _name = "service.intervention.decide"
    _description = "Decide on Behalf of a Client"

    intervention_id = fields.Many2one("service.intervention", required=True)
    commercial_partner_id = fields.Many2one(related="intervention_id.commercial_partner_id")
    credits = fields.Integer(related="intervention_id.credits")
    # Taken when the window opens: a quotation changed meanwhile is not decided unseen.
    revision = fields.Integer(compute="_compute_revision", store=True, precompute=True)
    partner_id = fields.Many2one(
        "res.partner", "Told by", required=True,
        compute="_compute_partner_id", store=True, readonly=False, precompute=True,
        domain="[('commercial_partner_id', '=', commercial_partner_id)]",
    )  # fmt: skip
    decision = fields.Selection(
        [("accept", "Accepts"), ("refuse", "Refuses")], default="accept", required=True
    )
    reason = fields.Text(required=True, help="How and when the client told it.")

    @api.depends("intervention_id")
    def _compute_revision(self):
        for wizard in self:
            wizard.revision = wizard.intervention_id.revision

    @api.depends("intervention_id")
    def _compute_partner_id(self):
        for wizard in self:
            wizard.partner_id = wizard.intervention_id.partner_id

    def action_confirm(self):
        """Record the decision under the name of staff, on behalf of the contact."""
        self.ensure_one()
        self.intervention_id.check_access("write")
        if not (self.reason or "").strip():
            raise UserError(self.env._("Write how the client told it."))
        if self.decision == "accept":
            self.intervention_id._accept(
                self.partner_id, self.revision, way="staff", reason=self.reason.strip()
            )
        else:
            self.intervention_id._refuse(
                self.partner_id, self.revision, reason=self.reason, way="staff"
            )
        return {"type": "ir.actions.act_window_close"}
