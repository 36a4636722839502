from odoo.exceptions import UserError
from odoo.tests import tagged

from .common_intervention import InterventionCase


@tagged("post_install", "-at_install")
class TestInterventionWaiting(InterventionCase):
    """Too few credits: ordered, waited for, and reserved by themselves, first come first served."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["product.template"].search([("service_credits", ">", 0)]).sale_ok = False
        cls.env.company.service_credit_grant_on = "order"
        cls.env.company.portal_confirmation_sign = True
        cls.env.company.portal_confirmation_pay = False
        for credits, price in ((5, 50), (10, 90), (1, 20)):
            cls.env["product.template"].create(
                {
                    "name": f"Pack of {credits}", "type": "service", "list_price": price,
                    "service_credits": credits, "sale_ok": True, "taxes_id": False,
                }
            )  # fmt: skip

    def _wait(self, credits):
        intervention = self._make_quotation(credits)
        order = intervention._accept_and_order(self.contact, intervention.revision)
        return intervention, order

    def _confirm(self, order):
        order.sudo().action_confirm()

    def test_ordered_then_reserved(self):
        intervention, order = self._wait(14)
        self.assertEqual(intervention.state, "awaiting_credits")
        self.assertEqual(intervention.sale_order_id, order)
        # 4 missing: a pack of 5 at 50, not four of 1 at 80
        self.assertEqual(order.service_credits_bought, 5)
        self.assertEqual(order.amount_untaxed, 50)
        self.assertBalance(self.account, 10)
        self._confirm(order)
        self.assertEqual(intervention.state, "accepted")
        self.assertBalance(self.account, 1, 14)
        self.assertEqual(
            intervention.decision_ids.sorted("id").mapped("decision"), ["ordered", "reserved"]
        )
        self.assertSound()

    def test_enough_after_all(self):
        intervention = self._make_quotation(10)
        order = intervention._accept_and_order(self.contact, intervention.revision)
        self.assertFalse(order)
        self.assertEqual(intervention.state, "accepted")

    def test_first_come_first_served(self):
        first, order_one = self._wait(20)
        second, order_two = self._wait(11)
        # the second orders for itself, without counting on what the first needs
        self.assertEqual(order_one.service_credits_bought, 10)
        self.assertEqual(order_two.service_credits_bought, 11)
        self.account._grant(5, key="test:more", reason="A little")
        self.account._credits_arrived()
        # 15 would do for the second: it is not served before the first
        self.assertEqual((first.state, second.state), ("awaiting_credits",) * 2)
        self._confirm(order_two)
        self.assertEqual((first.state, second.state), ("accepted", "awaiting_credits"))
        self._confirm(order_one)
        self.assertEqual(second.state, "accepted")
        self.assertBalance(self.account, 5, 31)
        self.assertSound()

    def test_later_ones_leave_what_the_first_counts_on(self):
        first, order = self._wait(14)  # 10 are there, a pack of 5 is ordered: 9 are kept
        small = self._make_quotation(1)
        self.assertEqual(small.stock_claimed, 9)
        small._accept(self.contact, small.revision)
        self.assertBalance(self.account, 9, 1)
        large = self._make_quotation(2)
        with self.assertRaisesRegex(UserError, "9 of them are kept .* 2 are missing"):
            large._accept(self.contact, large.revision)
        self.assertEqual(large.state, "quoted")
        large_order = large._accept_and_order(self.contact, large.revision)
        self.assertEqual(large_order.service_credits_bought, 2)
        with self.assertRaisesRegex(UserError, "2 are missing"):
            large.with_user(self.user).action_reserve_credits()
        self._confirm(order)
        self.assertEqual((first.state, large.state), ("accepted", "awaiting_credits"))
        self._confirm(large_order)
        self.assertEqual(large.state, "accepted")
        self.assertBalance(self.account, 0, 17)
        self.assertSound()

    def test_nothing_is_kept_once_the_wait_ends(self):
        first, order = self._wait(14)
        second = self._make_quotation(10)
        self.assertEqual(second.stock_claimed, 9)
        order.sudo()._action_cancel()
        second.invalidate_recordset()
        self.assertEqual(second.stock_claimed, 0)
        second._accept(self.contact, second.revision)
        self.assertEqual((first.state, second.state), ("quoted", "accepted"))

    def test_another_client_is_not_concerned(self):
        self._wait(14)
        account = self.env["service.credit.account"]._for_partner(self.other_client)
        account._grant(2, key="test:other", reason="Start")
        self.other_client.email = "other@example.com"
        theirs = self._make_quotation(2, self.other_client)
        self.assertEqual(theirs.stock_claimed, 0)
        theirs._accept(self.other_client, theirs.revision)
        self.assertEqual(theirs.state, "accepted")

    def test_cancelled_order_releases_the_wait(self):
        intervention, order = self._wait(14)
        order.sudo()._action_cancel()
        self.assertEqual(intervention.state, "quoted")
        self.assertFalse(intervention.sale_order_id)
        self.assertEqual(intervention.decision_ids[0].decision, "released")
        # and may be accepted and ordered again
        order = intervention._accept_and_order(self.contact, intervention.revision)
        self._confirm(order)
        self.assertEqual(intervention.state, "accepted")

    def test_deleted_order_releases_the_wait(self):
        intervention, order = self._wait(14)
        order.sudo().state = "draft"
        order.sudo().unlink()
        self.assertEqual(intervention.state, "quoted")

    def test_credits_released_by_another_serve(self):
        held = self._in_state("accepted", 8)
        intervention, _order = self._wait(10)
        held.action_cancel()
        self.assertEqual(intervention.state, "accepted")
        self.assertBalance(self.account, 0, 10)

    def test_may_not_order(self):
        self.contact.service_credit_may_order = False
        intervention = self._make_quotation(14)
        with self.assertRaisesRegex(UserError, "orders credits"):
            intervention._accept_and_order(self.contact, intervention.revision)
        self.assertEqual(intervention.state, "quoted")

    def test_no_pack_on_sale(self):
        self.env["product.template"].search([("service_credits", ">", 0)]).sale_ok = False
        intervention = self._make_quotation(14)
        with self.assertRaises(UserError):
            intervention._accept_and_order(self.contact, intervention.revision)
        self.assertEqual(intervention.state, "quoted")
        self.assertFalse(intervention.decision_ids)

    def test_confirmed_at_once(self):
        """Where an order needs neither signature nor payment, the credits are there at once."""
        self.env.company.portal_confirmation_sign = False
        intervention, order = self._wait(14)
        self.assertEqual(order.state, "sale")
        self.assertEqual(intervention.state, "accepted")
        self.assertBalance(self.account, 1, 14)

    def test_reserve_now(self):
        intervention, _order = self._wait(14)
        with self.assertRaisesRegex(UserError, "4 are missing"):
            intervention.with_user(self.user).action_reserve_credits()
        self.account._grant(4, key="test:more", reason="Gift")
        intervention.with_user(self.user).action_reserve_credits()
        self.assertEqual(intervention.state, "accepted")

    def test_withdraw_while_waiting(self):
        intervention, _order = self._wait(14)
        intervention._withdraw(self.contact)
        self.assertEqual(intervention.state, "cancelled")
        self.account._grant(4, key="test:more", reason="Gift")
        self.account._credits_arrived()
        self.assertEqual(intervention.state, "cancelled")
        self.assertBalance(self.account, 14)

    def test_more_work_awaits_credits(self):
        """A new revision of agreed work that needs more than there is: the old one stays held."""
        intervention = self._in_state("in_progress", 8)
        intervention.action_revise()
        intervention.line_ids.credits = 14
        intervention._send_quotation()
        order = intervention._accept_and_order(self.contact, intervention.revision)
        self.assertEqual(order.service_credits_bought, 5)
        self.assertEqual(intervention.state, "awaiting_credits")
        self.assertBalance(self.account, 2, 8)
        self._confirm(order)
        self.assertEqual(intervention.state, "in_progress")
        self.assertBalance(self.account, 1, 14)
        self.assertSound()

    def test_more_work_taken_back(self):
        """The wait for the credits of a new revision is taken back, then the revision refused:
        the work goes on as agreed before, its credits still held."""
        intervention = self._in_state("in_progress", 8)
        intervention.action_revise()
        intervention.line_ids.credits = 14
        intervention._send_quotation()
        intervention._accept_and_order(self.contact, intervention.revision)
        intervention._undo_acceptance(self.contact)
        self.assertEqual(intervention.state, "quoted")
        self.assertBalance(self.account, 2, 8)
        intervention._refuse(self.contact, intervention.revision)
        self.assertEqual((intervention.state, intervention.credits), ("in_progress", 8))
        self.assertEqual(intervention.held_credits, 8)
        intervention._deliver()
        self.assertBalance(self.account, 2)
