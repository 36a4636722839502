import math
from statistics import median

from odoo import api, fields, models
from odoo.exceptions import ValidationError

SIMILAR_LIMIT = 200  # the most recent deliveries: older ones say little about today's prices


class ServiceInterventionType(models.Model):
    """What a client may ask for: its text in the portal, its guide to prices, who takes care."""

    _name = "service.intervention.type"
    _inherit = ["mail.alias.mixin.optional"]
    _description = "Type of Intervention"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    icon = fields.Char(
        default="fa-wrench", help="A Font Awesome class, shown to the client beside the name."
    )
    description = fields.Text(
        translate=True, help="What the client reads when choosing this type in the portal."
    )
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: every company offers this type."
    )
    user_id = fields.Many2one(
        "res.users",
        "Person in Charge",
        domain="[('share', '=', False)]",
        help="Gets the requests of this type, and an activity to price them.",
    )
    portal_published = fields.Boolean(
        "Clients May Ask", default=True, help="Clients can choose this type in the portal."
    )
    validity_days = fields.Integer(
        "Validity of Quotations (Days)", help="0: the company's own number of days."
    )

    credits_per_hour = fields.Float(default=1.0, digits=(16, 2))
    factor_simple = fields.Float("Factor: Simple", default=0.8, digits=(16, 2))
    factor_standard = fields.Float("Factor: Standard", default=1.0, digits=(16, 2))
    factor_complex = fields.Float("Factor: Complex", default=1.5, digits=(16, 2))
    minimum_credits = fields.Integer(default=1)

    similar_count = fields.Integer("Similar Past Ones", compute="_compute_similar")
    similar_median = fields.Float("Median Credits", compute="_compute_similar", digits=(16, 1))
    similar_min = fields.Integer("Fewest Credits", compute="_compute_similar")
    similar_max = fields.Integer("Most Credits", compute="_compute_similar")
    intervention_count = fields.Integer(compute="_compute_intervention_count")

    _guide_not_negative = models.Constraint(
        "CHECK (credits_per_hour >= 0 AND factor_simple >= 0 AND factor_standard >= 0"
        " AND factor_complex >= 0 AND minimum_credits >= 0 AND validity_days >= 0)",
        "The figures of the pricing guide cannot be negative.",
    )

    def _compute_similar(self):
        Intervention = self.env["service.intervention"]
        for intervention_type in self:
            spent = [
                done.delivered_credits
                for done in Intervention.search(
                    [
                        ("type_id", "=", intervention_type.id),
                        ("state", "=", "done"),
                        ("delivered_credits", ">", 0),
                    ],
                    order="done_date desc, id desc",
                    limit=SIMILAR_LIMIT,
                )
            ]
            intervention_type.similar_count = len(spent)
            intervention_type.similar_median = median(spent) if spent else 0
            intervention_type.similar_min = min(spent, default=0)
            intervention_type.similar_max = max(spent, default=0)

    def _compute_intervention_count(self):
        counts = dict(
            self.env["service.intervention"]._read_group(
                [("type_id", "in", self.ids)], ["type_id"], ["__count"]
            )
        )
        for intervention_type in self:
            intervention_type.intervention_count = counts.get(intervention_type, 0)

    @api.constrains("icon")
    def _check_icon(self):
        for intervention_type in self:
            if intervention_type.icon and not intervention_type.icon.replace("-", "").isalnum():
                raise ValidationError(
                    self.env._(
                        "“%(icon)s” is not the name of an icon: write one like fa-wrench.",
                        icon=intervention_type.icon,
                    )
                )

    def action_view_interventions(self):
        """Open the interventions of this type."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "service_credits.service_intervention_action"
        )
        action["domain"] = [("type_id", "in", self.ids)]
        action["context"] = {"default_type_id": self[:1].id}
        return action

    def _suggest_credits(self, hours, complexity="standard"):
        """Credits that the guide suggests for `hours` of work: a help, never a decision.

        :return: a whole number, rounded up; 0 when there is nothing to go by
        """
        self.ensure_one()
        factor = {
            "simple": self.factor_simple,
            "standard": self.factor_standard,
            "complex": self.factor_complex,
        }[complexity or "standard"]
        # Rounded first: 3 × 0.8 × 1.25 is a hair above 3 in floating point.
        raw = round(max(hours, 0.0) * self.credits_per_hour * factor, 6)
        if not raw:
            return 0
        return max(math.ceil(raw), self.minimum_credits)

    def _alias_get_creation_values(self):
        """A mail to the alias becomes a request of this type."""
        values = super()._alias_get_creation_values()
        values["alias_model_id"] = self.env["ir.model"]._get_id("service.intervention")
        if self.id:
            values["alias_defaults"] = {"type_id": self.id}
        return values
