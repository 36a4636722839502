from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.portal.controllers.portal import CustomerPortal


class PortalCreditOrder(CustomerPortal):
    """Ordering packs of service credits: ``/my/credits/order``."""

    @http.route(
        "/my/credits/order", type="http", auth="user", website=True, methods=["GET"],
        readonly=True, sitemap=False,
    )
    def portal_credits_order(self, **kwargs):
        """The packs on sale, at the client's own prices."""
        return self._render_credit_packs()

    @http.route(
        "/my/credits/order", type="http", auth="user", website=True, methods=["POST"],
        sitemap=False,
    )
    def portal_credits_order_submit(self, product_id=None, quantity=None, **kwargs):
        """Order one pack and go to the order, to sign or pay it there as the company asks."""
        partner = request.env.user.partner_id
        try:
            self._check_may_order_credits(partner)
            # A refusal on the way undoes what was made so far; a serialization failure passes
            # through, and the whole request is run again.
            with request.env.cr.savepoint():
                order = request.env["sale.order"]._order_credit_packs(
                    partner, {self._get_pack(product_id): (quantity or "").strip()}
                )
        except UserError as error:
            return self._render_credit_packs(
                error=str(error), chosen=product_id, quantity=quantity
            )
        # sudo: the order is the client's own; its page shows it to them.
        return request.redirect(order.sudo().get_portal_url())

    def _get_pack(self, product_id):
        product_id = product_id or ""
        # PostgreSQL's integers end there; a longer number would be a database error.
        valid = product_id.isdecimal() and len(product_id) <= 9
        return request.env["product.product"].browse(int(product_id) if valid else 0)

    def _check_may_order_credits(self, partner):
        # sudo: contacts do not read the rights that staff set on them.
        if not partner.sudo().service_credit_may_order:
            raise UserError(
                request.env._(
                    "You may not order credits for %(client)s. Ask a colleague who may, or "
                    "contact us.",
                    client=partner.sudo().commercial_partner_id.display_name,
                )
            )

    def _render_credit_packs(self, error=None, chosen=None, quantity=None):
        partner = request.env.user.partner_id
        company = request.env.company
        # sudo: a portal user reads no products; these are on sale to every client.
        Template = request.env["product.template"].sudo()
        products = Template._get_credit_packs(company).product_variant_ids
        values = self._prepare_portal_layout_values()
        values.update(
            {
                "page_name": "credits_order",
                "packs": self._prepare_credit_packs(products, partner, company),
                "error": error,
                "chosen": chosen,
                "quantity": quantity,
                "may_order": partner.sudo().service_credit_may_order,
                "client": partner.sudo().commercial_partner_id,
                "max_packs": request.env["sale.order"]._max_packs_per_order,
                "grant_on": company.sudo().service_credit_grant_on,
            }
        )
        return request.render("service_credits.portal_credits_order", values)

    def _prepare_credit_packs(self, products, partner, company):
        """One dict for each pack: its price for this client, and what it saves."""
        if not products:
            return []
        offers = products._get_pack_offers(partner, company)
        prices = [offer for offer in offers if offer["quantity"] == 1]
        reference = prices[0]["per_credit"]
        cheapest = min(price["per_credit"] for price in prices)
        packs = []
        for price in prices:
            per_credit = price["per_credit"]
            packs.append(
                {
                    **price,
                    "saving": round(100 * (1 - per_credit / reference)) if reference else 0,
                    "cheapest": len(prices) > 1 and per_credit == cheapest < reference,
                    "tiers": [
                        offer
                        for offer in offers
                        if offer["product"] == price["product"]
                        and offer["quantity"] > 1
                        and offer["unit_untaxed"] < price["unit_untaxed"]
                    ],
                    "taxed": price["currency"].compare_amounts(price["total"], price["untaxed"]),
                }
            )
        return packs
