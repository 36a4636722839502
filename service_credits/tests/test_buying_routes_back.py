from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.account.models.account_move import AccountMove

from .buying_common import MOMENTS, RouteCase


@tagged("post_install", "-at_install")
class TestBuyingRoutesBack(RouteCase):
    """Each way in which an invoice or its money goes back, and the setting that is switched."""

    # === Reset to draft, cancelled, deleted === #

    def _route_reset(self, client, make):
        invoice = make(client)
        self._pay(invoice)
        invoice.button_draft()
        yield "draft again", (10, 10, 10)
        invoice.action_post()
        yield "posted again", (10, 10, 10)

    def test_reset_and_posted_again(self):
        self._play(self._route_reset, self._make_order_invoice)
        self._play(self._route_reset, self._make_hand_invoice)

    def _make_order_invoice(self, client):
        return self._invoice(self._sell(client, (self.pack10, 1)))

    def _make_hand_invoice(self, client):
        return self._bill(client, (self.pack10, 1))

    def _route_reset_and_lowered(self, client):
        invoice = self._bill(client, (self.pack10, 3))
        yield "posted", (30, 30, 0)
        invoice.button_draft()
        invoice.invoice_line_ids.quantity = 2
        yield "draft, lowered", (30, 30, 0)
        invoice.action_post()
        yield "posted again", (20, 20, 0)
        self._pay(invoice)
        yield "paid", (20, 20, 20)

    def test_reset_and_lowered(self):
        self._play(self._route_reset_and_lowered)

    def _route_line_deleted(self, client):
        invoice = self._bill(client, (self.pack10, 1), (self.pack5, 1))
        invoice.button_draft()
        invoice.invoice_line_ids.filtered(lambda line: line.product_id == self.pack5).unlink()
        yield "line deleted", (10, 10, 0)
        invoice.action_post()
        self._pay(invoice)
        yield "paid", (10, 10, 10)

    def test_line_deleted(self):
        self._play(self._route_line_deleted)

    def _route_invoice_cancelled(self, client):
        order = self._sell(client, (self.pack10, 1))
        invoice = self._invoice(order)
        invoice.button_cancel()
        yield "cancelled", (10, 0, 0)
        second = self._invoice(order)
        self._pay(second)
        yield "new one paid", (10, 10, 10)
        second.button_cancel()
        yield "new one cancelled, though paid", (10, 0, 0)

    def test_invoice_cancelled(self):
        self._play(self._route_invoice_cancelled)

    def _route_hand_invoice_cancelled(self, client):
        invoice = self._bill(client, (self.pack10, 1))
        self._pay(invoice)
        yield "paid", (10, 10, 10)
        invoice.button_draft()
        invoice.button_cancel()
        yield "cancelled", (0, 0, 0)
        invoice.button_draft()
        invoice.action_post()
        yield "posted again, unpaid", (10, 10, 0)

    def test_hand_invoice_cancelled(self):
        self._play(self._route_hand_invoice_cancelled)

    def _route_invoice_deleted(self, client):
        invoice = self._bill(client, (self.pack10, 1))
        invoice.button_draft()
        invoice.with_context(force_delete=True).unlink()
        yield "deleted", (0, 0, 0)

    def test_invoice_deleted(self):
        self._play(self._route_invoice_deleted)

    # === Payments === #

    def _route_partial_payments(self, client):
        invoice = self._invoice(self._sell(client, (self.pack10, 1)))
        self._pay(invoice, amount=400)
        self.assertEqual(invoice.payment_state, "partial")
        yield "part paid", (10, 10, 0)
        self._pay(invoice)
        yield "rest paid", (10, 10, 10)

    def test_partial_payments(self):
        self._play(self._route_partial_payments)

    def _route_invoices_paid_at_once(self, client):
        invoices = self._bill(client, (self.pack10, 1))
        invoices |= self._invoice(self._sell(client, (self.pack5, 1)))
        payment = self._pay(invoices, group_payment=True)
        self.assertEqual(len(payment), 1)
        yield "paid", (15, 15, 15)
        payment.action_cancel()
        # The order of the hand-made invoice is the invoice itself.
        yield "payment cancelled", (15, 15, 0)

    def test_invoices_paid_at_once(self):
        self._play(self._route_invoices_paid_at_once)

    def _route_in_payment(self, client, with_entry):
        with patch.object(
            AccountMove, "_get_invoice_in_payment_state", lambda self: "in_payment"
        ):
            lines = self.company_data["default_journal_bank"].inbound_payment_method_line_ids
            if not with_entry:
                lines.payment_account_id = False
            invoice = self._invoice(self._sell(client, (self.pack10, 1)))
            payment = self._pay(invoice, journal_id=lines.journal_id.id)
            self.assertEqual((invoice.payment_state, payment.state), ("in_payment", "in_process"))
            self.assertEqual(bool(payment.move_id), with_entry)
            yield "in payment", (10, 10, 10)
            payment.action_validate()
            yield "payment validated", (10, 10, 10)
            payment.action_reject()
            yield "payment rejected", (10, 10, 0)
            payment.action_draft()
            yield "payment in draft", (10, 10, 0)
            payment.action_post()
            yield "payment posted again", (10, 10, 10)

    def test_in_payment_then_paid(self):
        self._play(self._route_in_payment, True)

    def test_in_payment_without_entry(self):
        self._play(self._route_in_payment, False)

    def _route_payment_in_draft(self, client):
        invoice = self._invoice(self._sell(client, (self.pack10, 1)))
        payment = self._pay(invoice)
        payment.action_draft()
        self.assertEqual(invoice.payment_state, "paid", "Odoo leaves it paid meanwhile")
        yield "payment in draft", (10, 10, 10)
        payment.action_post()
        yield "payment posted again", (10, 10, 10)
        payment.action_draft()
        payment.action_cancel()
        yield "payment cancelled", (10, 10, 0)

    def test_payment_in_draft(self):
        self._play(self._route_payment_in_draft)

    def _route_payment_cancelled(self, client):
        invoice = self._invoice(self._sell(client, (self.pack10, 1)))
        payment = self._pay(invoice)
        yield "paid", (10, 10, 10)
        payment.action_cancel()
        self.assertEqual(invoice.payment_state, "not_paid")
        yield "payment cancelled", (10, 10, 0)
        payment = self._pay(invoice)
        yield "paid again", (10, 10, 10)
        payment.move_id.line_ids.remove_move_reconcile()
        yield "payment taken off the invoice", (10, 10, 0)
        (payment.move_id | invoice).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        yield "payment put on the invoice", (10, 10, 10)
        payment.move_id._reverse_moves(cancel=True)
        yield "payment's entry reversed: bounced", (10, 10, 0)

    def test_payment_cancelled(self):
        self._play(self._route_payment_cancelled)

    # === Credit notes === #

    def _route_credit_note(self, client, make, paid):
        invoice = make(client)
        if paid:
            self._pay(invoice)
        note = self._refund(invoice)
        yield "credited", (0, 0, 0)
        note.button_draft()
        yield "credit note in draft", (0, 0, 0)
        note.button_cancel()
        yield "credit note cancelled", (10, 10, 10 if paid else 0)

    def test_credit_note(self):
        for make in (self._make_order_invoice, self._make_hand_invoice):
            for paid in (False, True):
                self._play(self._route_credit_note, make, paid)

    def _route_credit_notes_in_part(self, client, paid):
        order = self._sell(client, (self.pack10, 3))
        invoice = self._invoice(order)
        if paid:
            self._pay(invoice)
        self._refund(invoice, 1)
        yield "1 of 3 credited", (20, 20, 20 if paid else 0)
        self._refund(invoice, 1)
        yield "2 of 3 credited", (10, 10, 10 if paid else 0)
        if not paid:
            self._pay(invoice)
            yield "rest paid", (10, 10, 10)
        self._refund(invoice, 1)
        yield "all credited", (0, 0, 0)

    def test_credit_notes_in_part(self):
        self._play(self._route_credit_notes_in_part, True)
        self._play(self._route_credit_notes_in_part, False)

    def _route_credit_notes_by_hand_in_part(self, client):
        invoice = self._bill(client, (self.pack10, 2), (self.pack5, 1))
        self._pay(invoice)
        note = self._reverse(invoice)
        note.invoice_line_ids.filtered(lambda line: line.product_id == self.pack5).unlink()
        note.invoice_line_ids.quantity = 1
        note.action_post()
        yield "one pack of 10 credited", (15, 15, 15)
        self._refund(invoice, 1)
        yield "one of each credited", (0, 0, 0)

    def test_credit_notes_by_hand_in_part(self):
        self._play(self._route_credit_notes_by_hand_in_part)

    def _route_credit_and_new_invoice(self, client, make, paid):
        invoice = make(client)
        if paid:
            self._pay(invoice)
        new = self._reverse(invoice, modify=True)
        self.assertEqual((new.move_type, new.state), ("out_invoice", "draft"))
        yield "credited", (0, 0, 0)
        new.action_post()
        yield "new one posted", (10, 10, 0)
        self._pay(new)
        yield "new one paid", (10, 10, 10)

    def test_credit_and_new_invoice(self):
        for make in (self._make_order_invoice, self._make_hand_invoice):
            for paid in (False, True):
                self._play(self._route_credit_and_new_invoice, make, paid)

    def _route_note_without_invoice(self, client):
        invoice = self._bill(client, (self.pack10, 2))
        self._pay(invoice)
        note = self._bill(client, (self.pack10, 1), move_type="out_refund")
        yield "credited", (10, 10, 10)
        note.button_draft()
        note.button_cancel()
        yield "credit note cancelled", (20, 20, 20)
        note.button_draft()
        note.action_post()
        yield "posted again", (10, 10, 10)

    def test_credit_note_that_names_no_invoice(self):
        self._play(self._route_note_without_invoice)

    # === The setting changes in between === #

    def test_moment_switched_in_between(self):
        """Whatever the settings before, between and after: in the end exactly what was paid,
        and never less than a moment ago."""
        for first in MOMENTS:
            for second in MOMENTS:
                for third in MOMENTS:
                    with self.subTest(first=first, second=second, third=third):
                        client = self._make_client(f"{first} {second} {third}")
                        seen = [0]
                        self.company.service_credit_grant_on = first
                        order = self._sell(client, (self.pack10, 1))
                        seen.append(self._credits(client))
                        self.company.service_credit_grant_on = second
                        invoice = self._invoice(order)
                        seen.append(self._credits(client))
                        self.company.service_credit_grant_on = third
                        self._pay(invoice)
                        seen.append(self._credits(client))
                        self.assertEqual(seen, sorted(seen))
                        self.assertEqual(seen[-1], 10)
                        self.assertEqual(seen[1], 10 if first == "order" else 0)
                        self.assertEqual(
                            seen[2], 10 if first == "order" or second != "payment" else 0
                        )
                        self._refund(invoice)
                        self.assertEqual(self._credits(client), 0)
        self.assertSound()
