from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    service_intervention_count = fields.Integer(
        "Waiting interventions", compute="_compute_service_intervention_count",
        groups="service_credits.group_user",
        help="Interventions that the client accepted and that wait for the credits of this order.",
    )  # fmt: skip

    def _compute_service_intervention_count(self):
        counts = dict(
            self.env["service.intervention"]._read_group(
                [("sale_order_id", "in", self.ids)], ["sale_order_id"], ["__count"]
            )
        )
        for order in self:
            order.service_intervention_count = counts.get(order, 0)

    def action_view_service_interventions(self):
        """Open the interventions for which these credits were ordered."""
        self.ensure_one()
        self.check_access("read")
        self.env["service.intervention"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "service_credits.service_intervention_action"
        )
        action["domain"] = [("sale_order_id", "=", self.id)]
        action["context"] = {}
        return action
