from odoo.tests import tagged

from odoo.addons.account_payment.tests.common import AccountPaymentCommon

from .buying_common import MOMENTS, BuyingCase


class OnlineCase(BuyingCase, AccountPaymentCommon):
    """Payments of Odoo's dummy provider, processed as those of every provider."""

    def _pay_online(self, order, state="done", amount=None):
        transaction = self._create_transaction(
            "redirect",
            reference=f"{order.name} {len(order.transaction_ids)}",
            amount=order.amount_total if amount is None else amount,
            currency_id=order.currency_id.id,
            partner_id=order.partner_id.id,
            sale_order_ids=[(6, 0, order.ids)],
        )
        self._move_on(transaction, state)
        return transaction

    def _move_on(self, transaction, state):
        getattr(transaction, f"_set_{state}")()
        # Odoo computes it once in a request.
        transaction.sale_order_ids.invalidate_recordset(["amount_paid"])
        transaction._post_process()


@tagged("post_install", "-at_install")
class TestBuyingOnline(OnlineCase):
    """Orders that the client pays online before they are confirmed."""

    def setUp(self):
        super().setUp()
        self.company.write({"portal_confirmation_sign": False, "portal_confirmation_pay": True})

    def _set_invoicing(self, by_odoo, by_packs):
        self.env["ir.config_parameter"].set_param("sale.automatic_invoice", str(by_odoo))
        self.company.service_credit_auto_invoice = by_packs

    def test_paid_online(self):
        """One invoice, paid, and the credits: whoever makes the invoice."""
        for by_odoo, by_packs in ((True, False), (False, True), (True, True)):
            for moment in MOMENTS:
                with self.subTest(by_odoo=by_odoo, by_packs=by_packs, moment=moment):
                    self._set_invoicing(by_odoo, by_packs)
                    self.company.service_credit_grant_on = moment
                    client = self._make_client()
                    order = self.env["sale.order"]._order_credit_packs(client, {self.pack10: 2})
                    self.assertEqual(order.state, "sent")
                    self.assertEqual(self._credits(client), 0)
                    self._pay_online(order)
                    self.assertEqual(order.state, "sale")
                    self.assertEqual(len(order.invoice_ids), 1)
                    self.assertEqual(order.invoice_ids.payment_state, "paid")
                    self.assertEqual(self._credits(client), 20)

    def test_invoiced_by_hand(self):
        """Paid online, invoiced later: Odoo puts the payment on the invoice."""
        for number, moment in enumerate(MOMENTS):
            self._set_invoicing(False, False)
            self.company.service_credit_grant_on = moment
            client = self._make_client()
            order = self.env["sale.order"]._order_credit_packs(client, {self.pack10: 1})
            self._pay_online(order)
            self.assertEqual(self._credits(client), (10, 0, 0)[number])
            self.assertEqual(order.service_credits_pending, (0, 10, 10)[number])
            self._invoice(order)
            self.assertEqual(order.invoice_ids.payment_state, "paid")
            self.assertEqual(self._credits(client), 10)

    def test_wire_transfer(self):
        """Pending until the money is there: nothing arrives before."""
        self._set_invoicing(True, False)
        for moment in MOMENTS:
            self.company.service_credit_grant_on = moment
            client = self._make_client()
            order = self.env["sale.order"]._order_credit_packs(client, {self.pack10: 1})
            transaction = self._pay_online(order, "pending")
            self.assertEqual(order.state, "sent")
            self.assertEqual(self._credits(client), 0)
            self._move_on(transaction, "done")
            self.assertEqual(self._credits(client), 10)

    def test_cancelled_payment(self):
        self._set_invoicing(True, False)
        client = self._make_client()
        order = self.env["sale.order"]._order_credit_packs(client, {self.pack10: 1})
        self._pay_online(order, "canceled")
        self.assertEqual((order.state, self._credits(client)), ("sent", 0))

    def test_prepaid_in_part(self):
        """A down payment confirms the order; the credits wait for the rest."""
        self._set_invoicing(True, False)
        self.company.prepayment_percent = 0.5
        for number, moment in enumerate(MOMENTS):
            self.company.service_credit_grant_on = moment
            client = self._make_client()
            order = self.env["sale.order"]._order_credit_packs(client, {self.pack10: 1})
            self._pay_online(order, amount=order.amount_total / 2)
            self.assertEqual(order.state, "sale")
            self.assertEqual(self._credits(client), (10, 0, 0)[number])
            self._pay_online(order, amount=order.amount_total / 2)
            self.assertEqual(self._credits(client), 10)
