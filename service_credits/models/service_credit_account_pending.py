from odoo import fields, models


class ServiceCreditAccount(models.Model):
    _inherit = "service.credit.account"

    pending = fields.Integer(
        compute="_compute_pending",
        help="Service credits bought that wait for the company's moment of granting: the order, "
        "the invoice or its payment.",
    )

    def _compute_pending(self):
        # sudo: how many credits the client has bought, not the documents themselves.
        Purchase = self.env["service.credit.purchase"].sudo()
        for account in self:
            order_lines, invoice_lines = account.sudo()._get_purchase_lines()
            figures = Purchase._figures_by_record(order_lines, invoice_lines)
            account.pending = sum(figure["pending"] for figure in figures.values())

    def _get_purchase_lines(self):
        """Confirmed order lines, and posted invoice lines without an order, of this client."""
        self.ensure_one()
        order_lines = self.env["sale.order.line"].search(
            [
                ("service_credits_per_unit", ">", 0),
                ("state", "=", "sale"),
                ("company_id", "=", self.company_id.id),
                ("order_partner_id.commercial_partner_id", "=", self.partner_id.id),
            ]
        )
        invoice_lines = self.env["account.move.line"].search(
            [
                ("service_credits_per_unit", ">", 0),
                ("parent_state", "=", "posted"),
                ("company_id", "=", self.company_id.id),
                ("partner_id", "=", self.partner_id.id),
                ("move_id.move_type", "in", ("out_invoice", "out_receipt")),
                ("sale_line_ids", "=", False),
                ("service_credit_origin_line_id", "=", False),
                ("quantity", ">", 0),
            ]
        )
        return order_lines, invoice_lines
