import hashlib
import json

from odoo import models
from odoo.tools import html2plaintext


class ServiceIntervention(models.Model):
    """What the client sees of a quotation, numbered anew at each change and kept."""

    _inherit = "service.intervention"

    def _get_content(self):
        """The content of the quotation as kept in its revisions. The client's ticks are no part
        of it: they belong to the decision."""
        self.ensure_one()
        return [
            {
                "description": line.description,
                "credits": line.credits,
                "optional": line.optional,
            }
            for line in self.line_ids.sorted(lambda line: (line.sequence, line.id))
        ]

    def _is_shown_to_client(self):
        """Whether the client may see the lines and the price: as they are, they were sent."""
        self.ensure_one()
        # sudo: the caller was let in to the intervention
        numbers = self.sudo().revision_ids.mapped("number")
        return self.state != "request" and self.revision in numbers

    def _get_content_signature(self):
        self.ensure_one()
        seen = [
            self._get_content(),
            str(self.validity_date or ""),
            self.subject or "",
            html2plaintext(self.description or ""),
        ]
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()

    def _content_changed(self):
        """Number a changed quotation anew, so that what the client saw is never mistaken for it."""
        # sudo: the signature and the revision are not for the users to write
        for intervention in self.sudo().exists():
            signature = intervention._get_content_signature()
            if signature == intervention.content_signature:
                continue
            vals = {"content_signature": signature}
            if intervention.state == "quoted" and intervention.content_signature:
                vals["revision"] = intervention.revision + 1
            intervention.write(vals)
            if "revision" in vals:
                intervention._keep_revision()

    def _keep_revision(self):
        """Keep the quotation as it is now under its revision number."""
        self.ensure_one()
        # sudo: nobody writes revisions by hand
        intervention = self.sudo()
        values = {
            "content": intervention._get_content(),
            "credits": intervention.credits,
            "validity_date": intervention.validity_date,
            "user_id": self.env.uid,
        }
        kept = intervention.revision_ids.filtered(
            lambda revision: revision.number == intervention.revision
        )
        if kept:
            kept.write(values)
        else:
            kept = kept.create(
                {"intervention_id": intervention.id, "number": intervention.revision, **values}
            )
        return kept
