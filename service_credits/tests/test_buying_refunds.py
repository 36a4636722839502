from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .buying_common import MOMENTS, BuyingCase


@tagged("post_install", "-at_install")
class TestBuyingRefunds(BuyingCase):
    """Money that goes back when credits have been used."""

    def setUp(self):
        super().setUp()
        self.client = self._make_client()
        self.account = self._account(self.client)

    def _buy(self, quantity=1, by_hand=False):
        """A paid invoice of packs of 10."""
        if by_hand:
            invoice = self._bill(self.client, (self.pack10, quantity))
        else:
            invoice = self._invoice(self._sell(self.client, (self.pack10, quantity)))
        self.payment = self._pay(invoice)
        return invoice

    def _as(self, login, groups):
        return new_test_user(
            self.env, login, groups, company_id=self.company.id,
            company_ids=[(6, 0, self.company.ids)],
        )

    # === Credit notes === #

    def test_more_than_the_rest_is_refused(self):
        for by_hand in (False, True):
            for moment in MOMENTS:
                with self.subTest(by_hand=by_hand, moment=moment):
                    self.company.service_credit_grant_on = moment
                    self.client = self._make_client()
                    self.account = self._account(self.client)
                    invoice = self._buy(3, by_hand)
                    self._use(self.client, 14, f"job {by_hand} {moment}")
                    note = self._reverse(invoice)
                    note.invoice_line_ids.quantity = 2
                    with self.assertRaisesRegex(
                        UserError, "Acme.*takes 20 .*“Pack of 10”.*only 16 are unused: 14 are"
                    ):
                        note.action_post()
                    self.assertEqual(note.state, "draft")
                    self.assertEqual(self.account.available, 16)
                    note.invoice_line_ids.quantity = 1
                    note.action_post()
                    self.assertEqual(self.account.available, 6)
                    with self.assertRaises(UserError):
                        self._refund(invoice, 1)
        self.assertSound()

    def test_reserved_credits_are_not_taken(self):
        invoice = self._buy()
        hold = self.account._reserve(1, "job")
        note = self._reverse(invoice)
        with self.assertRaises(UserError):
            note.action_post()
        hold._release(key="job/no")
        note.action_post()
        self.assertEqual(self.account.available, 0)

    def test_other_purchases_are_left_alone(self):
        """The credits of another invoice do not make up for those used."""
        first = self._buy()
        second = self._buy()
        self._use(self.client, 10, "job")  # the first lot
        with self.assertRaises(UserError):
            self._refund(first)
        self._refund(second)
        self.assertEqual(self.account.available, 0)

    def test_manager_lets_the_client_keep_them(self):
        for by_hand in (False, True):
            self.client = self._make_client()
            self.account = self._account(self.client)
            invoice = self._buy(by_hand=by_hand)
            self._use(self.client, 4, f"job {by_hand}")
            note = self._reverse(invoice, service_credit_keep=True)
            self.assertTrue(note.service_credit_keep)
            note.action_post()
            self.assertEqual(self.account.available, 6)
            # Cancelling that note changes nothing either: nothing was taken.
            note.button_draft()
            note.button_cancel()
            self.assertEqual(self.account.available, 6)
        self.assertSound()

    def test_kept_at_a_corrected_invoice(self):
        """Credit and new invoice, the credits kept: the new invoice does not bring them again."""
        for moment in MOMENTS:
            for by_hand in (False, True):
                with self.subTest(moment=moment, by_hand=by_hand):
                    self.company.service_credit_grant_on = moment
                    self.client = self._make_client()
                    self.account = self._account(self.client)
                    invoice = self._buy(by_hand=by_hand)
                    self._use(self.client, 4, f"job {moment} {by_hand}")
                    new = self._reverse(invoice, modify=True, service_credit_keep=True)
                    self.assertEqual(self.account.available, 6)
                    self.assertEqual(self.account.pending, 0)
                    new.action_post()
                    self.assertEqual(self.account.available, 6)
                    self._pay(new)
                    self.assertEqual(self.account.available, 6)
                    with self.assertRaises(UserError):
                        self._refund(new)
        self.assertSound()

    def test_only_a_manager_may(self):
        invoice = self._buy()
        note = self._reverse(invoice)
        accountant = self._as("sc_acc", "account.group_account_manager,service_credits.group_user")
        with self.assertRaises(AccessError):
            note.with_user(accountant).write({"service_credit_keep": True})
        with self.assertRaises(AccessError):
            note.with_user(accountant).copy({"service_credit_keep": True})
        with self.assertRaises(AccessError):
            self._reverse(invoice.with_user(accountant), service_credit_keep=True)
        manager = self._as(
            "sc_man", "account.group_account_manager,service_credits.group_manager"
        )
        note.with_user(manager).service_credit_keep = True
        note.with_user(accountant).action_post()
        self.assertEqual(self.account.available, 10)

    def test_unpaid_and_used(self):
        """Credits granted on trust, used, then credited: refused as well."""
        self.company.service_credit_grant_on = "order"
        order = self._sell(self.client, (self.pack10, 1))
        self._use(self.client, 3, "job")
        invoice = self._invoice(order)
        with self.assertRaisesRegex(UserError, "only 7 are unused: 3 are"):
            self._refund(invoice)

    def test_pending_credits_are_no_obstacle(self):
        """What was never granted cannot have been used."""
        paid = self._buy()
        self._use(self.client, 10, "job")
        unpaid = self._invoice(self._sell(self.client, (self.pack10, 1)))
        self._refund(unpaid)
        with self.assertRaises(UserError):
            self._refund(paid)

    def test_note_without_invoice(self):
        self._buy()
        self._use(self.client, 4, "job")
        with self.assertRaisesRegex(UserError, "takes 10 .*only 6 are unused: 4"):
            self._bill(self.client, (self.pack10, 1), move_type="out_refund")
        self._buy()
        self._bill(self.client, (self.pack10, 1), move_type="out_refund")
        self.assertEqual(self.account.available, 6)
        # Nothing was bought of that pack: there is nothing to take.
        self._bill(self.client, (self.pack5, 1), move_type="out_refund")
        self.assertEqual(self.account.available, 6)
        self.assertSound()

    def test_note_without_invoice_set_off(self):
        """Posted before anything was granted, and set off against the invoice later."""
        invoice = self._invoice(self._sell(self.client, (self.pack10, 3)))
        note = self._bill(self.client, (self.pack10, 1), move_type="out_refund")
        self.assertEqual(self.account.available, 0)
        (invoice | note).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        self.assertEqual((note.payment_state, invoice.payment_state), ("paid", "partial"))
        self.assertEqual(self.account.available, 0)
        self._pay(invoice)
        self.assertEqual(self.account.available, 20)
        self.assertSound()

    def test_line_added_to_a_credit_note(self):
        """Typed by hand on the credit note of an invoice: it reduces that invoice."""
        invoice = self._buy(2)
        note = self._reverse(invoice)
        note.invoice_line_ids.quantity = 1
        note.invoice_line_ids = [
            (0, 0, {"product_id": self.pack10.id, "quantity": 1, "price_unit": 850.0})
        ]
        note.action_post()
        self.assertEqual(self.account.available, 0)
        self.assertSound()

    def test_negative_line_on_an_invoice(self):
        invoice = self._bill(self.client, (self.pack10, 3), (self.pack10, -1))
        self.assertEqual(invoice.service_credits_bought, 20)
        self._pay(invoice)
        self.assertEqual(self.account.available, 20)

    # === Orders === #

    def test_order_cancelled_with_used_credits(self):
        self.company.service_credit_grant_on = "order"
        order = self._sell(self.client, (self.pack10, 1))
        self._use(self.client, 4, "Report 7")
        order._action_cancel()
        self.assertEqual(self.account.available, 0)
        activity = order.activity_ids
        self.assertIn("4 service credits", activity.note)
        self.assertIn("Report 7", activity.note)

    def test_quantity_lowered_below_what_is_used(self):
        self.company.service_credit_grant_on = "order"
        order = self._sell(self.client, (self.pack10, 2))
        self._use(self.client, 12, "job")
        with self.assertRaisesRegex(UserError, "takes 10 .*only 8 .*: 12"), self.cr.savepoint():
            order.order_line.product_uom_qty = 1
        self.assertEqual(self.account.available, 8)

    def test_cancelled_then_credited(self):
        """The cancelled order took the unused credits: the credit note of these passes, that of
        the used ones does not."""
        invoice = self._buy(2)
        self._use(self.client, 10, "job")
        invoice.invoice_line_ids.sale_line_ids.order_id._action_cancel()
        self.assertEqual(self.account.available, 0)
        with self.assertRaises(UserError):
            self._refund(invoice)
        self._refund(invoice, 1)
        self.assertEqual(self.account.available, 0)
        self.assertSound()

    # === Payments === #

    def test_bounced_with_used_credits(self):
        for by_hand in (False, True):
            self.client = self._make_client()
            self.account = self._account(self.client)
            invoice = self._buy(by_hand=by_hand)
            self._use(self.client, 4, f"Report {by_hand}")
            self.payment.action_cancel()
            self.assertEqual(self.account.available, 0)
            self.assertEqual(self.account.pending, 6)
            activity = invoice.activity_ids
            self.assertEqual(len(activity), 1)
            self.assertIn("Acme: 4 service credits", activity.note)
            self.assertIn(f"Report {by_hand}", activity.note)
            self.assertTrue(activity.user_id.has_group("account.group_account_invoice"))
            self._pay(invoice)
            self.assertEqual(self.account.available, 6)
        self.assertSound()

    def test_bounced_for_a_user_without_credits_rights(self):
        invoice = self._buy()
        accountant = self._as("sc_acc", "account.group_account_invoice")
        self.payment.with_user(accountant).action_draft()
        self.payment.with_user(accountant).action_cancel()
        self.assertEqual(self.account.available, 0)
        self.assertEqual(invoice.payment_state, "not_paid")

    # === Moved credits === #

    def test_credits_moved_to_another_account(self):
        """A transfer is no use: what is unused over there can be taken back, and what the sale
        brought is not granted again."""
        other = self._make_client("Other")
        invoice = self._buy()
        self.account._transfer(self._account(other), 6, "move")
        invoice._sync_service_credits("payment")
        self.assertEqual(self.account.available, 4)
        self._use(other, 1, "job")
        with self.assertRaisesRegex(UserError, "only 9 are unused"):
            self._refund(invoice)
        self.payment.action_cancel()
        self.assertEqual((self._credits(self.client), self._credits(other)), (0, 0))
        self._pay(invoice)
        self.assertEqual(self._credits(self.client), 9)
        self.assertSound()

    def test_clients_merged(self):
        """Bought by one, merged into another: what is unused goes back from there."""
        other = self._make_client("Other")
        invoice = self._buy(2)
        self._use(self.client, 3, "job")
        self.env["base.partner.merge.automatic.wizard"].create(
            {
                "partner_ids": [(6, 0, (self.client | other).ids)],
                "dst_partner_id": other.id,
                "state": "option",
            }
        ).action_merge()
        self.assertEqual(self._credits(other), 17)
        invoice._sync_service_credits("payment")
        self.assertEqual(self._credits(other), 17)
        self._refund(invoice, 1)
        self.assertEqual(self._credits(other), 7)
        with self.assertRaisesRegex(UserError, "only 7 are unused"):
            self._refund(invoice, 1)
        self.assertSound()

    def test_cancelled_order_deleted(self):
        self.company.service_credit_grant_on = "order"
        order = self._sell(self.client, (self.pack10, 1))
        self._use(self.client, 3, "job")
        order._action_cancel()
        order.unlink()
        self.assertEqual(self.account.available, 0)
        self.assertEqual(self.account.lot_ids.spent, 3)
        self.assertSound()

    def test_adjustments_are_not_undone(self):
        """Credits that a manager took back by hand do not come again."""
        invoice = self._buy()
        self.account.lot_ids._revoke(3, "by hand")
        invoice._sync_service_credits("payment")
        self.assertEqual(self.account.available, 7)
