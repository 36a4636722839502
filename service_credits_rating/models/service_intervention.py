from odoo import models


class ServiceIntervention(models.Model):
    _name = "service.intervention"
    _inherit = ["rating.mixin", "service.intervention"]

    def action_open_ratings(self):
        """Open what the clients answered."""
        self.check_access("read")
        return {
            "name": self.env._("Ratings"),
            "type": "ir.actions.act_window",
            "res_model": "rating.rating",
            "view_mode": "list,form",
            "domain": [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("consumed", "=", True),
            ],
        }

    def _deliver(self, credits=None):
        """Once delivered, ask the client how satisfied they are."""
        result = super()._deliver(credits)
        self._ask_for_rating()
        return result

    def _ask_for_rating(self):
        template = self.env.ref(
            "service_credits_rating.mail_template_intervention_rating", raise_if_not_found=False
        )
        if not template:
            return
        # sudo: the token of the rating is not for the users
        for intervention in self.sudo():
            if intervention.state == "done" and intervention.partner_id.email:
                intervention.rating_send_request(
                    template, lang=intervention.partner_id.lang, force_send=False
                )
