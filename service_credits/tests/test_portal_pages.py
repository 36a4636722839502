import re
from datetime import datetime

from freezegun import freeze_time
from lxml import html

from odoo.tests import HttpCase, new_test_user, tagged

from .common_intervention import InterventionCase


def find(name, path=""):
    """XPath of what is at `path` below the elements of class `name`."""
    return f"//*[contains(concat(' ', @class, ' '), ' {name} ')]{path}"


@tagged("post_install", "-at_install")
class TestPortalPages(InterventionCase, HttpCase):
    """What the portal's pages say: use by type, tabs with counts, what to do next."""

    def _open(self, path, login="sc_portal"):
        self.authenticate(login, login)
        self.opener.cookies["frontend_lang"] = "en_US"
        answer = self.url_open(path)
        self.assertEqual(answer.status_code, 200)
        return html.fromstring(answer.text)

    def _use(self, credits, kind, moment):
        with freeze_time(moment):
            intervention = self._make_quotation(credits, type_id=kind.id)
            intervention._accept(self.contact, intervention.revision)
            intervention.action_start()
            intervention._deliver()

    def _make_use(self):
        report = self.env["service.intervention.type"].create({"name": "Report"})
        self._use(2, report, "2025-03-01 09:00")
        self._use(1, self.kind, "2025-06-01 09:00")
        self._use(3, self.kind, "2026-02-01 09:00")
        hold = self.account._reserve(1, "website")
        with freeze_time("2026-03-01 09:00"):
            hold._consume(key="website:use")

    def test_use_by_type(self):
        self._make_use()
        self.assertEqual(
            self.account._get_use_by_type(),
            [
                {"type": "Data Extraction", "credits": 4},
                {"type": "Report", "credits": 2},
                {"type": "Other work", "credits": 1},
            ],
        )
        self.assertEqual(
            self.account._get_use_by_type(datetime(2025, 3, 1, 9), datetime(2025, 6, 1, 9)),
            [{"type": "Report", "credits": 2}],
        )
        self.assertEqual(self.other._get_use_by_type(), [])

    def test_use_on_the_page(self):
        def bars(page):
            return [
                tuple(" ".join(cell.text_content().split()) for cell in row)
                for row in page.xpath(find("o_sc_use_line"))
            ]

        self._make_use()
        page = self._open("/my/credits")
        self.assertEqual(
            bars(page), [("Data Extraction", "4"), ("Report", "2"), ("Other work", "1")]
        )
        shares = re.findall(r"--o-sc-share: ([\d.]+)", html.tostring(page).decode())
        self.assertEqual([float(share) for share in shares], [1.0, 0.5, 0.25])
        page = self._open("/my/credits?date_begin=2025-01-01&date_end=2025-12-31")
        self.assertEqual(bars(page), [("Report", "2"), ("Data Extraction", "1")])
        page = self._open("/my/credits?date_end=2024-12-31")
        self.assertFalse(page.xpath(find("o_sc_use")))

    def test_tabs_count_what_they_show(self):
        for state in ("request", "quoted", "accepted", "done", "refused", "cancelled"):
            self._in_state(state, credits=1)
        self._in_state("quoted", credits=1).subject = "Something else"
        self._make_quotation(partner=self.other_portal.partner_id)

        def tabs(page):
            return {
                link.text.strip(): int(link.find("span").text)
                for link in page.xpath(find("o_sc_tabs", "//a"))
            }

        page = self._open("/my/interventions")
        self.assertEqual(
            tabs(page), {"All": 7, "To decide": 2, "Under way": 2, "Delivered": 1, "Closed": 2}
        )
        for link in page.xpath(find("o_sc_tabs", "//a")):
            rows = self._open(link.get("href")).xpath("//table/tr|//table/tbody/tr")
            self.assertEqual(len(rows), int(link.find("span").text), link.get("href"))
        page = self._open("/my/interventions?search=Something&filterby=decide")
        self.assertEqual(
            tabs(page), {"All": 1, "To decide": 1, "Under way": 0, "Delivered": 0, "Closed": 0}
        )
        self.assertIn("search=Something", page.xpath(find("o_sc_tabs", "//a/@href"))[0])

    def test_empty_pages_say_what_to_do(self):
        new_test_user(self.env, "sc_nobody", "base.group_portal", lang="en_US")
        for path, target in (
            ("/my/credits", "/my/credits/order"),
            ("/my/interventions", "/my/interventions/new"),
        ):
            page = self._open(path, "sc_nobody")
            self.assertEqual(page.xpath(find("o_sc_empty", "//a/@href")), [target])
        self._make_quotation()
        page = self._open("/my/interventions?filterby=done")
        self.assertEqual(page.xpath(find("o_sc_empty", "//a/@href")), ["/my/interventions"])
