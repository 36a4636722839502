from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Domain
from odoo.http import request
from odoo.tools import consteq

from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.addons.portal.controllers.portal import pager as portal_pager

SEARCH_LENGTH = 200


class InterventionPortal(CustomerPortal):
    """The client's interventions: the list, and the page of one."""

    _interventions_per_page = 20
    # Apart from their labels: the export of terms would take the states for text to translate.
    _intervention_tab_states = {
        "all": None,
        "decide": ("quoted",),
        "open": ("request", "awaiting_credits", "accepted", "in_progress"),
        "done": ("done",),
        "closed": ("refused", "expired", "cancelled"),
    }

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        Intervention = request.env["service.intervention"]
        readable = Intervention.has_access("read")
        if "intervention_count" in counters:
            values["intervention_count"] = (
                Intervention.search_count(self._get_interventions_domain()) if readable else 0
            )
        if "intervention_decide_count" in counters:
            values["intervention_decide_count"] = (
                Intervention.search_count(
                    self._get_interventions_domain() & Domain("state", "=", "quoted")
                )
                if readable
                else 0
            )
        return values

    # ------------------------------------------------------------
    # List
    # ------------------------------------------------------------

    def _get_interventions_domain(self):
        partner = request.env.user.partner_id
        return Domain("partner_id", "child_of", partner.commercial_partner_id.ids)

    def _get_intervention_sortings(self):
        return {
            "date": {"label": request.env._("Newest"), "order": "create_date desc, id desc"},
            "name": {"label": request.env._("Reference"), "order": "name desc"},
            "credits": {"label": request.env._("Credits"), "order": "quoted_credits desc, id desc"},
            "validity": {"label": request.env._("Valid Until"), "order": "validity_date, id desc"},
        }

    def _get_intervention_filters(self):
        """The tabs of the list, each with the states it shows (None: every one)."""
        labels = {
            "all": request.env._("All"),
            "decide": request.env._("To decide"),
            "open": request.env._("Under way"),
            "done": request.env._("Delivered"),
            "closed": request.env._("Closed"),
        }
        return {
            key: {"label": label, "states": self._intervention_tab_states[key]}
            for key, label in labels.items()
        }

    def _get_intervention_tabs(self, filters, domain):
        """The filters, each with the number of interventions of `domain` behind it."""
        states = dict(
            request.env["service.intervention"]._read_group(domain, ["state"], ["__count"])
        )
        return {
            key: {
                "label": choice["label"],
                "count": sum(states.get(state, 0) for state in choice["states"] or states),
            }
            for key, choice in filters.items()
        }

    @http.route(
        ["/my/interventions", "/my/interventions/page/<int:page>"],
        type="http", auth="user", website=True, readonly=True,
    )  # fmt: skip
    def portal_my_interventions(
        self, page=1, sortby=None, filterby=None, search=None, search_in=None, **kwargs
    ):
        """The client's interventions, newest first."""
        Intervention = request.env["service.intervention"]
        sortings = self._get_intervention_sortings()
        filters = self._get_intervention_filters()
        sortby = sortby if sortby in sortings else "date"
        filterby = filterby if filterby in filters else "all"
        search = (search or "")[:SEARCH_LENGTH]
        domain = self._get_interventions_domain()
        if search:
            domain &= Domain("name", "ilike", search) | Domain("subject", "ilike", search)
        tabs = self._get_intervention_tabs(filters, domain)
        if states := filters[filterby]["states"]:
            domain &= Domain("state", "in", states)
        pager = portal_pager(
            url="/my/interventions",
            total=tabs[filterby]["count"],
            page=page,
            step=self._interventions_per_page,
            url_args={"sortby": sortby, "filterby": filterby, "search": search or None},
        )
        interventions = Intervention.search(
            domain,
            order=sortings[sortby]["order"],
            limit=self._interventions_per_page,
            offset=pager["offset"],
        )
        values = self._prepare_portal_layout_values()
        values.update(
            # sudo: types and persons in charge, of interventions found by the client's own rights
            interventions=interventions.sudo(),
            page_name="intervention",
            pager=pager,
            default_url="/my/interventions",
            searchbar_sortings=sortings,
            sortby=sortby,
            tabs=tabs,
            filterby=filterby,
            searchbar_inputs={
                "all": {"input": "all", "label": request.env._("Search in Interventions")}
            },
            search_in="all",
            search=search,
        )
        return request.render("service_credits.portal_my_interventions", values)

    # ------------------------------------------------------------
    # Who is there
    # ------------------------------------------------------------

    def _get_intervention(self, intervention_id, access_token=None):
        """The intervention (as superuser) that this visitor may open, by rights or by token."""
        return self._document_check_access(
            "service.intervention", intervention_id, access_token=access_token
        )

    def _get_visitor(self, intervention_sudo, pid=None, hash=None):
        """The contact who visits, and by which way.

        Somebody signed in is themselves, whatever the link says. A signed link names the contact
        it was written for; a bare token stands for the contact of the intervention.
        """
        user = request.env.user
        if not user._is_public():
            return user.partner_id, "portal" if user.share else "office"
        if pid and hash:
            try:
                signed = consteq(intervention_sudo._sign_token(int(pid)), hash)
            except (ValueError, TypeError):
                signed = False
            if signed:
                return request.env["res.partner"].sudo().browse(int(pid)), "link"
        return intervention_sudo.partner_id, "link"

    def _intervention_refused(self, intervention_id, status=403):
        """The page for a link that opens nothing: the same whether the thing exists or not."""
        if request.env.user._is_public() and request.httprequest.method == "GET":
            target = request.httprequest.path
            if not request.params.get("access_token"):
                return request.redirect(f"/web/login?redirect={target}")
        response = request.render("service_credits.portal_intervention_invalid", {})
        response.status_code = status
        return response

    # ------------------------------------------------------------
    # One
    # ------------------------------------------------------------

    @http.route(
        ["/my/interventions/<int:intervention_id>"], type="http", auth="public", website=True
    )
    def portal_intervention_page(
        self, intervention_id, access_token=None, decision=None, report_type=None,
        download=False, message=None, **kwargs,
    ):  # fmt: skip
        """The quotation, its detail, what can be decided, and the chatter. Decides nothing."""
        try:
            intervention_sudo = self._get_intervention(intervention_id, access_token)
        except (AccessError, MissingError):
            return self._intervention_refused(intervention_id)
        shown = intervention_sudo._is_shown_to_client()
        if report_type in ("html", "pdf", "text") and shown:
            return self._show_report(
                model=intervention_sudo,
                report_type=report_type,
                report_ref="service_credits.action_report_intervention",
                download=download,
            )
        return self._render_intervention(
            intervention_sudo, access_token, decision=decision, message=message, **kwargs
        )

    def _render_intervention(
        self, intervention_sudo, access_token=None, decision=None, message=None, error=None,
        reason="", status=200, **kwargs,
    ):  # fmt: skip
        partner, way = self._get_visitor(
            intervention_sudo, kwargs.get("pid"), kwargs.get("hash")
        )
        # Also when lines were changed by a way that tells nobody: the page shows a new number.
        intervention_sudo._content_changed()
        values = self._prepare_portal_layout_values()
        values.update(
            intervention=intervention_sudo,
            page_name="intervention",
            error_message=error,
            message=message if message in self._get_intervention_messages() else None,
            messages=self._get_intervention_messages(),
            reason=reason,
            decision=decision if decision in ("accept", "refuse") else None,
            seen_revision=self._cast_int(kwargs.get("revision")),
            res_company=intervention_sudo.company_id,
            backend_url=f"/odoo/interventions/{intervention_sudo.id}",
            visitor=partner,
            report_type="html",
            **self._get_decision_values(intervention_sudo, partner, way),
        )
        values = self._get_page_view_values(
            intervention_sudo, access_token, values, "my_interventions_history", False, **kwargs
        )
        if error:
            values["error_message"] = error
        response = request.render("service_credits.portal_intervention_page", values)
        response.status_code = status
        # The page holds a token and a decision: not for a cache or a referrer.
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    def _get_decision_values(self, intervention_sudo, partner, way):
        """What the page offers to this visitor."""
        partner = partner.sudo()
        of_client = (
            partner.commercial_partner_id == intervention_sudo.commercial_partner_id
        )
        open_for_decision = (
            intervention_sudo.state == "quoted" and not intervention_sudo._is_expired()
        )
        blocker = (
            intervention_sudo._get_decision_blocker(partner)
            if of_client
            else request.env._("Only the client decides on this quotation.")
        )
        company = intervention_sudo.company_id
        may = of_client and partner.service_credit_may_decide
        return {
            "stock": intervention_sudo._get_stock(),
            "open_for_decision": open_for_decision,
            "may_decide": open_for_decision and not blocker,
            "blocker": blocker if open_for_decision else "",
            "deciders": (
                intervention_sudo._get_deciders() - partner
                if open_for_decision and of_client and blocker
                else request.env["res.partner"]
            ),
            "may_order": of_client and partner.service_credit_may_order,
            "may_undo": (
                may
                and company.service_credit_allow_undo
                and intervention_sudo.state in ("accepted", "awaiting_credits")
            ),
            "may_withdraw": (
                may
                and intervention_sudo.state in ("request", "awaiting_credits")
                and not intervention_sudo.hold_id
            ),
            "decide_from_mail": way == "link" and company.service_credit_decide_from_mail,
            "shown": intervention_sudo._is_shown_to_client(),
            "is_client": of_client,
        }

    def _get_intervention_messages(self):
        return {
            "accepted": request.env._(
                "Thank you: the quotation is accepted, its credits are reserved."
            ),
            "ordered": request.env._(
                "Thank you: the quotation is accepted. Its credits are reserved as soon as your"
                " order is paid."
            ),
            "refused": request.env._("The quotation is refused. Thank you for telling us."),
            "undone": request.env._(
                "Your acceptance is taken back: the credits are available again."
            ),
            "cancelled": request.env._("The request is cancelled."),
            "asked": request.env._("Your colleagues were asked to decide."),
            "sent": request.env._(
                "Thank you: your request is on its way. We send you a quotation."
            ),
        }

    @staticmethod
    def _cast_int(value):
        try:
            return int(value)
        except (TypeError, ValueError):
            return 0

    @http.route(
        ["/my/interventions/<int:intervention_id>/seen"], type="http", auth="public",
        website=True, methods=["POST"],
    )  # fmt: skip
    def portal_intervention_seen(self, intervention_id, access_token=None, **kwargs):
        """Told by the page when a person has it in front of them: a scanner's GET tells nothing."""
        try:
            intervention_sudo = self._get_intervention(intervention_id, access_token)
        except (AccessError, MissingError):
            return request.make_response("", status=403)
        partner, _way = self._get_visitor(
            intervention_sudo, kwargs.get("pid"), kwargs.get("hash")
        )
        if partner.sudo().commercial_partner_id == intervention_sudo.commercial_partner_id:
            intervention_sudo._mark_seen(partner)
        return request.make_response("", status=204)

    @http.route(
        ["/my/interventions/<int:intervention_id>/file/<int:attachment_id>"], type="http",
        auth="public", website=True, readonly=True,
    )  # fmt: skip
    def portal_intervention_file(self, intervention_id, attachment_id, access_token=None, **kwargs):
        """A file of the request, for those who may open the intervention."""
        try:
            intervention_sudo = self._get_intervention(intervention_id, access_token)
        except (AccessError, MissingError):
            return self._intervention_refused(intervention_id)
        attachment = request.env["ir.attachment"].sudo().browse(attachment_id).exists()
        if attachment not in intervention_sudo._get_client_files():
            return self._intervention_refused(intervention_id, status=404)
        try:
            stream = request.env["ir.binary"]._get_stream_from(attachment)
        except UserError:
            return self._intervention_refused(intervention_id, status=404)
        return stream.get_response(as_attachment=True)
