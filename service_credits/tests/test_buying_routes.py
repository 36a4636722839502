from odoo import Command
from odoo.tests import tagged

from .buying_common import RouteCase


@tagged("post_install", "-at_install")
class TestBuyingRoutes(RouteCase):
    """Each way from an order, or an invoice typed by hand, to an invoice that is paid."""

    # === Orders === #

    def _route_order(self, client):
        order = self._quote(client, (self.pack10, 1))
        yield "quotation", (0, 0, 0)
        order.action_quotation_sent()
        yield "sent", (0, 0, 0)
        order.action_confirm()
        yield "confirmed", (10, 0, 0)
        invoice = order._create_invoices()
        yield "draft invoice", (10, 0, 0)
        invoice.action_post()
        yield "posted", (10, 10, 0)
        self._pay(invoice)
        yield "paid", (10, 10, 10)

    def test_order(self):
        self._play(self._route_order)

    def _route_partial_invoices(self, client):
        order = self._sell(client, (self.pack10, 2))
        first = order._create_invoices()
        first.invoice_line_ids.quantity = 1
        first.action_post()
        yield "first posted", (20, 10, 0)
        self._pay(first)
        yield "first paid", (20, 10, 10)
        second = self._invoice(order)
        yield "second posted", (20, 20, 10)
        self._pay(second)
        yield "second paid", (20, 20, 20)

    def test_partial_invoices(self):
        self._play(self._route_partial_invoices)

    def _route_several_packs(self, client):
        order = self._sell(client, (self.pack10, 1), (self.pack5, 2), (self.product_a, 3))
        yield "confirmed", (20, 0, 0)
        invoice = self._invoice(order)
        yield "posted", (20, 20, 0)
        self._pay(invoice)
        yield "paid", (20, 20, 20)

    def test_several_packs(self):
        self._play(self._route_several_packs)

    def _route_grouped_orders(self, client):
        orders = self._sell(client, (self.pack10, 1)) | self._sell(client, (self.pack5, 1))
        invoice = self._invoice(orders)
        self.assertEqual(len(invoice), 1)
        yield "posted", (15, 15, 0)
        self._pay(invoice)
        yield "paid", (15, 15, 15)
        self._refund(invoice)
        yield "credited", (0, 0, 0)

    def test_orders_on_one_invoice(self):
        self._play(self._route_grouped_orders)

    def _route_quantity_raised(self, client):
        order = self._sell(client, (self.pack10, 1))
        order.order_line.product_uom_qty = 3
        yield "raised", (30, 0, 0)
        invoice = self._invoice(order)
        self._pay(invoice)
        yield "paid", (30, 30, 30)
        order.order_line.product_uom_qty = 4
        yield "raised after payment", (40, 30, 30)
        second = self._invoice(order)
        yield "rest posted", (40, 40, 30)
        self._pay(second)
        yield "rest paid", (40, 40, 40)

    def test_quantity_raised(self):
        self._play(self._route_quantity_raised)

    def _route_quantity_lowered(self, client):
        order = self._sell(client, (self.pack10, 3))
        order.order_line.product_uom_qty = 2
        yield "lowered", (20, 0, 0)
        invoice = self._invoice(order)
        self._pay(invoice)
        yield "paid", (20, 20, 20)
        order.order_line.product_uom_qty = 1
        yield "lowered after payment: the money is still there", (20, 20, 20)
        note = self._invoice(order, final=True)
        self.assertEqual(note.move_type, "out_refund")
        yield "credited by the order", (10, 10, 10)

    def test_quantity_lowered(self):
        self._play(self._route_quantity_lowered)

    def _route_line_added(self, client):
        order = self._sell(client, (self.pack10, 1))
        order.order_line = [
            Command.create({"product_id": self.pack5.id, "product_uom_qty": 1})
        ]
        yield "added", (15, 0, 0)
        invoice = self._invoice(order)
        yield "posted", (15, 15, 0)
        self._pay(invoice)
        yield "paid", (15, 15, 15)

    def test_line_added(self):
        self._play(self._route_line_added)

    def _route_more_invoiced_than_ordered(self, client):
        order = self._sell(client, (self.pack10, 1))
        invoice = order._create_invoices()
        invoice.invoice_line_ids.quantity = 2
        invoice.action_post()
        yield "posted", (20, 20, 0)
        self._pay(invoice)
        yield "paid", (20, 20, 20)

    def test_more_invoiced_than_ordered(self):
        self._play(self._route_more_invoiced_than_ordered)

    def _route_down_payment(self, client):
        order = self._sell(client, (self.pack10, 1))
        wizard = self.env["sale.advance.payment.inv"].create(
            {"sale_order_ids": order.ids, "advance_payment_method": "percentage", "amount": 40}
        )
        wizard.create_invoices()
        advance = order.invoice_ids
        advance.action_post()
        yield "down payment posted", (10, 0, 0)
        self._pay(advance)
        yield "down payment paid", (10, 0, 0)
        final = self._invoice(order, final=True)
        yield "final posted", (10, 10, 0)
        self._pay(final)
        yield "final paid", (10, 10, 10)

    def test_down_payment(self):
        self._play(self._route_down_payment)

    def _route_down_payment_in_full(self, client):
        order = self._sell(client, (self.pack10, 1))
        wizard = self.env["sale.advance.payment.inv"].create(
            {"sale_order_ids": order.ids, "advance_payment_method": "percentage", "amount": 100}
        )
        wizard.create_invoices()
        advance = order.invoice_ids
        advance.action_post()
        self._pay(advance)
        yield "down payment paid", (10, 0, 0)
        self._invoice(order, final=True)
        yield "final of 0.00 posted: paid by that", (10, 10, 10)

    def test_down_payment_in_full(self):
        self._play(self._route_down_payment_in_full)

    # === Orders cancelled === #

    def _route_cancel_before_invoice(self, client):
        order = self._sell(client, (self.pack10, 1))
        order._action_cancel()
        yield "cancelled", (0, 0, 0)
        order.action_draft()
        yield "quotation again", (0, 0, 0)
        order.action_confirm()
        yield "confirmed again", (10, 0, 0)

    def test_cancel_before_invoice(self):
        self._play(self._route_cancel_before_invoice)

    def _route_cancel_with_draft_invoice(self, client):
        order = self._sell(client, (self.pack10, 1))
        invoice = order._create_invoices()
        order._action_cancel()
        self.assertEqual(invoice.state, "cancel")
        yield "cancelled", (0, 0, 0)

    def test_cancel_with_draft_invoice(self):
        self._play(self._route_cancel_with_draft_invoice)

    def _route_cancel_after_invoice(self, client):
        order = self._sell(client, (self.pack10, 1))
        invoice = self._invoice(order)
        order._action_cancel()
        yield "cancelled", (0, 0, 0)
        self._refund(invoice)
        yield "credited", (0, 0, 0)

    def test_cancel_after_invoice(self):
        self._play(self._route_cancel_after_invoice)

    def _route_cancel_after_payment(self, client):
        order = self._sell(client, (self.pack10, 1))
        self._pay(self._invoice(order))
        order._action_cancel()
        yield "cancelled", (0, 0, 0)
        order.action_draft()
        order.action_confirm()
        yield "confirmed again, the invoice is still paid", (10, 10, 10)

    def test_cancel_after_payment(self):
        self._play(self._route_cancel_after_payment)

    # === Invoices without an order === #

    def _route_by_hand(self, client):
        invoice = self._bill(client, (self.pack10, 1), (self.pack5, 2), post=False)
        yield "draft", (0, 0, 0)
        invoice.action_post()
        yield "posted", (20, 20, 0)
        self._pay(invoice)
        yield "paid", (20, 20, 20)

    def test_by_hand(self):
        self._play(self._route_by_hand)

    def _route_receipt(self, client):
        receipt = self._bill(client, (self.pack10, 1), move_type="out_receipt")
        yield "posted", (10, 10, 0)
        self._pay(receipt)
        yield "paid", (10, 10, 10)

    def test_sales_receipt(self):
        self._play(self._route_receipt)

    def _route_duplicated(self, client):
        order = self._sell(client, (self.pack10, 1))
        invoice = self._invoice(order)
        self._pay(invoice)
        copy = invoice.copy()
        yield "copied", (10, 10, 10)
        copy.action_post()
        yield "copy posted", (20, 20, 10)
        self._pay(copy)
        yield "copy paid", (20, 20, 20)

    def test_duplicated(self):
        self._play(self._route_duplicated)
