from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.service_credits.tests.buying_common import BuyingCase
from odoo.addons.service_credits.tests.common import ServiceCreditsCase

NOW = "2026-06-15 12:00:00"


class DashboardCase:
    """What both ledgers below are asked: does each figure equal the list behind it?"""

    def _figures(self, user=None, period="month", **context):
        Dashboard = self.env["service.credit.dashboard"].with_user(user or self.manager)
        context = {"allowed_company_ids": self.company.ids, **context}
        return Dashboard.with_context(**context).action_get_figures(period)

    def _tiles(self, figures):
        return {tile["key"]: tile for part in figures["sections"] for tile in part["tiles"]}

    def _values(self, figures):
        return {key: tile["value"] for key, tile in self._tiles(figures).items()}

    def _behind(self, action, measure, user):
        """What the list that an action opens adds up to."""
        self.env.invalidate_all()  # a report's rows stay in the cache of this one transaction
        records = (
            self.env[action["res_model"]]
            .with_user(user)
            .with_context(allowed_company_ids=self.company.ids, **action["context"])
            .search(action["domain"])
        )
        return len(records) if measure == "__count" else sum(records.mapped(measure))

    def assertFiguresHold(self, figures, user=None):
        user = user or self.manager
        for key, tile in self._tiles(figures).items():
            with self.subTest(tile=key):
                found = self._behind(tile["action"], tile["measure"], user)
                self.assertAlmostEqual(found, tile["value"], places=2)
        for name in ("types", "ages"):
            for bar in figures["charts"][name]["bars"]:
                with self.subTest(chart=name, bar=bar["label"]):
                    found = self._behind(bar["action"], bar["measure"], user)
                    self.assertEqual(found, bar["value"])
        months = figures["charts"]["months"]
        for series in months["series"]:
            for label, bar in zip(months["labels"], series["bars"], strict=True):
                with self.subTest(month=label, series=series["key"]):
                    action = {**months["action"], "domain": bar["domain"]}
                    found = self._behind(action, series["key"], user)
                    self.assertEqual(found, bar["value"])
        for name, rows in figures["lists"].items():
            with self.subTest(list=name):
                self.assertEqual(self._behind(rows["action"], "__count", user), rows["count"])


@tagged("post_install", "-at_install")
class TestDashboard(DashboardCase, ServiceCreditsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(NOW))
        cls.company = cls.env["res.company"].create({"name": "Fresh"})
        cls.env.user.company_ids |= cls.company
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.company.ids})
        cls.Account = cls.Account.with_env(cls.env)
        cls._make_users()
        cls.manager.group_ids |= cls.env.ref("sales_team.group_sale_manager")
        cls.everyone = cls.user | cls.manager | cls.accountant | cls.employee
        cls.everyone.write(
            {"company_ids": [Command.link(cls.company.id)], "company_id": cls.company.id}
        )
        cls.client.email = cls.contact.email = "ann@example.com"
        cls.account = cls.Account._for_partner(cls.client, cls.company)
        cls.other = cls.Account._for_partner(cls.other_client, cls.company)
        cls.kind = cls.env.ref("service_credits.service_intervention_type_report")

    def _live(self):
        self.account._grant(20, "buy", origin="purchase", value=1600, date=datetime(2026, 6, 2))
        self.account._grant(10, "old", origin="purchase", value=850, date=datetime(2025, 9, 2))
        self.account._grant(4, "gift", origin="loyalty", date=datetime(2026, 5, 10))
        self.other._grant(3, "open", origin="opening", value=90, date=datetime(2023, 5, 1))
        work = self._make_work(6, send=True)
        work._accept(self.contact, work.revision)
        work._deliver(5)
        with freeze_time("2026-03-05 10:00:00"):
            self.other._reserve(2, "direct")._consume(key="direct:use")
        self.other._take_back(1, "back")
        self.account._reserve(3, "next")

    def _make_work(self, credits=0, send=False, **values):
        lines = [Command.create({"description": "Work", "credits": credits})] if credits else []
        work = self.env["service.intervention"].create(
            {
                "partner_id": self.contact.id, "type_id": self.kind.id, "subject": "Work",
                "company_id": self.company.id, "line_ids": lines, **values,
            }
        )  # fmt: skip
        if send:
            work._send_quotation()
        return work

    def test_figures(self):
        self._live()
        values = self._values(self._figures(period="month"))
        self.assertEqual(
            {key: values[key] for key in ("outstanding", "free_outstanding", "reserved", "value")},
            {"outstanding": 29, "free_outstanding": 0, "reserved": 3, "value": 20 * 80 + 9 * 85},
        )
        self.assertEqual(
            {key: values[key] for key in ("sold", "free", "used", "given_back", "taken_back")},
            {"sold": 20, "free": 0, "used": 5, "given_back": 0, "taken_back": 1},
        )
        values = self._values(self._figures(period="twelve_months"))
        self.assertEqual((values["sold"], values["free"], values["used"]), (30, 4, 7))

    def test_each_figure_is_its_list(self):
        self._live()
        self._make_work()
        self._make_work(2, send=True, validity_date=fields.Date.today() + timedelta(days=3))
        late = self._make_work(1, send=True)
        late._accept(self.contact, late.revision)
        late.deadline = fields.Date.today() - timedelta(days=1)
        for period in ("month", "three_months", "year", "twelve_months"):
            self.assertFiguresHold(self._figures(period=period))
        values = self._values(self._figures())
        self.assertEqual(
            [values[key] for key in ("to_price", "to_decide", "awaiting", "overdue")], [1, 1, 0, 1]
        )

    def test_periods_begin_where_the_user_is(self):
        """Half past eleven in the evening of 31 May in London is June in Paris already."""
        self.account._grant(
            7, "late", origin="purchase", value=70, date=datetime(2026, 5, 31, 22, 30)
        )
        for zone, sold in (("Europe/Paris", 7), ("UTC", 0)):
            figures = self._figures(period="month", tz=zone)
            self.assertEqual(self._values(figures)["sold"], sold, zone)
            months = figures["charts"]["months"]["series"][0]["bars"]
            self.assertEqual([bar["value"] for bar in months[-2:]], [7 - sold, sold], zone)
            for bar in months[-2:]:
                action = {**figures["charts"]["months"]["action"], "domain": bar["domain"]}
                self.assertEqual(self._behind(action, "sold", self.manager), bar["value"], zone)

    def test_an_unknown_period_is_the_first(self):
        self.assertEqual(self._figures(period="'; DROP TABLE")["period"], "month")

    def test_months_and_types(self):
        self._live()
        charts = self._figures(period="twelve_months")["charts"]
        sold, free, used = (
            [bar["value"] for bar in series["bars"]] for series in charts["months"]["series"]
        )
        self.assertEqual(len(sold), 12)
        self.assertEqual((sold[-1], sold[2], sum(sold)), (20, 10, 30))
        self.assertEqual((free[-2], sum(free)), (4, 4))
        self.assertEqual((used[-1], used[-4], sum(used)), (5, 2, 7))
        bars = {bar["label"]: bar["value"] for bar in charts["types"]["bars"]}
        self.assertEqual(bars, {"Report": 5, "Without intervention": 2})
        ages = [bar["value"] for bar in charts["ages"]["bars"]]
        self.assertEqual(sum(ages), 29)
        self.assertEqual(ages, [20, 9, 0, 0])

    def test_who_runs_out_and_what_expires(self):
        self._live()
        self.company.service_credit_alert_threshold = 1
        today = fields.Date.today()
        soon = self._make_work(2, send=True, validity_date=today + timedelta(days=7))
        self._make_work(2, send=True, validity_date=today + timedelta(days=8))
        lists = self._figures()["lists"]
        self.assertEqual([row["name"] for row in lists["low"]["rows"]], ["Beta"])
        self.assertEqual([row["id"] for row in lists["expiring"]["rows"]], soon.ids)
        self.assertEqual(lists["low"]["rows"][0]["detail"], "nothing left")
        self.company.service_credit_alert_threshold = 1000
        self.assertEqual(self._figures()["lists"]["low"]["count"], 2)

    def test_empty(self):
        figures = self._figures()
        self.assertTrue(figures["empty"])
        self.assertEqual(set(self._values(figures).values()), {0})
        self.account._grant(1, "first")
        self.assertFalse(self._figures()["empty"])

    def test_rights(self):
        for user in (self.employee, self.portal):
            # refused by the dashboard itself, before any figure is read
            with self.assertRaisesRegex(AccessError, "dashboard of service credits"):
                self.env["service.credit.dashboard"].with_user(user).action_get_figures()
        self._live()
        for user in (self.user, self.manager, self.accountant):
            self.assertEqual(self._values(self._figures(user))["outstanding"], 29)

    def test_an_accountant_sees_no_interventions(self):
        """Only what leads somewhere: no intervention, and the rest as everyone."""
        self._live()
        figures = self._figures(self.accountant, period="twelve_months")
        self.assertEqual([part["key"] for part in figures["sections"]], ["stock", "period"])
        self.assertNotIn("expiring", figures["lists"])
        labels = [bar["label"] for bar in figures["charts"]["types"]["bars"]]
        self.assertEqual(labels, ["Report", "Without intervention"])

    def test_a_list_that_the_user_may_not_read_is_not_offered(self):
        self.assertFalse(self._tiles(self._figures(self.user))["pending"]["action"])

    def test_chosen_companies_only(self):
        self._live()
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        there = self.Account._for_partner(self.client, elsewhere)
        there._grant(50, "there", origin="purchase", value=500)
        self.manager.company_ids |= elsewhere
        self.assertEqual(self._values(self._figures())["outstanding"], 29)
        both = self._figures(allowed_company_ids=[self.company.id, elsewhere.id])
        self.assertEqual(self._values(both)["outstanding"], 79)
        stranger = new_test_user(
            self.env, "sc_stranger", "service_credits.group_manager",
            company_id=elsewhere.id, company_ids=[Command.set(elsewhere.ids)],
        )  # fmt: skip
        alone = self._figures(stranger, allowed_company_ids=elsewhere.ids)
        self.assertEqual(self._values(alone)["outstanding"], 50)

    def test_values_in_one_currency(self):
        """Two companies, two currencies: added up in that of the current company."""
        self._live()
        currency = self.env["res.currency"].create({"name": "DBL", "symbol": "D"})
        self.env["res.currency.rate"].create(
            {"name": "2026-01-01", "currency_id": currency.id, "rate": 2.0,
             "company_id": self.company.id}
        )  # fmt: skip
        elsewhere = self.env["res.company"].create(
            {"name": "Elsewhere", "currency_id": currency.id}
        )
        self.manager.company_ids |= elsewhere
        there = self.Account._for_partner(self.client, elsewhere)
        there._grant(10, "there", origin="purchase", value=100)
        both = self._figures(allowed_company_ids=[self.company.id, elsewhere.id])
        self.assertAlmostEqual(self._values(both)["value"], 20 * 80 + 9 * 85 + 50)

    def test_queries_do_not_grow(self):
        """The same number of queries for a handful of clients and for dozens."""
        self._live()
        self._make_work(2, send=True, validity_date=fields.Date.today() + timedelta(days=2))

        def count():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._figures(period="twelve_months")
            return self.env.cr.sql_log_count - before

        count()  # what Odoo keeps in its caches afterwards
        few = count()
        clients = self.env["res.partner"].create(
            [{"name": f"Client {number}", "is_company": True} for number in range(30)]
        )
        accounts = self.Account._for_partners(clients, self.company)
        accounts._grant(9, "many", origin="purchase", value=900)
        for account in accounts:
            account._reserve(8, f"w:{account.id}")._consume(key=f"w:{account.id}:use")
        for _number in range(15):
            self._make_work(2, send=True, validity_date=fields.Date.today() + timedelta(days=2))
        self.assertEqual(count(), few)


@tagged("post_install", "-at_install")
class TestDashboardPending(DashboardCase, BuyingCase):
    """What is bought and waits, whatever its way: the same as on each client's account."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "sc_manager",
            "service_credits.group_manager,sales_team.group_sale_manager,"
            "account.group_account_manager",
            company_id=cls.company.id, company_ids=[Command.set(cls.company.ids)],
        )  # fmt: skip

    def _pending(self):
        figures = self._figures()
        self.assertFiguresHold(figures)
        values = self._values(figures)
        pending = values["pending"], values.get("pending_invoices", 0)
        accounts = self.Account.search([("company_id", "=", self.company.id)])
        accounts.invalidate_recordset(["pending"])
        self.assertEqual(sum(pending), sum(accounts.mapped("pending")))
        return pending

    def test_pending_of_every_way(self):
        self.company.service_credit_grant_on = "payment"
        clients = [self._make_client(f"Client {number}") for number in range(6)]
        for client in clients:
            self._account(client)
        self.assertEqual(self._pending(), (0, 0))
        quoted = self._quote(clients[0], (self.pack10, 1))
        self.assertEqual(self._pending(), (0, 0))
        quoted.action_confirm()
        self.assertEqual(self._pending(), (10, 0))
        invoice = self._invoice(quoted)
        self.assertEqual(self._pending(), (10, 0))
        self._pay(invoice, amount=100)
        self.assertEqual(self._pending(), (10, 0))
        self._pay(invoice)
        self.assertEqual(self._pending(), (0, 0))
        note = self._refund(invoice)  # all of it goes back: nothing waits
        self.assertEqual((self._pending(), note.state), ((0, 0), "posted"))

        bill = self._bill(clients[1], (self.pack5, 2))
        self.assertEqual(self._pending(), (0, 10))
        self._pay(bill)
        self.assertEqual(self._pending(), (0, 0))
        typed = self._bill(clients[2], (self.pack5, 4))
        self._refund(typed, quantity=1)
        self.assertEqual(self._pending(), (0, 15))

        part = self._sell(clients[3], (self.pack10, 3))
        self._pay(self._invoice(part))
        part.order_line.product_uom_qty = 5
        self.assertEqual(self._pending(), (20, 15))
        # used credits and credits taken back by hand wait for nothing
        self._use(clients[3], 12, "work")
        self._account(clients[3])._take_back(5, "back")
        self.assertEqual(self._pending(), (20, 15))

        dozen = self.env.ref("uom.product_uom_dozen")
        self._sell(clients[4], (self.pack5, 1, {"product_uom_id": dozen.id}))
        self.assertEqual(self._pending(), (80, 15))
        gone = self._sell(clients[5], (self.pack5, 1))
        self.assertEqual(self._pending(), (85, 15))
        gone._action_cancel()
        self.assertEqual(self._pending(), (80, 15))

    def test_pending_of_a_part_of_a_dozen(self):
        self.company.service_credit_grant_on = "payment"
        client = self._make_client()
        self._account(client)
        dozen = self.env.ref("uom.product_uom_dozen")
        order = self._sell(client, (self.pack5, 1, {"product_uom_id": dozen.id}))
        invoice = order._create_invoices()
        invoice.invoice_line_ids.quantity = 0.5
        invoice.action_post()
        self._pay(invoice)
        self.assertEqual(self._credits(client), 30)
        self.assertEqual(self._pending(), (30, 0))

    def test_a_client_without_account_waits_too(self):
        self.company.service_credit_grant_on = "payment"
        client = self._make_client("New")
        order = self._sell(client, (self.pack10, 2))
        self.assertFalse(self.Account._find(client, self.company))
        tile = self._tiles(self._figures())["pending"]
        self.assertEqual((tile["value"], tile["action"]["domain"]), (20, [("id", "in", order.ids)]))

    def test_queries_do_not_grow_with_what_is_pending(self):
        """Orders, orders invoiced and invoices without an order that wait: few or many."""
        self.company.service_credit_grant_on = "payment"

        def wait(number):
            for _number in range(number):
                client = self._make_client()
                self._sell(client, (self.pack10, 1))
                self._invoice(self._sell(client, (self.pack10, 2)))
                self._bill(client, (self.pack5, 1))

        def count():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._figures()
            return self.env.cr.sql_log_count - before

        wait(2)
        count()  # what Odoo keeps in its caches afterwards
        few = count()
        wait(10)
        self.assertEqual(count(), few)
