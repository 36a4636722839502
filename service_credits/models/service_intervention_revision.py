from markupsafe import Markup

from odoo import api, fields, models


class ServiceInterventionRevision(models.Model):
    """A quotation as the client could see it: kept when a newer one replaces it."""

    _name = "service.intervention.revision"
    _description = "Revision of a Quotation"
    _order = "intervention_id, number desc"
    _rec_name = "number"

    intervention_id = fields.Many2one(
        "service.intervention", required=True, readonly=True, index=True, ondelete="cascade"
    )
    number = fields.Integer("Revision", required=True, readonly=True)
    credits = fields.Integer(readonly=True)
    validity_date = fields.Date(readonly=True)
    content = fields.Json(readonly=True, help="The lines, as they were.")
    sent_date = fields.Datetime(readonly=True)
    user_id = fields.Many2one("res.users", "Written by", readonly=True)
    content_html = fields.Html("Lines", compute="_compute_content_html", sanitize=False)
    changes_html = fields.Html(
        "Changes Since the Revision Before", compute="_compute_content_html", sanitize=False
    )
    company_id = fields.Many2one(related="intervention_id.company_id")

    _number_uniq = models.UniqueIndex("(intervention_id, number)")

    @api.depends("content")
    def _compute_content_html(self):
        for revision in self:
            revision.content_html = revision._render_lines(revision.content)
            before = revision.intervention_id.revision_ids.filtered(
                lambda other, revision=revision: other.number < revision.number
            ).sorted("number")[-1:]
            revision.changes_html = (
                revision._render_changes(before.content or [], revision.content or [])
                if before
                else False
            )

    def _render_lines(self, content):
        return Markup("<ul>%s</ul>") % Markup().join(
            Markup("<li>%s</li>") % self._line_text(line) for line in content or []
        )

    def _render_changes(self, old, new):
        """What came and what went: a multiset difference, so that a moved line is no change."""
        old_texts = [self._line_text(line) for line in old]
        gone = list(old_texts)
        come = []
        for text in (self._line_text(line) for line in new):
            if text in gone:
                gone.remove(text)
            else:
                come.append(text)
        return Markup("<ul>%s%s</ul>") % (
            Markup().join(
                Markup("<li class='text-danger'><s>− %s</s></li>") % text for text in gone
            ),
            Markup().join(Markup("<li class='text-success'>+ %s</li>") % text for text in come),
        )

    def _line_text(self, line):
        text = self.env._(
            "%(description)s: %(credits)s credits",
            description=line["description"],
            credits=line["credits"],
        )
        if line.get("optional"):
            text = self.env._("%(line)s (optional)", line=text)
        return text
