from datetime import datetime

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from odoo.addons.service_credits.tests.buying_common import BuyingCase
from odoo.addons.service_credits.tests.common import ServiceCreditsCase

NOW = "2026-06-15 12:00:00"


@tagged("post_install", "-at_install")
class TestCreditReports(ServiceCreditsCase):
    """The reports tell what the ledger holds: every credit once, under the right name."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(NOW))
        cls.contact.email = "ann@example.com"
        cls.Report = cls.env["service.credit.report"]
        cls.Outstanding = cls.env["service.credit.outstanding"]
        cls.Forecast = cls.env["service.credit.forecast"]
        cls.report_type = cls.env.ref("service_credits.service_intervention_type_report")

    def _live(self):
        """A little of everything, on the client's account and on the other's."""
        account = self.account
        account._grant(20, "buy", origin="purchase", value=1600, date=datetime(2026, 1, 10))
        account._grant(4, "gift", origin="loyalty", date=datetime(2025, 2, 10))
        account._grant(6, "open", origin="opening", value=300, date=datetime(2023, 5, 1))
        # free credits go first, then the oldest paid ones: 4 free, 6 at 50, 1 at 80
        with freeze_time("2026-03-20 10:00:00"):
            used = account._reserve(11, "work")
            used._consume(9, key="work:use")
            used._release(key="work:rest")
        with freeze_time("2026-04-02 10:00:00"):
            used._refund(2, key="work:again")
        with freeze_time("2026-05-05 10:00:00"):
            account._take_back(1, "back")
            account._transfer(self.other, 3, "move")
        self.held = account._reserve(5, "next")

    def _use(self, credits, key):
        hold = self.account._reserve(credits, key)
        hold._consume(key=f"{key}:use")
        return hold

    def _measures(self, accounts):
        names = ("sold", "free", "used", "given_back", "taken_back", "change")
        values = self.Report._read_group(
            [("account_id", "in", accounts.ids)], [], [f"{name}:sum" for name in names]
        )[0]
        return dict(zip(names, values, strict=True))

    def test_every_credit_is_told_once(self):
        self._live()
        self.assertEqual(
            self._measures(self.account | self.other),
            {"sold": 20, "free": 4, "used": 9, "given_back": 2, "taken_back": 1, "change": 22},
        )
        for account in self.account | self.other:
            rows = self.Report.search([("account_id", "=", account.id)])
            self.assertEqual(sum(rows.mapped("change")), account.balance)
        self.assertEqual(self.account.balance + self.other.balance, 22)

    def test_a_transfer_is_neither_sold_nor_taken_back(self):
        self._live()
        moved = self.Report._read_group(
            [("movement", "=", "transfer")], ["account_id"], ["change:sum"]
        )
        self.assertEqual(dict(moved), {self.account: -3, self.other: 3})
        self.assertEqual(self._measures(self.other)["sold"], 0)
        taken = self.Report.search(
            [("movement", "=", "taken_back"), ("account_id", "=", self.account.id)]
        )
        self.assertEqual(taken.mapped("change"), [-1])

    def test_a_merge_is_a_transfer(self):
        self._live()
        before = self._measures(self.account | self.other)
        self.account._merge_into(self.other)
        self.assertEqual(self._measures(self.account | self.other), before)
        self.assertEqual(self.other.balance, 22)

    def test_values_follow_the_lots(self):
        self._live()
        rows = self.Report.search([("account_id", "in", (self.account | self.other).ids)])
        # 20 × 80 + 6 × 50 came in; 4 free and 5 at 50 were used, of which 2 came back;
        # what is left is worth what the open lots are worth
        self.assertAlmostEqual(sum(rows.mapped("sold_value")), 1600)
        left = self.Outstanding.search([("account_id", "in", (self.account | self.other).ids)])
        self.assertAlmostEqual(sum(rows.mapped("change_value")), sum(left.mapped("value")))
        for row in rows:
            self.assertAlmostEqual(row.change_value, row.change * row.lot_id.unit_price)
        self.assertAlmostEqual(sum(rows.mapped("used_value")), 5 * 50)

    def test_reservations_are_no_movement(self):
        self.account._grant(10, "buy", origin="purchase", value=800)
        before = self._measures(self.account)
        hold = self.account._reserve(4, "work")
        self.assertEqual(self._measures(self.account), before)
        hold._release(key="work:off")
        self.assertEqual(self._measures(self.account), before)

    def test_used_by_type_of_intervention(self):
        self.account._grant(10, "buy", origin="purchase", value=800)
        work = self.env["service.intervention"].create(
            {
                "partner_id": self.contact.id,
                "type_id": self.report_type.id,
                "subject": "Sales by region",
                "user_id": self.env.user.id,
                "line_ids": [Command.create({"description": "Report", "credits": 4})],
            }
        )
        work._send_quotation()
        work._accept(self.contact, work.revision)
        work._deliver(3)
        row = self.Report.search([("account_id", "=", self.account.id), ("used", ">", 0)])
        self.assertEqual(
            (row.type_id, row.intervention_id, row.responsible_id, row.used, row.used_value),
            (self.report_type, work, self.env.user, 3, 240),
        )
        self.assertEqual(row.action_open_source()["res_model"], "service.intervention")
        bought = self.Report.search([("account_id", "=", self.account.id), ("sold", ">", 0)])
        self.assertEqual(bought.action_open_source()["res_id"], bought.lot_id.id)

    def test_outstanding_by_age(self):
        self._live()
        self.account._grant(2, "new", date=datetime(2026, 6, 1))
        self.account._grant(2, "edge", date=datetime(2026, 3, 15, 12))  # three months to the hour
        rows = self.Outstanding.search([("account_id", "=", self.account.id)])
        self.assertEqual(sum(rows.mapped("outstanding")), self.account.balance)
        self.assertEqual(sum(rows.mapped("held")), self.account.held)
        by_day = {str(row.date.date()): row.age for row in rows}
        self.assertEqual(by_day["2026-06-01"], "00-03")
        self.assertEqual(by_day["2026-03-15"], "03-12")
        self.assertEqual(by_day["2026-01-10"], "03-12")
        purchase = rows.filtered(lambda row: row.origin == "purchase")
        self.assertEqual(purchase.worth, "paid")
        self.assertAlmostEqual(purchase.value, purchase.outstanding * 80)
        self.assertEqual(rows.filtered(lambda row: not row.value).mapped("worth"), ["free"] * 2)

    def test_what_is_reserved_is_still_outstanding(self):
        self.account._grant(4, "buy", origin="purchase", value=320)
        self.account._reserve(4, "all of it")
        row = self.Outstanding.search([("account_id", "=", self.account.id)])
        self.assertEqual((row.available, row.held, row.outstanding, row.value), (0, 4, 4, 320))

    def test_ages_of_every_year(self):
        for number, day in enumerate(
            [(2026, 6, 14), (2025, 12, 1), (2025, 6, 14), (2024, 6, 16), (2024, 6, 14)]
        ):
            self.account._grant(1, f"lot:{number}", date=datetime(*day))
        rows = self.Outstanding.search([("account_id", "=", self.account.id)], order="date desc")
        self.assertEqual(rows.mapped("age"), ["00-03", "03-12", "12-24", "12-24", "24-99"])

    def test_forecast(self):
        self.account._grant(40, "buy", origin="purchase", value=1, date=datetime(2024, 1, 1))
        with freeze_time("2025-05-01"):  # more than twelve months ago: no part of the pace
            self._use(10, "old")
        with freeze_time("2026-02-01"):
            self._use(20, "recent")._refund(2, key="again")
        row = self.Forecast.search([("account_id", "=", self.account.id)])
        self.assertEqual((row.available, row.used, row.monthly_use), (12, 18, 1.5))
        self.assertEqual(row.months_left, 8)
        self.assertEqual(row.last_use, datetime(2026, 2, 1))

    def test_forecast_of_a_new_client_counts_its_own_months(self):
        with freeze_time("2026-04-15 12:00:00"):
            self.account._grant(10, "buy", origin="purchase", value=1)
            self._use(6, "work")
        row = self.Forecast.search([("account_id", "=", self.account.id)])
        self.assertEqual((row.monthly_use, row.months_left), (3, 1.3))

    def test_forecast_without_use_has_no_end(self):
        self.account._grant(10, "buy", origin="purchase", value=1)
        row = self.Forecast.search([("account_id", "=", self.account.id)])
        self.assertEqual((row.used, row.months_left), (0, 0))
        # an empty number of months is not "less than three"
        soon = [("used", ">", 0), ("months_left", "<", 3)]
        self.assertNotIn(row, self.Forecast.search(soon))
        self._use(9, "work")
        self.assertIn(row, self.Forecast.search(soon))

    def test_forecast_follows_a_merged_client(self):
        self.account._grant(10, "buy", origin="purchase", value=1)
        self._use(6, "work")
        self.other._grant(2, "gift")
        self.account._merge_into(self.other)
        self.assertFalse(self.Forecast.search([("account_id", "=", self.account.id)]))
        row = self.Forecast.search([("account_id", "=", self.other.id)])
        self.assertEqual((row.available, row.used), (6, 6))

    def test_rights(self):
        self._make_users()
        self._live()
        for model in (self.Report, self.Outstanding, self.Forecast):
            for user in (self.user, self.manager, self.accountant):
                found = model.with_user(user).search([("account_id", "=", self.account.id)])
                self.assertTrue(found, (model, user.login))
                self.assertTrue(found[:1].read())
                with self.assertRaises(AccessError):
                    found.write({"partner_id": self.other_client.id})
                with self.assertRaises(AccessError):
                    found.unlink()
            for user in (self.employee, self.portal):
                with self.assertRaises(AccessError):
                    model.with_user(user).search([])
        row = self.Report.search([("account_id", "=", self.account.id)], limit=1)
        with self.assertRaises(AccessError):
            row.with_user(self.employee).action_open_source()
        row = self.Outstanding.search([("account_id", "=", self.account.id)], limit=1)
        with self.assertRaises(AccessError):
            row.with_user(self.employee).action_open_account()
        row = self.Forecast.search([("account_id", "=", self.account.id)], limit=1)
        with self.assertRaises(AccessError):
            row.with_user(self.portal).action_open_account()

    def test_an_accountant_reads_the_names_of_interventions_types(self):
        """Grouping by type must not fail for who may not open the types."""
        self._make_users()
        self.test_used_by_type_of_intervention()
        report = self.Report.with_user(self.accountant)
        groups = report.formatted_read_group([("used", ">", 0)], ["type_id"], ["used:sum"])
        self.assertIn("Report", [group["type_id"] and group["type_id"][1] for group in groups])
        row = report.search([("account_id", "=", self.account.id), ("used", ">", 0)])
        # who may not read interventions is led to the lot
        self.assertEqual(row.action_open_source()["res_model"], "service.credit.lot")

    def test_own_companies_only(self):
        self._live()
        self._make_users()
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env, "sc_stranger", "service_credits.group_manager",
            company_id=elsewhere.id, company_ids=[Command.set(elsewhere.ids)],
        )  # fmt: skip
        there = self.Account._for_partner(self.client, elsewhere)
        there._grant(7, "there", origin="purchase", value=70)
        for model in (self.Report, self.Outstanding, self.Forecast):
            seen = model.with_user(stranger).search([])
            self.assertEqual(seen.account_id, there)
            mine = model.with_user(self.manager).search([]).account_id
            self.assertIn(self.account, mine)
            self.assertNotIn(there, mine)


@tagged("post_install", "-at_install")
class TestCreditReportSales(BuyingCase):
    def test_pack_salesperson_and_product(self):
        """What a pack brought is told under its product and its order's salesperson."""
        self.company.service_credit_grant_on = "invoice"
        client = self._make_client()
        seller = new_test_user(self.env, "sc_seller", "sales_team.group_sale_salesman")
        order = self._sell(client, (self.pack10, 2), user_id=seller.id)
        self._invoice(order)
        self._bill(client, (self.pack5, 1), invoice_user_id=self.env.user.id)
        rows = self.env["service.credit.report"].search(
            [("partner_id", "=", client.id)], order="id"
        )
        self.assertEqual(
            [(row.product_id, row.salesperson_id, row.sold, row.sold_value) for row in rows],
            [(self.pack10, seller, 20, 1700), (self.pack5, self.env.user, 5, 450)],
        )
        self.assertEqual(rows.product_tmpl_id, (self.pack10 | self.pack5).product_tmpl_id)
        left = self.env["service.credit.outstanding"].search([("partner_id", "=", client.id)])
        self.assertEqual(left.product_tmpl_id, rows.product_tmpl_id)
        self.assertEqual(sum(left.mapped("value")), 2150)
