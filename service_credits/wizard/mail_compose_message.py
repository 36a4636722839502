from odoo import models


class MailComposeMessage(models.TransientModel):
    _inherit = "mail.compose.message"

    def _action_send_mail_mass_mail(self, res_ids, auto_commit=False):
        """Quotations sent to many are quoted as if each had been sent alone."""
        marking = (
            self.model == "service.intervention"
            and self.env.context.get("service_credits_mark_quoted")
        )
        if not marking:
            return super()._action_send_mail_mass_mail(res_ids, auto_commit=auto_commit)
        interventions = self.env["service.intervention"].browse(res_ids)
        interventions.check_access("write")
        interventions._prepare_to_send()
        mails = super()._action_send_mail_mass_mail(res_ids, auto_commit=auto_commit)
        interventions._mark_quoted()
        return mails
