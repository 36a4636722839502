from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

MAX_LINE_CREDITS = 1_000_000


class ServiceInterventionLine(models.Model):
    """One line of a quotation: what is done, and the credits it costs."""

    _name = "service.intervention.line"
    _description = "Line of an Intervention"
    _order = "sequence, id"

    intervention_id = fields.Many2one(
        "service.intervention", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    description = fields.Text(required=True)
    credits = fields.Integer(default=1, required=True)
    optional = fields.Boolean(help="The client ticks this line, or leaves it out.")
    selected = fields.Boolean(
        default=True, help="Counted in the total. The client changes it on optional lines."
    )
    company_id = fields.Many2one(related="intervention_id.company_id")

    _credits_range = models.Constraint(
        f"CHECK (credits >= 0 AND credits <= {MAX_LINE_CREDITS})",
        "The credits of a line lie between 0 and 1,000,000.",
    )

    @api.constrains("optional", "selected")
    def _check_selected(self):
        for line in self:
            if not line.optional and not line.selected:
                raise ValidationError(
                    self.env._(
                        "“%(line)s” is not optional: it cannot be left out.", line=line.description
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_editable()
        lines.intervention_id._content_changed()
        return lines

    def write(self, vals):
        interventions = self.intervention_id
        self._check_editable()
        result = super().write(vals)
        self._check_editable()
        (interventions | self.intervention_id)._content_changed()
        return result

    def unlink(self):
        interventions = self.intervention_id
        self._check_editable()
        result = super().unlink()
        interventions._content_changed()
        return result

    def _check_editable(self):
        if not self.env.su:
            self.intervention_id._check_editable({"line_ids": True})

    def _check_selectable(self):
        """Refuse a choice of the client that names lines which are not theirs to choose."""
        if any(not line.optional for line in self):
            raise UserError(self.env._("Only optional lines can be ticked or left out."))
