from odoo import api, models


class ServiceCreditPurchase(models.AbstractModel):
    """What all clients have bought and not received yet, without looking at all that was sold."""

    _inherit = "service.credit.purchase"

    @api.model
    def _get_pending(self, companies):
        """Return the pending credits of `companies`, by document.

        :return: ({sale.order: credits}, {account.move without an order: credits})
        """
        # sudo: how many credits wait, for users who may not read every order and invoice
        order_lines = (
            self.env["sale.order.line"].sudo().browse(self._get_pending_order_lines(companies))
        )
        invoice_lines = (
            self.env["account.move.line"].sudo().browse(self._get_pending_invoice_lines(companies))
        )
        figures = self._figures_by_record(order_lines, invoice_lines)
        orders, moves = {}, {}
        for documents, name, lines in (
            (orders, "order_id", order_lines), (moves, "move_id", invoice_lines)
        ):  # fmt: skip
            for line in lines:
                if pending := figures[line]["pending"]:
                    documents[line[name]] = documents.get(line[name], 0) + pending
        return orders, moves

    # A line whose lots still hold all the credits it was ever ordered or invoiced for awaits
    # nothing. The few others are looked at closely: all that is pending is among them.

    @api.model
    def _get_pending_order_lines(self, companies):
        self.env["sale.order"].flush_model(["state", "company_id"])
        self.env["sale.order.line"].flush_model()
        self.env["account.move.line"].flush_model()
        self.env.cr.execute(
            """
            SELECT line.id
              FROM sale_order_line line
              JOIN sale_order sale ON sale.id = line.order_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom own ON own.id = template.uom_id
              JOIN uom_uom uom ON uom.id = line.product_uom_id
             WHERE line.service_credits_per_unit > 0
               AND sale.state = 'sale'
               AND sale.company_id = ANY(%s)
               AND (SELECT COALESCE(sum(lot.quantity), 0)
                      FROM service_credit_lot lot
                     WHERE lot.order_line_id = line.id) + 0.5
                   < GREATEST(
                       line.service_credits_per_unit * line.product_uom_qty
                           * uom.factor / own.factor,
                       (SELECT sum(bill.service_credits_per_unit * bill.quantity
                                   * billed.factor / own.factor)
                          FROM sale_order_line_invoice_rel link
                          JOIN account_move_line bill ON bill.id = link.invoice_line_id
                          JOIN account_move move ON move.id = bill.move_id
                          JOIN uom_uom billed ON billed.id = bill.product_uom_id
                         WHERE link.order_line_id = line.id
                           AND bill.quantity > 0
                           AND move.move_type IN ('out_invoice', 'out_receipt')
                           AND move.state != 'cancel'))
             ORDER BY line.id
            """,
            [companies.ids],
        )
        return [line_id for (line_id,) in self.env.cr.fetchall()]

    @api.model
    def _get_pending_invoice_lines(self, companies):
        self.env["account.move"].flush_model(["state", "move_type"])
        self.env["account.move.line"].flush_model()
        self.env.cr.execute(
            """
            SELECT line.id
              FROM account_move_line line
              JOIN account_move move ON move.id = line.move_id
              JOIN product_product product ON product.id = line.product_id
              JOIN product_template template ON template.id = product.product_tmpl_id
              JOIN uom_uom own ON own.id = template.uom_id
              JOIN uom_uom uom ON uom.id = line.product_uom_id
             WHERE line.service_credits_per_unit > 0
               AND line.parent_state = 'posted'
               AND line.company_id = ANY(%s)
               AND line.quantity > 0
               AND line.service_credit_origin_line_id IS NULL
               AND move.move_type IN ('out_invoice', 'out_receipt')
               AND NOT EXISTS (SELECT FROM sale_order_line_invoice_rel link
                                WHERE link.invoice_line_id = line.id)
               AND ((SELECT COALESCE(sum(lot.quantity), 0)
                       FROM service_credit_lot lot
                      WHERE lot.invoice_line_id = line.id) + 0.5
                    < line.service_credits_per_unit * line.quantity * uom.factor / own.factor
                    OR EXISTS (SELECT FROM account_move_line corrected
                                WHERE corrected.service_credit_origin_line_id = line.id
                                  AND corrected.parent_state != 'cancel'))
             ORDER BY line.id
            """,
            [companies.ids],
        )
        return [line_id for (line_id,) in self.env.cr.fetchall()]
