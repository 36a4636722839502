from odoo import api, fields, models
from odoo.tools import SQL


class ServiceCreditLot(models.Model):
    _inherit = "service.credit.lot"

    # Not stored: a lot is written by the ledger alone. Looked for with SQL, because whoever reads
    # lots need not be able to read orders and invoices.
    product_id = fields.Many2one(
        "product.product", "Pack", compute="_compute_product_id", search="_search_product_id",
        compute_sudo=True, help="The product whose sale brought these credits.",
    )  # fmt: skip

    @api.depends("order_line_id.product_id", "invoice_line_id.product_id")
    def _compute_product_id(self):
        for lot in self:
            lot.product_id = lot.order_line_id.product_id or lot.invoice_line_id.product_id

    @api.model
    def _search_product_id(self, operator, value):
        if operator in ("any", "any!"):
            value = self.env["product.product"].search(value).ids
        elif operator != "in":
            return NotImplemented
        sold = SQL(
            """
            SELECT lot.id
              FROM service_credit_lot lot
              LEFT JOIN sale_order_line sale_line ON sale_line.id = lot.order_line_id
              LEFT JOIN account_move_line move_line ON move_line.id = lot.invoice_line_id
             WHERE COALESCE(sale_line.product_id, move_line.product_id) = ANY(%s)
            """,
            [product_id for product_id in value if product_id],
        )
        domain = [("id", "in", sold)]
        if False in value:
            nothing_sold = [("order_line_id", "=", False), ("invoice_line_id", "=", False)]
            return ["|", *domain, "&", *nothing_sold]
        return domain
