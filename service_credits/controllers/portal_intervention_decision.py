from urllib.parse import urlencode

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request

from .portal_intervention import InterventionPortal


class InterventionDecisionPortal(InterventionPortal):
    """What the client decides: each a POST with the token and the revision that they saw."""

    @http.route(
        ["/my/interventions/<int:intervention_id>/accept"], type="http", auth="public",
        website=True, methods=["POST"],
    )  # fmt: skip
    def portal_intervention_accept(self, intervention_id, revision=None, order=None, **kwargs):
        """Accept; with `order`, order the missing credits and wait for them."""
        return self._decide(
            intervention_id,
            "_accept_and_order" if order else "_accept",
            "ordered" if order else "accepted",
            kwargs,
            revision=self._cast_int(revision),
            chosen=True,
        )

    @http.route(
        ["/my/interventions/<int:intervention_id>/refuse"], type="http", auth="public",
        website=True, methods=["POST"],
    )  # fmt: skip
    def portal_intervention_refuse(self, intervention_id, revision=None, reason=None, **kwargs):
        """Refuse, with a reason if they like."""
        return self._decide(
            intervention_id, "_refuse", "refused", kwargs, revision=self._cast_int(revision),
            reason=reason or "",
        )  # fmt: skip

    @http.route(
        ["/my/interventions/<int:intervention_id>/undo"], type="http", auth="public",
        website=True, methods=["POST"],
    )  # fmt: skip
    def portal_intervention_undo(self, intervention_id, **kwargs):
        """Take an acceptance back before the work starts."""
        return self._decide(intervention_id, "_undo_acceptance", "undone", kwargs)

    @http.route(
        ["/my/interventions/<int:intervention_id>/cancel"], type="http", auth="public",
        website=True, methods=["POST"],
    )  # fmt: skip
    def portal_intervention_cancel(self, intervention_id, **kwargs):
        """Cancel a request, or a wait for credits."""
        return self._decide(intervention_id, "_withdraw", "cancelled", kwargs)

    @http.route(
        ["/my/interventions/<int:intervention_id>/ask"], type="http", auth="public",
        website=True, methods=["POST"],
    )  # fmt: skip
    def portal_intervention_ask(self, intervention_id, **kwargs):
        """Ask the colleagues who may decide."""
        return self._decide(intervention_id, "_ask_colleagues", "asked", kwargs)

    def _decide(self, intervention_id, method, message, form, chosen=False, **arguments):
        """Let the visitor decide; what went wrong is shown on the page, and nothing changes.

        :param form: the rest of what was posted: the token, the signed contact
        """
        access_token, pid, signature = (
            form.get(name) for name in ("access_token", "pid", "hash")
        )
        try:
            intervention_sudo = self._get_intervention(intervention_id, access_token)
        except (AccessError, MissingError):
            return self._intervention_refused(intervention_id)
        partner, way = self._get_visitor(intervention_sudo, pid, signature)
        if method != "_ask_colleagues":
            # Staff decide in the back office, with a reason: here they are no contact of the
            # client, and refused as such.
            way = "portal" if way == "office" else way
            arguments["way"] = "mail" if form.get("from_mail") and way == "link" else way
            arguments["ip"] = request.httprequest.remote_addr
        if chosen:
            arguments["chosen"] = self._get_chosen_lines(intervention_sudo)
        # Recorded as done by the visitor, not by the superuser who reads for them.
        intervention = intervention_sudo.with_user(request.env.user).sudo()
        try:
            with request.env.cr.savepoint():
                result = getattr(intervention, method)(partner, **arguments)
        except (UserError, AccessError) as error:
            return self._render_intervention(
                intervention_sudo,
                access_token,
                error=error.args[0],
                status=403 if isinstance(error, AccessError) else 409,
                reason=arguments.get("reason", ""),
                pid=pid,
                hash=signature,
            )
        if method == "_accept_and_order":
            if result:
                return request.redirect(self._get_order_url(result))
            message = "accepted"
        query = {"message": message}
        if access_token:
            query["access_token"] = access_token
            if pid and signature:
                query.update(pid=pid, hash=signature)
        return request.redirect(f"/my/interventions/{intervention_id}?{urlencode(query)}")

    def _get_chosen_lines(self, intervention_sudo):
        """The optional lines ticked in the form; None when the page offered none."""
        form = request.httprequest.form
        if "choice" not in form:
            return None
        ids = {self._cast_int(value) for value in form.getlist("line")}
        return intervention_sudo.line_ids.filtered(lambda line: line.optional and line.id in ids)

    def _get_order_url(self, order):
        """Where the client signs or pays: by their own rights, or by the order's own token."""
        if request.env.user._is_public():
            return order.sudo().get_portal_url()
        return order.sudo().access_url
