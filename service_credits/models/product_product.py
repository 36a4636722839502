from odoo import fields, models
from odoo.fields import Command
from odoo.tools import float_round


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _is_credit_pack(self):
        """Whether selling this product brings service credits."""
        return self.product_tmpl_id._is_credit_pack()

    def _get_pack_prices(self, partner, company=None, quantities=(1,)):
        """What `partner` would pay: priced by an order that is never saved.

        An order is asked, rather than the pricelist, so that the page can never announce
        another price than the one ordered (pricelist, fiscal position, taxes, currency,
        extensions of the order).

        :return: list of dicts, one per product and quantity, in that order
        """
        company = company or self.env.company
        wanted = [(product, quantity) for product in self for quantity in quantities]
        # sudo: a portal user reads no pricelist; what comes out are prices meant for them.
        order = (
            self.env["sale.order"]
            .sudo()
            .with_company(company)
            .new(
                {
                    "partner_id": partner.id,
                    "company_id": company.id,
                    "date_order": fields.Datetime.now(),
                    "order_line": [
                        Command.create(
                            {
                                "product_id": product.id,
                                "product_uom_qty": quantity,
                                # looked up line by line otherwise, and no part of a price
                                "analytic_distribution": False,
                            }
                        )
                        for product, quantity in wanted
                    ],
                }
            )
        )
        order.order_line._set_pack_price_rules()
        prices = []
        for (product, quantity), line in zip(wanted, order.order_line, strict=True):
            credits = product.service_credits * quantity
            prices.append(
                {
                    "product": product,
                    "quantity": quantity,
                    "credits": credits,
                    "currency": order.currency_id,
                    "untaxed": line.price_subtotal,
                    "total": line.price_total,
                    "unit_untaxed": line.price_subtotal / quantity,
                    "unit_total": line.price_total / quantity,
                    "per_credit": line.price_subtotal / credits if credits else 0.0,
                    "pricelist": order.pricelist_id,
                }
            )
        return prices

    def _get_pack_price_breaks(self, pricelist):
        """Quantities at which the price may change: 1, and every minimum of the price rules."""
        minimums = {
            float_round(rule.min_quantity, precision_digits=0, rounding_method="UP")
            for rule in pricelist.item_ids
            if rule.min_quantity > 1
        }
        return [1, *sorted(int(minimum) for minimum in minimums)]

    def _get_pack_offers(self, partner, company=None):
        """Every pack at every price break, with the client's total: see `_get_pack_prices`."""
        pricelist = self[:1]._get_pack_prices(partner, company)[0]["pricelist"]
        # sudo: see `_get_pack_prices`.
        breaks = self._get_pack_price_breaks(pricelist.sudo())
        return self._get_pack_prices(partner, company, breaks)

    def _cheapest_basket(self, offers, credits):
        """{product: quantity} covering `credits` at the least total of `offers`.

        One pack after another, ``best[c]`` is the cheapest way to hold `c` credits, where
        `credits` stands for that many or more.
        """
        best = [(0.0, 0, {})] + [None] * credits  # (cost, -credits, basket)
        for product in self:
            tiers = sorted(
                (offer for offer in offers if offer["product"] == product),
                key=lambda offer: offer["quantity"],
            )
            size = product.service_credits
            news = list(best)
            for quantity in range(1, -(-credits // size) + 1):
                price = next(
                    tier["unit_total"] for tier in reversed(tiers) if tier["quantity"] <= quantity
                )
                for start, way in enumerate(best):
                    if way is None or start == credits:
                        continue
                    reached = min(credits, start + quantity * size)
                    cost = round(way[0] + price * quantity, 6)
                    candidate = (cost, way[1] - quantity * size)
                    if news[reached] is None or candidate < news[reached][:2]:
                        news[reached] = (*candidate, {**way[2], product: quantity})
            best = news
        return dict(best[credits][2])
