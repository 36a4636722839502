from odoo import api, fields, models


class ServiceInterventionDeliver(models.TransientModel):
    """How much of the reserved credits the delivery spends, and whether it is the last one."""

    _name = "service.intervention.deliver"
    _description = "Deliver an Intervention"

    intervention_id = fields.Many2one("service.intervention", required=True)
    held_credits = fields.Integer("Reserved Credits", related="intervention_id.held_credits")
    credits = fields.Integer(
        "Credits to Spend", compute="_compute_credits", store=True, readonly=False, precompute=True
    )
    last = fields.Boolean(
        "This Is the Last Part", default=True, help="What is left of the reservation is released."
    )

    @api.depends("intervention_id")
    def _compute_credits(self):
        for wizard in self:
            wizard.credits = wizard.intervention_id.held_credits

    def action_confirm(self):
        """Spend the credits; after the last part the rest is released."""
        self.ensure_one()
        self.intervention_id.check_access("write")
        if self.last:
            self.intervention_id._deliver(self.credits)
        else:
            self.intervention_id._deliver_part(self.credits)
        return {"type": "ir.actions.act_window_close"}
