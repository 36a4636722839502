from odoo import api, models
from odoo.exceptions import UserError


class ServiceCreditDashboard(models.AbstractModel):
    """The first steps of a manager, until the first pack is sold or they are hidden."""

    _inherit = "service.credit.dashboard"

    @api.model
    def action_get_figures(self, period="month"):
        return {**super().action_get_figures(period), "onboarding": self._get_onboarding()}

    def _get_onboarding(self):
        """What is done and what is next in the current company, or False to show nothing."""
        onboarding = self._find_onboarding()
        if not onboarding or onboarding.is_onboarding_closed:
            return False
        sold = self._is_first_pack_sold()
        sell = self.env.ref("service_credits.onboarding_step_sell", raise_if_not_found=False)
        steps = [
            {
                "id": step.id,
                "title": step.title,
                "description": step.description,
                "button": step.button_text,
                "done": (sold and step == sell) or step.current_step_state != "not_done",
                "done_text": step.done_text,
                "method": step.panel_step_open_action_name,
            }
            for step in onboarding.step_ids.sorted("sequence")
        ]
        if sold and not any(step["done"] for step in steps if step["id"] != sell.id):
            return False  # they sold packs before these steps were there
        return {
            "steps": steps,
            "done": sum(step["done"] for step in steps),
            "completed": sold and onboarding.text_completed,
        }

    def _find_onboarding(self):
        """The first steps as superuser, or none for who does not take them."""
        Onboarding = self.env["onboarding.onboarding"].sudo()
        if not self.env.user.has_group("service_credits.group_manager"):
            return Onboarding
        # sudo: Odoo's onboarding belongs to administrators; the manager's right was checked
        return (
            Onboarding.env.ref(
                "service_credits.onboarding_service_credits", raise_if_not_found=False
            )
            or Onboarding
        )

    def _is_first_pack_sold(self):
        return bool(
            self.env["service.credit.lot"].search_count(
                [("origin", "=", "purchase"), ("company_id", "=", self.env.company.id)], limit=1
            )
        )

    @api.model
    def action_close_onboarding(self):
        """Hide the first steps of the current company, for all its managers.

        :raises AccessError: not a manager of service credits
        """
        Step = self.env["onboarding.onboarding.step"]
        Step._check_service_credits_manager()
        if self._is_first_pack_sold():
            Step._tick_service_credits_step("sell")
        onboarding = self._find_onboarding()
        onboarding._search_or_create_progress()
        onboarding.action_close()

    @api.model
    def action_sell_pack(self):
        """Open a new quotation with the smallest pack on it.

        :raises UserError: the user may not sell, or no pack is on sale
        """
        self._check_may_read()
        if not self.env["sale.order"].has_access("create"):
            raise UserError(
                self.env._(
                    "Selling takes the rights of a salesperson: ask your administrator for them."
                )
            )
        pack = self.env["product.template"]._get_credit_packs()[:1].product_variant_id
        if not pack:
            raise UserError(
                self.env._(
                    "No pack is on sale: create one under Configuration / Credit Packs first."
                )
            )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Sell a Pack"),
            "res_model": "sale.order",
            "views": [(False, "form")],
            "context": {
                "default_order_line": [
                    (0, 0, {"product_id": pack.id, "product_uom_qty": 1}),
                ],
            },
        }
