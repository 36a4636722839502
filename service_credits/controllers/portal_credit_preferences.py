from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal


class PortalCreditPreferences(CustomerPortal):
    """What the client is told by mail: ``/my/credits/preferences``.

    Everyone who may see the credits sees the choices; contacts who may order credits change them.
    """

    @http.route(
        "/my/credits/preferences", type="http", auth="user", website=True, methods=["GET"],
        readonly=True, sitemap=False,
    )  # fmt: skip
    def portal_credits_preferences(self, saved=None, **kwargs):
        """The client's choices."""
        return self._render_credit_preferences(saved=bool(saved))

    @http.route(
        "/my/credits/preferences", type="http", auth="user", website=True, methods=["POST"],
        sitemap=False,
    )  # fmt: skip
    def portal_credits_preferences_submit(self, **choices):
        """Keep the client's choices, all of them or none."""
        partner = request.env.user.partner_id
        # sudo: contacts do not read the rights that staff set on them
        if not (partner.sudo().service_credit_may_see and partner.sudo().service_credit_may_order):
            return self._render_credit_preferences()
        try:
            # A refused choice leaves the others unchanged too.
            with request.env.cr.savepoint():
                values = self._prepare_credit_preferences(choices)
                # sudo: clients write nothing of an account but these choices, which were checked
                Account = request.env["service.credit.account"].sudo()
                Account._for_partner(partner, request.env.company).write(values)
        except UserError as error:
            return self._render_credit_preferences(error=str(error), choices=choices)
        return request.redirect("/my/credits/preferences?saved=1")

    def _prepare_credit_preferences(self, choices):
        """The values of the account for what the form sent.

        :raises UserError: a choice that is not offered
        """
        values = {}
        current = self._get_credit_preferences()
        company = request.env.company.sudo()
        if company.service_credit_alert:
            values.update(self._prepare_alert_choice(choices))
            if company.service_credit_topup:
                values.update(self._prepare_topup_choice(choices))
        wanted = bool(choices.get("statement"))
        if wanted != current["statement"]:
            values["statement_policy"] = "yes" if wanted else "no"
        # What stays as it is is not written: a new date of the choice would swallow an alert.
        return {
            name: value for name, value in values.items() if value != current["values"].get(name)
        }

    def _prepare_alert_choice(self, choices):
        policy = choices.get("alert_policy")
        if policy not in ("company", "own", "never"):
            raise UserError(request.env._("Choose when we shall tell you."))
        values = {"alert_policy": policy}
        if policy == "own":
            threshold = (choices.get("alert_threshold") or "").strip()
            if not threshold.isdecimal() or len(threshold) > 6:
                raise UserError(
                    request.env._(
                        "“%(threshold)s” is not a number of credits: from 0 to 999,999.",
                        threshold=threshold[:20],
                    )
                )
            values["alert_threshold_own"] = int(threshold)
        return values

    def _prepare_topup_choice(self, choices):
        product_id = choices.get("topup_product_id") or ""
        if not product_id:
            return {"topup_product_id": False}
        packs = self._get_topup_packs()
        pack = packs.filtered(lambda product: str(product.id) == product_id)
        if not pack:
            raise UserError(request.env._("This product is not a pack of service credits on sale."))
        quantity = (choices.get("topup_quantity") or "").strip()
        return {
            "topup_product_id": pack.id,
            "topup_quantity": request.env["sale.order"]._check_pack_quantity(pack, quantity),
        }

    def _get_topup_packs(self):
        # sudo: a portal user reads no products; these are on sale to every client
        Template = request.env["product.template"].sudo()
        return Template._get_credit_packs(request.env.company).product_variant_ids

    def _get_credit_preferences(self):
        """The client's present choices, those of a new account if it has none yet."""
        partner = request.env.user.partner_id.commercial_partner_id
        # sudo: the account follows from the reader's own contact
        Account = request.env["service.credit.account"].sudo()
        account = Account._find(partner)
        company = request.env.company.sudo()
        values = (
            {
                "alert_policy": account.alert_policy,
                "alert_threshold_own": account.alert_threshold_own,
                "topup_product_id": account.topup_product_id.id,
                "topup_quantity": account.topup_quantity,
                "statement_policy": account.statement_policy,
            }
            if account
            else Account.default_get(["alert_policy", "topup_quantity", "statement_policy"])
        )
        policy = values["statement_policy"]
        return {
            "account": account,
            "values": values,
            "statement": policy == "yes"
            or (policy == "company" and company.service_credit_statement_mail),
        }

    def _render_credit_preferences(self, error=None, choices=None, saved=False):
        partner = request.env.user.partner_id.sudo()
        values = {**self._prepare_portal_layout_values(), "page_name": "credits_preferences"}
        if not partner.service_credit_may_see:
            return request.render("service_credits.portal_credits_not_for_you", values)
        company = request.env.company.sudo()
        current = self._get_credit_preferences()
        account = current["account"]
        shown = {
            "alert_policy": current["values"]["alert_policy"],
            "alert_threshold": current["values"].get("alert_threshold_own") or "",
            "topup_product_id": str(current["values"].get("topup_product_id") or ""),
            "topup_quantity": current["values"]["topup_quantity"],
            "statement": current["statement"],
        }
        if not account or current["values"]["alert_policy"] != "own":
            shown["alert_threshold"] = (
                shown["alert_threshold"] or company.service_credit_alert_threshold
            )
        elif shown["alert_threshold"] == "":
            shown["alert_threshold"] = 0
        if choices is not None:  # what was refused is shown again, to be put right
            shown = {**shown, "statement": False, **choices}
        account = account or account.new(
            {"partner_id": partner.commercial_partner_id.id, "company_id": company.id}
        )
        values.update(
            {
                "shown": shown,
                "error": error,
                "saved": saved,
                "may_change": partner.service_credit_may_order,
                "client": partner.commercial_partner_id,
                "company": company,
                "company_threshold": account._format_credits(
                    company.service_credit_alert_threshold
                ),
                "packs": self._get_topup_packs(),
                "max_packs": request.env["sale.order"]._max_packs_per_order,
                "alert_readers": account._get_stock_readers(may_order=True),
                "statement_readers": account._get_stock_readers(),
            }
        )
        return request.render("service_credits.portal_credits_preferences", values)
