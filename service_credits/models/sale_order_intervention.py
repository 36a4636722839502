from odoo import api, fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    service_intervention_ids = fields.One2many(
        "service.intervention",
        "sale_order_id",
        "Interventions Waiting for These Credits",
        groups="service_credits.group_user",
    )

    def _action_cancel(self):
        # sudo: the interventions of the client, whoever cancels the order
        waiting = self.sudo().service_intervention_ids
        result = super()._action_cancel()
        for intervention in waiting:
            intervention._release_wait(intervention.sale_order_id)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_release_waiting_interventions(self):
        # sudo: the interventions of the client, whoever deletes the order
        for intervention in self.sudo().service_intervention_ids:
            intervention._release_wait(intervention.sale_order_id)
