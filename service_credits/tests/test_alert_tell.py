from datetime import timedelta
from html import unescape

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .alert_common import AlertCase


@tagged("post_install", "-at_install")
class TestAlertTell(AlertCase):
    """What an alert brings: mails, an activity, a quotation to confirm."""

    def _run_low(self, left=2):
        """The stock comes down, and the alert leaves."""
        self._give(10 + left)
        self._use(self.account.available - left)
        self._look()
        return self._alerts()[-1]

    # === Mails === #

    def test_mail(self):
        alert = self._run_low()
        mail = self._mails()
        self.assertEqual((len(mail), mail.state), (1, "outgoing"))
        self.assertEqual(mail.recipient_ids, self.portal.partner_id)
        self.assertEqual(alert.recipient_ids, self.portal.partner_id)
        self.assertIn(f"{self.company.name}: 2 credits left", mail.subject)
        body = " ".join(mail.body_html.split())
        for words in (
            "Hello sc_portal", "<strong>Acme</strong> are running low", ">2</span>",
            "Reserved for agreed work", ">10</span>", "comes down to 3 credits",
            "/my/credits/order", "/my/credits/preferences",
        ):  # fmt: skip
            self.assertIn(words, body)

    def test_words_for_none_and_one(self):
        self._run_low(left=1)
        self._run_low(left=0)
        subjects = self._mails().mapped("subject")
        self.assertIn("1 credit left", subjects[0])
        self.assertIn("no credits left", subjects[1])

    def test_each_in_their_language(self):
        french = new_test_user(self.env, "sc_french", "base.group_portal")
        french.partner_id.write({"parent_id": self.client.id, "email": "fr@acme.example.com"})
        french.partner_id.lang = "fr_FR"
        self._run_low()
        english, in_french = self._mails().sorted(
            lambda mail: mail.recipient_ids == french.partner_id
        )
        self.assertEqual(in_french.recipient_ids, french.partner_id)
        self.assertIn("2 credits left", english.subject)
        self.assertIn("Hello", english.body_html)
        self.assertIn("il reste 2 crédits", in_french.subject)
        body = unescape(in_french.body_html)
        self.assertIn("Bonjour", body)
        self.assertIn("Commander des crédits", body)
        self.assertNotIn("Hello", body)

    def test_who_is_told(self):
        """Contacts with access to the portal who may see and order; else the client; else the
        first contact with an address."""
        readers = self.account._get_stock_readers
        partner = self.portal.partner_id
        self.assertEqual(readers(may_order=True), partner)
        partner.service_credit_may_order = False
        self.assertEqual(readers(), partner)
        self.assertEqual(readers(may_order=True), self.contact)
        self.client.email = "acme@example.com"
        self.assertEqual(readers(may_order=True), self.client)
        partner.write({"service_credit_may_order": True, "service_credit_may_see": False})
        self.assertEqual(readers(may_order=True), self.client)
        self.assertEqual(readers(), self.client)
        partner.service_credit_may_see = True
        self.portal.active = False
        self.assertEqual(readers(), self.client)
        (self.client | self.contact | partner).email = False
        self.assertFalse(readers())

    def test_nobody_to_write_to(self):
        """The alert is recorded and the salesperson told."""
        (self.contact | self.portal.partner_id).email = False
        alert = self._run_low()
        self.assertFalse(alert.recipient_ids)
        self.assertFalse(self._mails())
        self.assertEqual(len(self._activities()), 1)

    def test_client_who_wants_no_mail(self):
        self.account.write({"alert_policy": "never", "topup_product_id": self.pack.id})
        alert = self._run_low()
        self.assertFalse(self._mails())
        self.assertFalse(alert.order_id)
        self.assertEqual(self._activities().user_id, self.user)

    def test_mail_queue_is_woken(self):
        queue = self.env.ref("mail.ir_cron_mail_scheduler_action")
        self.env["ir.cron.trigger"].search([("cron_id", "=", queue.id)]).unlink()
        self._run_low()
        self.assertTrue(self.env["ir.cron.trigger"].search_count([("cron_id", "=", queue.id)]))

    # === Activity === #

    def test_activity(self):
        self._run_low()
        activity = self._activities()
        self.assertEqual(activity.user_id, self.user)
        self.assertEqual(activity.date_deadline, fields.Date.context_today(activity))
        self.assertIn("2 credits left; the threshold is 3 credits", activity.note)
        self.assertEqual(self._alerts().user_id, self.user)

    def test_activity_is_renewed_not_doubled(self):
        self._run_low()
        self._run_low(left=1)
        self.assertEqual(len(self._alerts()), 2)
        activity = self._activities()
        self.assertEqual(len(activity), 1)
        self.assertIn("1 credit left", activity.note)

    def test_activity_goes_when_the_stock_rises(self):
        self._run_low()
        self._look()
        self.assertEqual(len(self._activities()), 1)
        self._give(10)
        self._look()
        self.assertFalse(self._activities())

    def test_no_salesperson(self):
        self.client.user_id = False
        alert = self._run_low()
        self.assertFalse(alert.user_id)
        self.assertEqual(len(self._mails()), 1)
        self.client.user_id = self.user
        self.user.active = False
        alert = self._run_low()
        self.assertFalse(alert.user_id)
        self.assertFalse(self._activities())

    def test_salesperson_who_may_not_read_the_client(self):
        company = self.env["res.company"].create({"name": "Second company"})
        self.client.user_id = new_test_user(
            self.env, "sc_elsewhere", "service_credits.group_user",
            company_id=company.id, company_ids=[(6, 0, company.ids)],
        )  # fmt: skip
        self.client.company_id = self.company
        alert = self._run_low()
        self.assertFalse(alert.user_id)
        self.assertEqual(len(self._mails()), 1)

    # === Top-up === #

    def test_topup_once(self):
        self.account.write({"topup_product_id": self.pack.id, "topup_quantity": 2})
        alert = self._run_low()
        order = alert.order_id
        self.assertEqual(
            (order.state, order.partner_id, order.service_credits_bought, order.amount_total),
            ("sent", self.client, 20, 1700.0),
        )
        self.assertTrue(order._has_to_be_signed())
        body = unescape(self._mails().body_html)
        self.assertIn(order.get_portal_url(), body)
        self.assertIn("2 × Pack of 10", body)
        self.assertIn(order.name, self._activities().note)
        # Open still: the next alert leads to the same.
        again = self._run_low(left=1)
        self.assertEqual(again.order_id, order)
        self.assertEqual(self._orders(), order)
        # Confirmed, and not paid: they are on their way.
        order.action_confirm()
        self._give(10)
        self._use(9)
        self.assertAlerts(2)
        # Used up all the same: a new one.
        self.company.service_credit_alert_threshold = 30
        self._give(40)
        self._use(40)
        self.assertAlerts(3)
        self.assertEqual(len(self._orders()), 2)

    def _orders(self):
        return self.env["sale.order"].search([("partner_id", "child_of", self.client.id)])

    def test_topup_after_the_first_expired(self):
        self.account.topup_product_id = self.pack
        first = self._run_low().order_id
        first.validity_date = fields.Date.today() - timedelta(days=1)
        second = self._run_low().order_id
        self.assertTrue(second)
        self.assertNotEqual(first, second)
        first.validity_date = second.validity_date = False
        second._action_cancel()
        self.assertEqual(self._run_low().order_id, first)

    def test_topup_can_always_be_confirmed(self):
        """Where the company asks for neither signature nor payment, the quotation is to be
        signed: it must not confirm itself, and the client must have a button."""
        self.company.portal_confirmation_sign = False
        self.account.topup_product_id = self.pack
        order = self._run_low().order_id
        self.assertEqual(order.state, "sent")
        self.assertTrue(order._has_to_be_signed())

    def test_topup_that_cannot_be_quoted(self):
        """The pack is no longer sold: the alert leaves, the salesperson reads why."""
        self.account.topup_product_id = self.pack
        self.pack.sale_ok = False
        alert = self._run_low()
        self.assertFalse(alert.order_id)
        self.assertFalse(self._orders())
        self.assertEqual(len(self._mails()), 1)
        self.assertIn("not a pack of service credits on sale", self._activities().note)

    def test_no_topup_when_the_company_offers_none(self):
        self.account.topup_product_id = self.pack
        self.company.service_credit_topup = False
        self.assertFalse(self._run_low().order_id)

    def test_choices_are_checked(self):
        other = self.env["product.product"].create({"name": "No pack"})
        for values in (
            {"topup_product_id": other.id},
            {"topup_product_id": self.pack.id, "topup_quantity": 0},
            {"topup_product_id": self.pack.id, "topup_quantity": 1000},
            {"alert_policy": "own", "alert_threshold_own": -1},
        ):
            with self.subTest(values=values), self.assertRaises(UserError):
                self.account.write(values)

    def test_told_once_by_two_at_work(self):
        """A client told in this run is not told by the run beside it: the row is unique."""
        self._give(10)
        self._use(9)
        crossings = self.Alert._find_crossings()
        own = [row for row in crossings if row["account_id"] == self.account.id]
        self.assertEqual(len(self.Alert._tell(own)), 1)
        self.assertEqual(len(self.Alert._tell(own)), 0)
        self.assertEqual(len(self._mails()), 1)

    # === Rights === #

    def test_rights(self):
        alert = self._run_low()
        self.assertTrue(alert.with_user(self.user).read(["available"]))
        self.assertTrue(alert.with_user(self.accountant).read(["available"]))
        for user in (self.portal, self.other_portal, self.employee):
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    alert.with_user(user).read(["available"])
                with self.assertRaises(AccessError):
                    self.account.with_user(user).write({"alert_policy": "never"})
        for values in ({"available": 99}, {"date": fields.Datetime.now()}):
            with self.assertRaises(AccessError):
                alert.with_user(self.manager).write(values)
        with self.assertRaises(AccessError):
            alert.with_user(self.manager).unlink()
        with self.assertRaises(AccessError):
            self.account.with_user(self.user).write({"alert_policy": "never"})
        account = self.account.with_user(self.manager)
        account.write({"alert_policy": "own", "alert_threshold_own": 8})
        self.assertEqual(self.account.alert_threshold, 8)
        with self.assertRaises(UserError):
            account.write({"alert_threshold_own": 8, "available": 99})
        self.assertSound()

    def test_other_companies_alerts_are_not_seen(self):
        company = self.env["res.company"].create({"name": "Second company"})
        account = self.Account._for_partner(self.client, company)
        self._give(10, account)
        self._use(9, account)
        self.assertAlerts(1, account)
        self.assertFalse(self.Alert.with_user(self.manager).search([]) & self._alerts(account))
        with self.assertRaises(AccessError):
            self._alerts(account).with_user(self.manager).read(["available"])
