import os

from odoo import http
from odoo.http import request
from odoo.tools import plaintext2html

from ..models.service_intervention import SUBJECT_LENGTH
from .portal_intervention import InterventionPortal

DESCRIPTION_LENGTH = 20_000
MAX_FILES = 10
NAME_LENGTH = 200
# Programs and pages that run when opened: no request needs them.
REFUSED_EXTENSIONS = frozenset(
    {
        ".bat", ".cmd", ".com", ".cpl", ".dll", ".exe", ".hta", ".htm", ".html", ".jar", ".js",
        ".jse", ".lnk", ".msi", ".pif", ".ps1", ".scr", ".sh", ".svg", ".vbe", ".vbs", ".wsf",
        ".xht", ".xhtml",
    }
)  # fmt: skip


class InterventionRequestPortal(InterventionPortal):
    """The client asks for an intervention."""

    @http.route(
        ["/my/interventions/new"], type="http", auth="user", website=True,
        methods=["GET", "POST"],
    )  # fmt: skip
    def portal_intervention_new(self, type_id=None, subject="", description="", **kwargs):
        """The form; posted, the request with its files."""
        types = self._get_portal_types()
        kind = types.filtered(lambda t: t.id == self._cast_int(type_id))
        errors = {}
        if request.httprequest.method == "POST":
            files, errors = self._check_request(kind, subject, description)
            if not errors:
                intervention = self._create_request(kind, subject, description, files)
                return request.redirect(f"/my/interventions/{intervention.id}?message=sent")
        values = self._prepare_portal_layout_values()
        values.update(
            page_name="intervention_new",
            types=types,
            chosen_type=kind,
            subject=subject[: SUBJECT_LENGTH * 2],
            description=description[: DESCRIPTION_LENGTH * 2],
            errors=errors,
            subject_length=SUBJECT_LENGTH,
            description_length=DESCRIPTION_LENGTH,
            max_files=MAX_FILES,
            max_size=self._get_max_size(),
        )
        response = request.render("service_credits.portal_intervention_new", values)
        if errors:
            response.status_code = 422
        return response

    def _get_portal_types(self):
        # sudo: types of the company served here, whatever the client may read
        return (
            request.env["service.intervention.type"]
            .sudo()
            .search(
                [
                    ("portal_published", "=", True),
                    ("company_id", "in", [False, request.env.company.id]),
                ]
            )
        )

    def _get_max_size(self):
        """The largest file in bytes, as Odoo's own uploads."""
        return request.httprequest.max_content_length or 128 * 1024 * 1024

    def _check_request(self, kind, subject, description):
        """What is wrong with the request, field by field.

        :return: files as [(name, content)], errors
        """
        errors = {}
        if not kind:
            errors["type_id"] = request.env._("Choose what it is about.")
        if not subject.strip():
            errors["subject"] = request.env._("Give it a subject.")
        elif len(subject) > SUBJECT_LENGTH:
            errors["subject"] = request.env._(
                "The subject is too long: at most %(most)s characters.", most=SUBJECT_LENGTH
            )
        if not description.strip():
            errors["description"] = request.env._("Describe what you need.")
        elif len(description) > DESCRIPTION_LENGTH:
            errors["description"] = request.env._(
                "The description is too long (%(length)s characters): at most %(most)s. You can"
                " attach a file instead.",
                length=len(description),
                most=DESCRIPTION_LENGTH,
            )
        uploads = [f for f in request.httprequest.files.getlist("files") if f.filename]
        files = []
        if len(uploads) > MAX_FILES:
            errors["files"] = request.env._("At most %(most)s files.", most=MAX_FILES)
            return files, errors
        for upload in uploads:
            name = os.path.basename(upload.filename.replace("\\", "/"))[-NAME_LENGTH:]
            if os.path.splitext(name.rstrip(". "))[1].lower() in REFUSED_EXTENSIONS:
                errors["files"] = request.env._(
                    "%(file)s: files of this kind are not accepted. Put it in a zip archive.",
                    file=name,
                )
            content = upload.read()
            if len(content) > self._get_max_size():
                errors["files"] = request.env._("%(file)s is too large.", file=name)
            files.append((name, content))
        return files, errors

    def _create_request(self, kind, subject, description, files):
        """Make the request for the client who is signed in."""
        user = request.env.user
        # sudo: clients have no right to create; the values are checked, the client is the visitor
        intervention = (
            request.env["service.intervention"]
            .sudo()
            .create(
                {
                    "partner_id": user.partner_id.id,
                    "company_id": (kind.company_id or request.env.company).id,
                    "type_id": kind.id,
                    "subject": " ".join(subject.split()),
                    "description": plaintext2html(description),
                }
            )
        )
        # sudo with plain XML: what looks like a page is kept as text
        request.env["ir.attachment"].sudo().with_context(attachments_mime_plainxml=True).create(
            [
                {
                    "name": name,
                    "raw": content,
                    "res_model": intervention._name,
                    "res_id": intervention.id,
                }
                for name, content in files
            ]
        )
        intervention._request_received()
        return intervention
