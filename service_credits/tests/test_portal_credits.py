import io
from datetime import datetime

import openpyxl
from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.http import Request
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.service_credits.tests.common import ServiceCreditsCase


class PortalCreditsCase(ServiceCreditsCase):
    """A client who bought, was given, reserved, used and got back credits in 2025."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_users()
        cls.env["res.lang"]._activate_lang("en_US")
        (cls.portal | cls.other_portal).lang = "en_US"
        with freeze_time("2025-03-01 09:00"):
            cls.account._grant(4, "welcome", origin="loyalty", reason="Ten years together")
        with freeze_time("2025-03-02 09:00"):
            cls.account._grant(10, "pack", origin="purchase", value=900)
        with freeze_time("2025-06-01 09:00"):
            cls.hold = cls.account._reserve(8, "website", reason="New contact form")
        with freeze_time("2025-07-01 09:00"):
            cls.hold._consume(6, "website:use", reason="New contact form")
            cls.hold._release(None, "website:rest", reason="New contact form")

    def _statement(self, **arguments):
        return self.account._get_statement(**arguments)

    def _changes(self, **arguments):
        return [
            (line["kind"], line["available_change"], line["available_after"], line["held_after"])
            for line in self._statement(**arguments)["lines"]
        ]


@tagged("post_install", "-at_install")
class TestStatement(PortalCreditsCase):
    def test_one_line_for_each_operation_whatever_the_lots(self):
        self.assertEqual(len(self.hold.entry_ids.filtered(lambda e: e.kind == "reserve")), 2)
        self.assertEqual(
            self._changes(sortby="oldest"),
            [
                ("grant", 4, 4, 0),
                ("grant", 10, 14, 0),
                ("reserve", -8, 6, 8),
                ("consume", 0, 6, 2),
                ("release", 2, 8, 0),
            ],
        )
        self.assertEqual(self._changes(), list(reversed(self._changes(sortby="oldest"))))

    def test_opening_and_closing_balance(self):
        statement = self._statement(date_from=datetime(2025, 3, 2), date_to=datetime(2025, 6, 2))
        self.assertEqual(statement["opening"], {"available": 4, "held": 0})
        self.assertEqual(statement["closing"], {"available": 6, "held": 8})
        self.assertEqual(statement["total"], 2)
        whole = self._statement()
        self.assertEqual(whole["opening"], {"available": 0, "held": 0})
        self.assertEqual(whole["closing"], {"available": 8, "held": 0})
        before = self._statement(date_to=datetime(2020, 1, 1))
        self.assertEqual((before["total"], before["closing"]["available"]), (0, 0))

    def test_balances_add_up_when_a_grant_is_dated_back(self):
        self.account._grant(5, "forgotten", date=datetime(2025, 4, 1), reason="Forgotten gift")
        self.assertEqual(
            self._changes(sortby="oldest"),
            [
                ("grant", 4, 4, 0),
                ("grant", 10, 14, 0),
                ("grant", 5, 19, 0),
                ("reserve", -8, 11, 8),
                ("consume", 0, 11, 2),
                ("release", 2, 13, 0),
            ],
        )
        self.assertEqual(self.account.available, 13)

    def test_filters(self):
        expected = {
            "all": 5,
            "bought": 1,
            "received": 1,
            "reserved": 1,
            "used": 1,
            "given_back": 1,
            "taken_back": 0,
        }
        self.assertEqual(
            {
                kind: self._statement(kind=kind)["total"]
                for kind in self.account._get_statement_filters()
            },
            expected,
        )

    def test_search(self):
        self.assertEqual(self._statement(search="contact form")["total"], 3)
        self.assertEqual(self._statement(search="ten YEARS")["total"], 1)
        self.assertEqual(self._statement(search="nothing of the kind")["total"], 0)
        self.assertEqual(self._statement(search="%' OR 1=1 --")["total"], 0)

    def test_paging(self):
        first = self._changes(limit=2)
        second = self._changes(limit=2, offset=2)
        self.assertEqual(first + second, self._changes()[:4])
        self.assertEqual(self._statement(limit=2)["total"], 5)

    def test_words(self):
        words = [line["description"] for line in self._statement(sortby="oldest")["lines"]]
        self.assertEqual(
            words,
            [
                "4 credits free, for your loyalty — Ten years together",
                "Purchase of 10 credits",
                "8 credits reserved — New contact form",
                "6 credits used — New contact form",
                "2 credits no longer reserved — New contact form",
            ],
        )
        self.account._grant(1, "one")
        self.assertEqual(self._statement()["lines"][0]["description"], "1 credit free")

    def test_words_for_credits_taken_back_and_transferred(self):
        lot = self.account.lot_ids.filtered(lambda lot: lot.origin == "purchase")
        lot._revoke(1, "mistake", reason="Credit note")
        self.account._transfer(self.other, 2, "move", reason="Merger")
        words = [line["description"] for line in self._statement(limit=2)["lines"]]
        self.assertEqual(
            words,
            [
                "Transfer of 2 credits to another account — Merger",
                "1 credit taken back — Credit note",
            ],
        )
        received = self.other._get_statement()["lines"][0]["description"]
        self.assertEqual(received, "Transfer of 2 credits received — Merger")

    def test_words_name_order_and_intervention(self):
        product = self.env["product.product"].create({"name": "Pack", "type": "service"})
        order = self.env["sale.order"].create(
            {
                "partner_id": self.contact.id,
                "order_line": [(0, 0, {"product_id": product.id})],
            }
        )
        self.account._grant(
            10, "order", origin="purchase", order_line_id=order.order_line.id, reason="internal"
        )
        intervention = self.env["service.intervention"].create(
            {
                "partner_id": self.contact.id,
                "subject": "Monthly report",
            }
        )
        hold = self.account._reserve(3, "report", reason="internal")
        intervention.sudo().write({"hold_id": hold.id, "hold_ids": [(6, 0, hold.ids)]})
        reserved, bought = self._statement(limit=2)["lines"]
        self.assertEqual(bought["description"], f"Purchase of 10 credits — order {order.name}")
        self.assertEqual(bought["url"], f"/my/orders/{order.id}")
        self.assertEqual(
            reserved["description"], f"3 credits reserved — {intervention.display_name}"
        )
        self.assertEqual(reserved["url"], f"/my/interventions/{intervention.id}")
        self.assertEqual(self._statement(search=order.name)["total"], 1)
        self.assertEqual(self._statement(search="monthly")["total"], 1)

    def test_queries_do_not_grow_with_the_lines(self):
        def queries():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._statement()
            return self.env.cr.sql_log_count - before

        queries()  # what is read once for all, the rules' cache for instance
        few = queries()
        for number in range(30):
            self.account._reserve(1, f"r{number}")._release(None, f"r{number}:back")
        self.assertEqual(self._statement()["total"], 65)
        self.assertEqual(queries(), few)

    def test_stock_points(self):
        self.assertEqual(
            self.account._get_stock_points(),
            [
                {"date": "2025-03-01", "available": 4, "held": 0},
                {"date": "2025-03-02", "available": 14, "held": 0},
                {"date": "2025-06-01", "available": 6, "held": 8},
                {"date": "2025-07-01", "available": 8, "held": 0},
            ],
        )
        months = self.account._get_stock_points(limit=3)
        self.assertEqual(
            [point["date"] for point in months], ["2025-03-02", "2025-06-01", "2025-07-01"]
        )
        self.assertEqual(self.other._get_stock_points(), [])

    def test_spreadsheet(self):
        rows = list(
            openpyxl.load_workbook(io.BytesIO(self.account._get_statement_xlsx())).active.iter_rows(
                min_row=5, values_only=True
            )
        )
        self.assertEqual(rows[0][1:4], ("Opening balance", None, 0))
        self.assertEqual(
            rows[1],
            (
                datetime(2025, 3, 1),
                "4 credits free, for your loyalty — Ten years together",
                4,
                4,
                0,
                0,
            ),
        )
        self.assertEqual(rows[-1][1:], ("Closing balance", None, 8, None, 0))
        formula = self.account._grant(1, "formula", reason='=HYPERLINK("http://evil.example")')
        self.assertTrue(formula)
        cells = openpyxl.load_workbook(io.BytesIO(self.account._get_statement_xlsx())).active
        self.assertTrue(all(cell.data_type != "f" for row in cells for cell in row))

    def test_pdf_is_refused_to_other_clients(self):
        report = self.env["ir.actions.report"]
        html = (
            report.with_user(self.portal)
            ._render_qweb_html("service_credits.report_statement", self.account.ids)[0]
            .decode()
        )
        self.assertIn("Ten years together", html)
        self.assertIn(self.account.seal, html)
        for user in (self.other_portal, self.employee):
            with self.assertRaises(AccessError):
                report.with_user(user)._render_qweb_html(
                    "service_credits.report_statement", self.account.ids
                )


@tagged("post_install", "-at_install")
class TestPortalCredits(PortalCreditsCase, HttpCase):
    def _get(self, path, login="sc_portal"):
        self.authenticate(login, login)
        self.opener.cookies["frontend_lang"] = "en_US"
        response = self.url_open(path)
        self.assertEqual(response.status_code, 200, path)
        return response.text

    def test_stock_and_statement(self):
        self.account._reserve(3, "next", reason="Newsletter")
        page = self._get("/my/credits")
        self.assertRegex(page, r"o_sc_available[^>]*>5<")
        self.assertRegex(page, r"o_sc_held[^>]*>3<")
        for text in (
            "Newsletter",
            "Ten years together",
            "/my/credits/order",
            "/my/interventions/new",
            "/my/credits/contact",
            "o_sc_chart",
        ):
            self.assertIn(text, page)
        for technical in ("loyalty", "consume", "grant_key", "operation", "website:use"):
            self.assertNotIn(
                technical, page.replace("for your loyalty", "").replace('data-kind="consume"', "")
            )

    def test_home_card(self):
        self.assertIn("/my/credits", self._get("/my"))
        self.assertRegex(self._get("/my"), r"<strong[^>]*>8</strong>\s*available")

    def test_a_client_without_credits_is_told_what_to_do(self):
        new_test_user(self.env, "sc_newcomer", "base.group_portal", lang="en_US")
        page = self._get("/my/credits", "sc_newcomer")
        self.assertIn("Order your first pack", page)
        self.assertNotIn("o_sc_chart", page)
        for export in ("pdf", "xlsx"):
            self.assertIn(
                "Order your first pack", self._get(f"/my/credits/statement.{export}", "sc_newcomer")
            )

    def test_every_contact_of_the_client_sees_the_same(self):
        colleague = new_test_user(self.env, "sc_colleague", "base.group_portal", lang="en_US")
        colleague.partner_id.parent_id = self.client
        self.assertIn("Ten years together", self._get("/my/credits", "sc_colleague"))

    def test_other_clients_see_nothing_of_it(self):
        page = self._get("/my/credits", "sc_other_portal")
        self.assertNotIn("Ten years together", page)
        self.assertRegex(page, r"o_sc_available[^>]*>0<")
        with mute_logger("odoo.http"):
            answer = self.url_open(
                f"/report/html/service_credits.report_statement/{self.account.id}"
            )
        self.assertNotIn("Ten years together", answer.text)

    def test_a_contact_who_may_not_see(self):
        self.portal.partner_id.service_credit_may_see = False
        page = self._get("/my/credits")
        self.assertIn("Another contact of your company", page)
        for path in (
            "/my",
            "/my/credits",
            "/my/credits/statement.pdf",
            "/my/credits/statement.xlsx",
        ):
            self.assertNotIn("Ten years together", self._get(path))
            self.assertNotIn("o_sc_available", self._get(path))
        self.assertNotIn('href="/my/credits"', self._get("/my"))

    def test_a_contact_who_may_not_order(self):
        self.portal.partner_id.service_credit_may_order = False
        page = self._get("/my/credits")
        self.assertIn("Ten years together", page)
        self.assertNotIn("/my/credits/order", page)

    def test_visitors_must_log_in(self):
        self.authenticate(None, None)
        for path in (
            "/my/credits",
            "/my/credits/statement.pdf",
            "/my/credits/statement.xlsx",
            "/my/credits/contact",
        ):
            self.assertIn("/web/login", self.url_open(path).url)

    def test_unknown_choices_are_the_usual_ones(self):
        page = self._get(
            "/my/credits/page/99?sortby=x&filterby=y&period=z&date_begin=31/12/2025&date_end=2025-02-30"
        )
        self.assertIn("Ten years together", page)

    def test_choices(self):
        page = self._get("/my/credits?date_begin=2025-06-01&date_end=2025-06-30")
        self.assertIn("8 credits reserved", page)
        self.assertNotIn("Ten years together", page)
        self.assertIn("Opening balance", page)
        page = self._get("/my/credits?filterby=bought")
        self.assertIn("Purchase of 10 credits", page)
        self.assertNotIn("Ten years together", page)
        self.assertNotIn("Opening balance", page)
        self.assertIn("No movement matches your choice", self._get("/my/credits?search=zzz"))
        self.assertIn("No movement in this period", self._get("/my/credits?date_end=2001-01-01"))

    def test_exports(self):
        self.authenticate("sc_portal", "sc_portal")
        answer = self.url_open("/my/credits/statement.xlsx?filterby=used")
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        self.assertEqual(sheet.max_row, 5)
        answer = self.url_open("/my/credits/statement.pdf?filterby=used")
        self.assertEqual(answer.status_code, 200)
        self.assertIn(".pdf", answer.headers["Content-Disposition"])

    def test_the_page_costs_the_same_whatever_the_history(self):
        def queries():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.url_open("/my/credits")
            return self.env.cr.sql_log_count - before

        self.authenticate("sc_portal", "sc_portal")
        self.url_open("/my/credits")
        few = queries()
        for number in range(6):
            self.account._reserve(1, f"r{number}")._release(None, f"r{number}:back")
        self.assertLessEqual(queries(), few)

    def test_message_to_the_firm(self):
        salesperson = new_test_user(self.env, "sc_sales", "base.group_user", name="Sally")
        self.portal.partner_id.user_id = salesperson
        self.assertIn("Sally", self._get("/my/credits/contact"))
        token = Request.csrf_token(self)
        answer = self.url_open(
            "/my/credits/contact", data={"csrf_token": token, "message": "<b>Hello</b>"}
        )
        self.assertIn("Your message has been sent", answer.text)
        message = self.client.message_ids[0]
        self.assertEqual(message.author_id, self.portal.partner_id)
        self.assertIn("&lt;b&gt;Hello", message.body)
        self.assertIn(salesperson.partner_id, message.notified_partner_ids)
        answer = self.url_open("/my/credits/contact", data={"csrf_token": token, "message": "  "})
        self.assertIn("Please write your message", answer.text)
        self.assertEqual(self.client.message_ids[0], message)
