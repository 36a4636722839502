from odoo import models


class MailTemplate(models.Model):
    _inherit = "mail.template"

    def _generate_template_attachments(self, res_ids, render_fields, render_results=None):
        """Where no PDF can be made, a quotation in credits leaves without it: the mail says all."""
        if (
            self.model == "service.intervention"
            and "report_template_ids" in render_fields
            and self.env["ir.actions.report"].get_wkhtmltopdf_state() == "install"
        ):
            render_fields = [name for name in render_fields if name != "report_template_ids"]
        return super()._generate_template_attachments(
            res_ids, render_fields, render_results=render_results
        )
