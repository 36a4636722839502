from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    service_intervention_count = fields.Integer(
        "Interventions", compute="_compute_service_intervention_count",
        groups="service_credits.group_user",
        help="Of this contact, or of the whole client for a company.",
    )  # fmt: skip

    def _compute_service_intervention_count(self):
        Intervention = self.env["service.intervention"]
        of_contacts = dict(
            Intervention._read_group([("partner_id", "in", self.ids)], ["partner_id"], ["__count"])
        )
        of_clients = dict(
            Intervention._read_group(
                [("commercial_partner_id", "in", self.ids)], ["commercial_partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.service_intervention_count = of_clients.get(
                partner, of_contacts.get(partner, 0)
            )

    def action_view_service_interventions(self):
        """Open the interventions of this contact, or of the whole client for a company."""
        self.ensure_one()
        self.env["service.intervention"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "service_credits.service_intervention_action"
        )
        client = self == self.commercial_partner_id
        field = "commercial_partner_id" if client else "partner_id"
        action["domain"] = [(field, "=", self.id)]
        action["context"] = {"default_partner_id": self.id}
        return action
