import random
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools import mute_logger

from .alert_common import AlertCase

ALERT = "odoo.addons.service_credits.models.service_credit_alert"
NOTICE = "odoo.addons.service_credits.models.service_credit_notice"


@tagged("post_install", "-at_install")
class TestAlertRule(AlertCase):
    """Who is told, and when: once per descent to the threshold, armed again above it."""

    def test_once_per_descent(self):
        self._give(10)
        hold = self._use(6)
        self.assertAlerts(0)
        crossing = self._use(1).entry_ids
        self.assertAlerts(1)
        self.assertEqual(
            (self._alerts().sequence, self._alerts().available, self._alerts().threshold),
            (crossing.sequence, 3, 3),
        )
        self.assertAlerts(1)
        self._use(2)
        self.assertAlerts(1)
        self._give(2)  # 3 again: not above
        self.assertAlerts(1)
        self._use(1)
        self.assertAlerts(1)
        hold._release(key=self._key())  # 8: armed again
        self.assertAlerts(1)
        self._use(5)
        self.assertAlerts(2)
        self.assertEqual(self._alerts()[1].available, 3)

    def test_every_way_down(self):
        """Taken back, transferred and revoked as well as reserved."""
        ways = (
            lambda lot: self.account._take_back(8, key=self._key()),
            lambda lot: self.account._transfer(self.other, 10, key=self._key()),
            lambda lot: lot._revoke(10, key=self._key()),
        )
        for told, way in enumerate(ways, 1):
            lot = self._give(10)
            way(lot)
            self.assertAlerts(told)

    def test_dip_that_is_over(self):
        self._give(10)
        hold = self._use(9)
        hold._release(key=self._key())
        self.assertAlerts(0)

    def test_risen_and_gone_down_between_two_looks(self):
        self._give(10)
        self._use(9)
        self.assertAlerts(1)
        self._give(10)
        self._use(10)
        self.assertAlerts(2)

    def test_work_priced_anew(self):
        """A new price of agreed work puts the old reservation back for an instant: no rise."""
        self._give(12)
        work = self.env["service.intervention"].create(
            {
                "partner_id": self.contact.id,
                "line_ids": [Command.create({"description": "Work", "credits": 10})],
            }
        )
        work._mark_quoted()
        work._accept(self.contact, work.revision)
        self.assertAlerts(1)
        work.action_revise()
        work.line_ids.credits = 11
        work._mark_quoted()
        work._accept(self.contact, work.revision)
        self.assertEqual(self.account.available, 1)
        kinds = self.account.entry_ids.sorted("sequence").mapped("kind")
        self.assertEqual(kinds, ["grant", "reserve", "release", "reserve"])
        self.assertAlerts(1)
        # Really put back, because the work is cancelled: that is a rise.
        work.action_cancel()
        self._use(11)
        self.assertAlerts(2)

    def test_never_had_or_only_given(self):
        self.assertAlerts(0)
        self._give(2)
        self.assertAlerts(0)
        self._use(1)
        self.assertAlerts(1)

    def test_threshold_raised_above_the_stock(self):
        """Nobody is told of a setting; the next credits that go are told."""
        self._give(10)
        self._use(2)
        with self._later():
            self.company.service_credit_alert_threshold = 9
            self.assertTrue(self.account.is_low)
            self.assertAlerts(0)
            self._use(1)
            self.assertAlerts(1)

    def test_own_threshold_raised_above_the_stock(self):
        self._give(10)
        self._use(2)
        with self._later():
            self.account.write({"alert_policy": "own", "alert_threshold_own": 9})
            self.assertAlerts(0)
            self._use(1)
            self.assertAlerts(1)
            self.assertEqual(self._alerts().threshold, 9)

    def test_threshold_raised_after_an_alert(self):
        """The client has been told already on the way down."""
        self._give(10)
        self._use(8)
        self.assertAlerts(1)
        with self._later():
            self.company.service_credit_alert_threshold = 9
            self._use(1)
            self.assertAlerts(1)

    def test_threshold_lowered(self):
        """A new threshold is a new one to cross."""
        self._give(10)
        self._use(8)
        self.assertAlerts(1)
        with self._later():
            self.company.service_credit_alert_threshold = 1
            self.assertAlerts(1)
            self._use(1)
            self.assertAlerts(2)

    def test_switched_on_late(self):
        """Who ran out long ago is not written to on the day alerts are switched on."""
        self.company.service_credit_alert = False
        self._give(10)
        self._use(9)
        self.assertAlerts(0)
        with self._later():
            self.company.service_credit_alert = True
            self.assertAlerts(0)
            self._use(1)
            self.assertAlerts(1)

    def test_saving_the_settings_unchanged_loses_nothing(self):
        self._give(10)
        self._use(9)
        with self._later():
            self.company.write({"service_credit_alert": True, "service_credit_alert_threshold": 3})
        self.assertAlerts(1)

    def test_ordered_already(self):
        """Who has bought credits that are on their way is not told, unless they fail to come."""
        self._give(10)
        order = self._order()
        self._use(9)
        self.assertEqual(self.account.pending, 10)
        self.assertAlerts(0)
        order._action_cancel()
        self.assertAlerts(1)

    def test_too_little_ordered(self):
        self._give(10)
        self.company.service_credit_alert_threshold = 12
        self._order()
        self._use(8)
        self.assertAlerts(1)

    def test_own_threshold(self):
        self.account.write({"alert_policy": "own", "alert_threshold_own": 0})
        self._give(10)
        self._use(9)
        self.assertFalse(self.account.is_low)
        self.assertAlerts(0)
        self._use(1)
        self.assertTrue(self.account.is_low)
        self.assertAlerts(1)

    def test_company_threshold_of_zero(self):
        self.company.service_credit_alert_threshold = 0
        self._give(5)
        self._use(4)
        self.assertAlerts(0)
        self._use(1)
        self.assertAlerts(1)

    def test_each_company_for_itself(self):
        company = self.env["res.company"].create({"name": "Second company"})
        self.assertTrue(company.service_credit_alert)
        self.assertEqual(company.service_credit_alert_threshold, 3)
        company.service_credit_alert_threshold = 7
        account = self.Account._for_partner(self.client, company)
        for stock in (self.account, account):
            self._give(10, stock)
            self._use(4, stock)
        self.assertAlerts(1, account)
        self.assertAlerts(0)

    def test_archived_and_merged(self):
        self._give(10)
        self._use(9)
        self.client.active = False
        self.assertAlerts(0)
        self.client.active = True
        self._give(10, self.other)
        self.account._merge_into(self.other)
        self.assertFalse(self.account.is_low)
        self.assertAlerts(0)
        self.assertAlerts(0, self.other)

    def _later(self):
        """A minute later: what was done before is past."""
        now = fields.Datetime.now() + timedelta(minutes=1)
        return patch.object(fields.Datetime, "now", lambda *args: now)

    # === Search === #

    def test_search_is_low(self):
        accounts = self.Account
        for available in (0, 3, 4, 8):
            for values in (
                {},
                {"alert_policy": "never"},
                {"alert_policy": "own", "alert_threshold_own": 4},
            ):
                client = self.env["res.partner"].create({"name": "Searched"})
                account = self.Account._for_partner(client)
                if available:
                    self._give(available, account)
                account.write(values)
                accounts |= account
        spent = accounts[0]
        self._give(1, spent)
        self._use(1, spent)
        low = accounts.filtered("is_low")
        self.assertEqual(
            sorted(low.mapped(lambda account: (account.alert_policy, account.available))),
            [("company", 0), ("company", 3), ("never", 3), ("own", 3), ("own", 4)],
        )
        mine = Domain("id", "in", accounts.ids)
        for domain, expected in (
            ([("is_low", "=", True)], low),
            ([("is_low", "!=", False)], low),
            ([("is_low", "=", False)], accounts - low),
            ([("is_low", "!=", True)], accounts - low),
            (["|", ("is_low", "=", True), ("available", "=", 8)],
             low | accounts.filtered(lambda account: account.available == 8)),
        ):  # fmt: skip
            with self.subTest(domain=domain):
                self.assertEqual(self.Account.search(mine & Domain(domain)), expected.sorted())
                self.assertEqual(accounts.filtered_domain(domain), expected)

    def test_account_opened_by_the_ledger(self):
        """The ledger opens accounts by SQL, which knows nothing of these columns."""
        account = self.Account._for_partner(self.env["res.partner"].create({"name": "New"}))
        self.assertEqual(
            (account.alert_policy, account.topup_quantity, account.statement_policy),
            ("company", 1, "company"),
        )
        self.assertFalse(account.is_low)

    # === Promptness === #

    def test_posting_wakes_the_scheduled_action(self):
        """Only the posting that brings the stock down to the threshold does."""
        self._give(10)
        cron = self.env.ref("service_credits.cron_alerts")

        def woken():
            return self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])

        before = woken()
        for quantity, expected in ((1, 0), (6, 1), (1, 1)):
            with self.subTest(quantity=quantity):
                self._use(quantity)
                self.assertEqual(woken() - before, expected)
        self.company.service_credit_alert = False
        self._give(10)
        self._use(10)
        self.assertEqual(woken() - before, 1)

    # === Batches === #

    def _many(self, count):
        accounts = self.Account
        for number in range(count):
            client = self.env["res.partner"].create(
                {"name": f"Client {number}", "email": f"client{number}@example.com"}
            )
            account = self.Account._for_partner(client)
            self._give(10, account)
            self._use(9, account)
            accounts |= account
        return accounts

    def test_stopped_between_batches(self):
        """Time is up after each batch: the next run goes on, nobody is told twice."""
        accounts = self._many(5)
        with (
            patch(f"{ALERT}.BATCH", 2),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: 0),
        ):
            for told in (2, 4, 5, 5):
                self.Alert._cron_alerts()
                self.assertEqual(
                    self.Alert.search_count([("account_id", "in", accounts.ids)]), told
                )

    def test_one_broken_client(self):
        """One client's alert fails: the others are told, it is tried again."""
        accounts = self._many(3)
        tell_one = type(self.Alert)._tell_one

        def broken(alert):
            if alert.account_id == accounts[1]:
                raise ValueError("broken")
            tell_one(alert)

        with patch.object(type(self.Alert), "_tell_one", broken), mute_logger(NOTICE):
            self._look()
        self.assertEqual(
            self.Alert.search([("account_id", "in", accounts.ids)]).account_id,
            accounts - accounts[1],
        )
        self._look()
        self.assertEqual([len(self._alerts(account)) for account in accounts], [1, 1, 1])

    # === A random story, against the rule written plainly === #

    def test_any_story(self):
        """Ten clients, many movements and looks: as many alerts as a plain reading of the rule."""
        rng = random.Random(20260717)
        accounts = self._many(10)
        self.company.service_credit_alert = False  # the beginning is not of this story
        now = fields.Datetime.now() + timedelta(minutes=1)
        with patch.object(fields.Datetime, "now", lambda *args: now):
            self.company.service_credit_alert = True
            due = dict.fromkeys(accounts, False)
            armed = dict.fromkeys(accounts, True)
            expected = dict.fromkeys(accounts, 0)
            for _step in range(250):
                account = rng.choice(accounts)
                stock = account.available
                if rng.random() < 0.4 or not stock:
                    self._give(rng.randint(1, 6), account)
                else:
                    self._use(rng.randint(1, stock), account)
                if account.available > 3:
                    armed[account], due[account] = True, False
                elif account.available < stock and armed[account]:
                    due[account] = True
                if rng.random() < 0.2:
                    self._look()
                    for one in accounts.filtered(lambda one: due[one]):
                        expected[one] += 1
                        due[one] = armed[one] = False
                    self.assertEqual({one: len(self._alerts(one)) for one in accounts}, expected)
        self.assertGreater(sum(expected.values()), 20)
