from odoo import api, fields, models
from odoo.exceptions import UserError

from .service_credit_purchase import whole_credits


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    service_credits_per_unit = fields.Integer(
        "Credits per unit",
        compute="_compute_service_credits_per_unit",
        store=True,
        help="Service credits of one unit of the product, in the product's own unit of measure.",
    )
    service_credit_origin_line_id = fields.Many2one(
        "account.move.line",
        "Credits of line",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="The invoice line that this line of a credit note or of a corrected invoice "
        "continues.",
    )
    service_credits = fields.Integer(
        compute="_compute_service_credits",
        help="Service credits that this line brings, or takes back when negative.",
    )
    service_credit_lot_ids = fields.One2many(
        "service.credit.lot", "invoice_line_id", "Service Credit Lots", readonly=True
    )

    _service_credits_idx = models.Index(
        "(partner_id, company_id) WHERE service_credits_per_unit > 0"
    )

    def _auto_init(self):
        # Lines that stand at installation brought no credits: see `sale.order.line`.
        self.env.cr.execute(
            "ALTER TABLE account_move_line"
            " ADD COLUMN IF NOT EXISTS service_credits_per_unit integer"
        )
        return super()._auto_init()

    @api.depends("product_id", "sale_line_ids")
    def _compute_service_credits_per_unit(self):
        for line in self:
            sold = line.sale_line_ids[:1]
            if line.is_downpayment or not line.product_id:
                line.service_credits_per_unit = 0
            elif sold.product_id == line.product_id:
                line.service_credits_per_unit = sold.service_credits_per_unit
            elif line.move_id.is_sale_document(include_receipts=True):
                line.service_credits_per_unit = line.product_id.service_credits
            else:
                line.service_credits_per_unit = 0

    @api.depends(
        "service_credits_per_unit", "quantity", "product_uom_id", "product_id", "move_id.move_type"
    )
    def _compute_service_credits(self):
        for line in self:
            line.service_credits = whole_credits(line._get_service_credits())

    def unlink(self):
        lines = self.filtered("service_credits_per_unit")
        if not lines:
            return super().unlink()
        Purchase = self.env["service.credit.purchase"]
        Purchase._forget_sources(invoice_lines=lines)
        order_lines = lines.sale_line_ids
        others = self.browse()
        for line in lines:
            order_line, root = line._get_service_credit_source()
            order_lines |= order_line
            others |= root - lines
        res = super().unlink()
        Purchase._sync(order_lines=order_lines, invoice_lines=others, why="deleted")
        return res

    def _copy_data_extend_business_fields(self, values):
        # Credit notes and corrected invoices go back to the line they are about, and to the
        # credits per unit of the day of the sale.
        result = super()._copy_data_extend_business_fields(values)
        if self.service_credits_per_unit:
            values["service_credits_per_unit"] = self.service_credits_per_unit
            values["service_credit_origin_line_id"] = self.id
        return result

    def _get_service_credits(self):
        """Credits of this line as a float, negative on credit notes."""
        self.ensure_one()
        per_unit = self.service_credits_per_unit
        if not per_unit or self.display_type != "product" or self.is_downpayment:
            return 0.0
        quantity = self.product_uom_id._compute_quantity(
            self.quantity, self.product_id.uom_id, round=False
        )
        return -self.move_id.direction_sign * per_unit * quantity

    def _check_service_credits(self):
        """Refuse lines with a fraction of a credit."""
        for line in self:
            credits = line._get_service_credits()
            if whole_credits(credits) is None:
                raise UserError(
                    self.env._(
                        "%(client)s: %(quantity)s × “%(product)s” is %(credits)s service "
                        "credits. Credits are whole numbers: change the quantity.",
                        client=line.move_id.partner_id.display_name,
                        quantity=line.quantity,
                        product=line.product_id.display_name,
                        credits=round(abs(credits), 4),
                    )
                )

    def _get_service_credit_source(self):
        """What this line's credits hang on: an order line, or else an invoice line.

        An invoice made by hand, by the shop or by a contract stands for itself; its credit notes
        and corrections hang on it.

        :return: (sale.order.line, account.move.line), one of them empty
        """
        self.ensure_one()
        line = self
        seen = self.browse()
        while True:
            if line.sale_line_ids:
                return line.sale_line_ids[:1], self.browse()
            seen |= line
            origin = line.service_credit_origin_line_id or line._find_refunded_line()
            if not origin or origin in seen:
                return line.sale_line_ids, line
            line = origin

    def _find_refunded_line(self):
        """The line that this one reduces when it was typed by hand: that of the same product on
        the invoice that its credit note reverses, or on its own invoice."""
        self.ensure_one()
        if self._get_service_credits() >= 0:
            return self.browse()
        invoice = (
            self.move_id.reversed_entry_id
            if self.move_id.move_type == "out_refund"
            else self.move_id
        )
        return invoice.invoice_line_ids.filtered(
            lambda line: line.product_id == self.product_id and line._get_service_credits() > 0
        )[:1]
