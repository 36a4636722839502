from odoo import fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    service_credits_sold = fields.Integer(
        "Credits Sold", compute="_compute_service_credits_sold",
        groups="service_credits.group_user,service_credits.group_accountant",
        help="Credits that clients received by buying this pack, less those taken back.",
    )  # fmt: skip

    def _compute_service_credits_sold(self):
        variants = self.with_context(active_test=False).product_variant_ids
        sold = variants._get_service_credits_sold()
        for template in self:
            own = template.with_context(active_test=False).product_variant_ids
            template.service_credits_sold = sum(sold.get(variant.id, 0) for variant in own)

    def action_view_service_credit_lots(self):
        """Open the lots that the sale of these packs brought."""
        return self.with_context(
            active_test=False
        ).product_variant_ids.action_view_service_credit_lots()
