from odoo import fields, models


class ProductProduct(models.Model):
    _inherit = "product.product"

    service_credits_sold = fields.Integer(
        "Credits Sold", compute="_compute_service_credits_sold",
        groups="service_credits.group_user,service_credits.group_accountant",
        help="Credits that clients received by buying this pack, less those taken back.",
    )  # fmt: skip

    def _compute_service_credits_sold(self):
        sold = self._get_service_credits_sold()
        for product in self:
            product.service_credits_sold = sold.get(product.id, 0)

    def _get_service_credits_sold(self):
        """{product id: credits}, in the companies chosen. The lots that the button opens."""
        self.env["sale.order.line"].flush_model(["product_id"])
        self.env["account.move.line"].flush_model(["product_id"])
        self.env.cr.execute(
            """
            SELECT COALESCE(sale_line.product_id, move_line.product_id) AS product_id,
                   sum(lot.quantity)
              FROM service_credit_lot lot
              JOIN service_credit_account account ON account.id = lot.account_id
              LEFT JOIN sale_order_line sale_line ON sale_line.id = lot.order_line_id
              LEFT JOIN account_move_line move_line ON move_line.id = lot.invoice_line_id
             WHERE lot.origin = 'purchase'
               AND account.company_id = ANY(%s)
               AND COALESCE(sale_line.product_id, move_line.product_id) = ANY(%s)
             GROUP BY 1
            """,
            [self.env.companies.ids, self.ids],
        )
        return {product_id: int(credits) for product_id, credits in self.env.cr.fetchall()}

    def action_view_service_credit_lots(self):
        """Open the lots that the sale of these packs brought."""
        self.env["service.credit.lot"].check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "service_credits.service_credit_lot_action"
        )
        action["domain"] = [("origin", "=", "purchase"), ("product_id", "in", self.ids)]
        action["context"] = {}
        return action
