from odoo import api, fields, models
from odoo.exceptions import UserError


class ProductTemplate(models.Model):
    _inherit = "product.template"

    service_credits = fields.Integer(
        help="Service credits that one unit of this product brings to the client who buys it. "
        "0: the product is not a credit pack.",
    )
    service_credit_price = fields.Float(
        "Price per credit", compute="_compute_service_credit_price", digits=(16, 4),
        help="Sales price of the pack divided by its credits.",
    )
    service_credit_saving = fields.Float(
        "Saving", compute="_compute_service_credit_price",
        help="How much cheaper a credit is in this pack than in the smallest one.",
    )

    _service_credits_positive = models.Constraint(
        "CHECK (service_credits >= 0)",
        "A pack cannot carry a negative number of service credits.",
    )

    @api.depends("service_credits", "list_price", "company_id")
    def _compute_service_credit_price(self):
        smallest_price = {}
        for template in self:
            credits = template.service_credits
            if credits <= 0:
                template.service_credit_price = template.service_credit_saving = 0.0
                continue
            company = template.company_id or self.env.company
            if company not in smallest_price:
                smallest = self._get_credit_packs(company)[:1]
                smallest_price[company] = (
                    smallest.list_price / smallest.service_credits if smallest else 0.0
                )
            price = template.list_price / credits
            reference = smallest_price[company]
            template.service_credit_price = price
            template.service_credit_saving = (
                max(0.0, 1.0 - price / reference) if reference > 0 else 0.0
            )

    def write(self, vals):
        credits_before = (
            {template: template.service_credits for template in self}
            if "service_credits" in vals
            else {}
        )
        res = super().write(vals)
        changed = self.browse(
            template.id
            for template, credits in credits_before.items()
            if template.service_credits != credits
        )
        if changed:
            changed._refresh_quoted_service_credits()
        return res

    def _refresh_quoted_service_credits(self):
        """What is sold keeps the credits it was sold with; what is only quoted follows."""
        products = self.with_context(active_test=False).product_variant_ids
        # sudo: who edits a product may not read every quotation and draft invoice.
        order_lines = self.env["sale.order.line"].sudo().search(
            [("product_id", "in", products.ids), ("state", "in", ("draft", "sent"))]
        )
        order_lines.env.add_to_compute(
            order_lines._fields["service_credits_per_unit"], order_lines
        )
        invoice_lines = self.env["account.move.line"].sudo().search(
            [
                ("product_id", "in", products.ids),
                ("parent_state", "=", "draft"),
                ("move_id.posted_before", "=", False),
                ("sale_line_ids", "=", False),
                ("service_credit_origin_line_id", "=", False),
            ]
        )
        invoice_lines.env.add_to_compute(
            invoice_lines._fields["service_credits_per_unit"], invoice_lines
        )

    # === Packs === #

    def _is_credit_pack(self):
        """Whether selling this product brings service credits."""
        return any(template.service_credits > 0 for template in self)

    @api.model
    def _get_credit_packs_domain(self, company):
        return [
            ("service_credits", ">", 0),
            ("sale_ok", "=", True),
            *self._check_company_domain(company),
        ]

    @api.model
    def _get_credit_packs(self, company=None):
        """The packs on sale in `company` (default: the current one), the smallest first."""
        return self.search(
            self._get_credit_packs_domain(company or self.env.company),
            order="service_credits, list_price, id",
        )

    @api.model
    def _cheapest_packs(self, partner, credits, company=None):
        """Which packs cover at least `credits` at the least cost, at the client's prices.

        Prices that fall with the quantity are followed. Of two baskets at the same cost, the one
        with more credits is chosen.

        :return: {product.product: quantity}
        :raises UserError: no pack is on sale, or it would take more than one order can hold
        """
        company = company or self.env.company
        # sudo: a portal user reads no products; these are on sale to every client.
        products = self.sudo()._get_credit_packs(company).product_variant_ids
        if not products:
            raise UserError(self.env._("No pack of service credits is on sale."))
        if credits <= 0:
            return {}
        offers = products._get_pack_offers(partner, company)
        cheapest = min(offers, key=lambda offer: offer["total"] / offer["credits"])
        # Far beyond the largest pack only the best price per credit counts; the rest is exact.
        bulk = max(0, credits - 10 * max(products.mapped("service_credits")))
        bulk_quantity = -(-bulk // cheapest["product"].service_credits)
        wanted = max(0, credits - bulk_quantity * cheapest["product"].service_credits)
        basket = products._cheapest_basket(offers, wanted)
        if bulk_quantity:
            product = cheapest["product"]
            basket[product] = basket.get(product, 0) + bulk_quantity
        return basket
