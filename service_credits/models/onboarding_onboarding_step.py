from odoo import api, models
from odoo.exceptions import AccessError


class OnboardingStep(models.Model):
    """The first steps of a manager of service credits: see ``data/onboarding_data.xml``.

    Odoo's onboarding belongs to administrators; who may take these steps is checked here.
    """

    _inherit = "onboarding.onboarding.step"

    @api.model
    def _check_service_credits_manager(self):
        if not self.env.user.has_group("service_credits.group_manager"):
            raise AccessError(
                self.env._("The first steps of service credits are for their managers.")
            )

    @api.model
    def _tick_service_credits_step(self, name):
        """Note for the current company that the step `name` was taken."""
        # sudo: the manager's right was checked by who calls this
        step = self.sudo().env.ref(
            f"service_credits.onboarding_step_{name}", raise_if_not_found=False
        )
        if step:
            step.onboarding_ids._search_or_create_progress()
            step.action_set_just_done()

    @api.model
    def _open_service_credits_step(self, name, xml_id):
        """Tick the step off that consists in having a look, and open what there is to see."""
        self._check_service_credits_manager()
        self._tick_service_credits_step(name)
        return self.env["ir.actions.act_window"]._for_xml_id(xml_id)

    @api.model
    def action_open_step_service_credits_setup(self):
        """Choose when credits arrive; the step is taken when that is saved."""
        self._check_service_credits_manager()
        return self.env["ir.actions.act_window"]._for_xml_id(
            "service_credits.service_credit_setup_action"
        )

    @api.model
    def action_open_step_service_credits_packs(self):
        """Look at the packs and their prices."""
        return self._open_service_credits_step(
            "packs", "service_credits.product_template_action_packs"
        )

    @api.model
    def action_open_step_service_credits_types(self):
        """Look at the types of intervention that clients may ask for."""
        return self._open_service_credits_step(
            "types", "service_credits.service_intervention_type_action"
        )

    @api.model
    def action_open_step_service_credits_clients(self):
        """Bring in the credits that clients already have."""
        return self._open_service_credits_step(
            "clients", "service_credits.service_credit_opening_action"
        )

    @api.model
    def action_open_step_service_credits_sell(self):
        """Sell the first pack; the step is taken when the client has received its credits."""
        self._check_service_credits_manager()
        return self.env["service.credit.dashboard"].action_sell_pack()
