from datetime import datetime
from urllib.parse import urlsplit

from lxml import html

from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.mail.tests.common import MockEmail
from odoo.addons.service_credits.tests.buying_common import BuyingCase


class TourCase(BuyingCase, MockEmail, HttpCase):
    """A firm with a pack of ten credits, one of its staff, and a client who may decide."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.company.write(
            {
                "portal_confirmation_sign": False,
                "portal_confirmation_pay": False,
                "email": "firm@example.com",
            }
        )
        cls._make_pack(10, 850.0, name="Pack of 10 story credits")
        own_company = {
            "company_id": cls.company.id,
            "company_ids": [Command.set(cls.company.ids)],
            "lang": "en_US",
        }
        cls.staff = new_test_user(
            cls.env,
            "story_staff",
            "base.group_user,base.group_partner_manager,service_credits.group_manager,"
            "sales_team.group_sale_manager,account.group_account_manager",
            email="staff@example.com",
            **own_company,
        )
        cls.client = cls.env["res.partner"].create(
            {
                "name": "Story Client",
                "is_company": True,
                "email": "client@example.com",
                "lang": "en_US",
            }
        )
        cls.portal_user = new_test_user(
            cls.env, "story_client", "base.group_portal", email="carla@example.com", **own_company
        )
        cls.portal_user.partner_id.write({"parent_id": cls.client.id, "name": "Carla Client"})

    def assertStock(self, available, held, pending=0):
        account = self.Account._for_partner(self.client, self.company)
        account.invalidate_recordset()
        self.assertEqual(
            (account.available, account.held, account.pending), (available, held, pending)
        )

    def _as_client(self, tour, url):
        self.start_tour(url, f"service_credits_{tour}", login="story_client")

    def _as_staff(self, tour, url="/odoo/interventions"):
        self.start_tour(url, f"service_credits_{tour}", login="story_staff", timeout=120)

    def _get_accept_link(self, word="Accept"):
        """Return where the Accept button of the last mail to the client leads.

        :param str word: what is on the button, in the client's language
        """
        mail = next(
            mail for mail in reversed(self._mails) if "carla@example.com" in mail["email_to"][0]
        )
        links = html.fromstring(mail["body"]).xpath(f"//a[normalize-space() = '{word}']/@href")
        self.assertEqual(len(links), 1)
        parts = urlsplit(links[0])
        return f"{parts.path}?{parts.query}"

    def assertLedgerSound(self):
        self.env.cr.execute("SELECT * FROM service_credit_reconcile(NULL)")
        self.assertEqual(self.env.cr.fetchall(), [])


@tagged("post_install", "-at_install")
class TestStory(TourCase):
    """The whole way of one credit in a browser: bought, quoted, accepted, delivered."""

    def _check_history(self):
        account = self.Account._for_partner(self.client, self.company)
        account._grant(60, "history", origin="purchase", value=4000, date=datetime(2025, 1, 15))
        for number in range(12):
            account._reserve(2, f"history:{number}")._consume(key=f"history:{number}:use")
        self._as_client("client_sees_history", "/my/credits")

    def test_history(self):
        self._check_history()

    def test_history_on_a_phone(self):
        self.browser_size = "390x844"
        self.touch_enabled = True
        self._check_history()

    def test_story(self):
        with self.mock_mail_gateway():
            self._as_client("client_orders", "/my")
            self.assertStock(0, 0, pending=10)
            self._as_staff("staff_invoices", "/odoo/orders")
            self.assertStock(10, 0)
            self._as_client("client_asks", "/my/credits")
            self._as_staff("staff_quotes")
            link = self._get_accept_link()
            self.url_open(link)
            self.assertStock(10, 0)  # opening the link decides nothing
            self.start_tour(link, "service_credits_client_accepts")
            self.assertStock(2, 8)
            self._as_staff("staff_delivers")
            self.assertStock(2, 0)
            self._as_client("client_reads_statement", "/my/credits")
            self._as_staff("staff_quotes_again")
            self._as_client("client_refuses", "/my/interventions")
            self._as_staff("staff_sees_the_refusal")
        self.assertStock(2, 0)
        done, refused = self.env["service.intervention"].search(
            [("commercial_partner_id", "=", self.client.id)], order="id"
        )
        self.assertEqual((done.state, done.delivered_credits), ("done", 8))
        self.assertEqual(
            (refused.state, refused.refusal_reason), ("refused", "We found a simpler way")
        )
        self.assertEqual(refused.decided_by_id, self.portal_user.partner_id)
        self.assertLedgerSound()


class LanguageTourCase(TourCase):
    """Client and staff in one language: asked with files, priced, decided in every way."""

    def _play(self, lang, accept):
        """Play the tours with users of a language.

        :param str lang: the language of the client and of the staff
        :param str accept: the words on the mail's Accept button
        """
        self.env["res.lang"]._activate_lang(lang)
        self.env["ir.module.module"]._load_module_terms(["service_credits"], [lang])
        users = self.staff | self.portal_user
        (users.partner_id | self.client).lang = lang
        account = self.Account._for_partner(self.client, self.company)
        account._grant(10, "start", origin="purchase", value=850)
        tours = lang[:2]
        with self.mock_mail_gateway():
            self._as_client(f"client_requests_{tours}", "/my/interventions")
            intervention = self._get_intervention("Numbers of March")
            self.assertEqual(
                sorted(intervention._get_client_files().mapped("name")),
                ["months.txt", "regions.txt"],
            )
            self._as_staff(f"staff_prices_{tours}")
            self.start_tour(
                self._get_accept_link(accept),
                f"service_credits_client_accepts_{tours}",
                # Without a session the language is the browser's.
                cookies={"frontend_lang": lang},
            )
            self.assertStock(4, 6)
            self._as_staff(f"staff_delivers_{tours}")
            self.assertStock(4, 0)
            second = self._quote_in_credits("Second wish", 3)
            self._as_client(f"client_refuses_{tours}", "/my")
            self.assertEqual((second.state, second.refusal_reason), ("refused", "Too early"))
            great = self._quote_in_credits("Great wish", 15)
            self._as_client(
                f"client_accepts_and_orders_{tours}", "/my/interventions?filterby=decide"
            )
            self.assertEqual(great.state, "awaiting_credits")
            order = great.sale_order_id
            self.assertEqual(order.state, "sale")
            self._pay(self._invoice(order))
        self.env.invalidate_all()
        self.assertEqual(great.state, "accepted")
        bought = sum(
            line.product_id.service_credits * line.product_uom_qty for line in order.order_line
        )
        self.assertStock(4 + bought - 15, 15)
        self.assertLedgerSound()

    def _get_intervention(self, subject):
        return self.env["service.intervention"].search(
            [("commercial_partner_id", "=", self.client.id), ("subject", "=", subject)]
        )

    def _quote_in_credits(self, subject, credits):
        intervention = (
            self.env["service.intervention"]
            .with_user(self.staff)
            .create(
                {
                    "partner_id": self.portal_user.partner_id.id,
                    "type_id": self.env.ref("service_credits.service_intervention_type_report").id,
                    "subject": subject,
                    "line_ids": [Command.create({"description": "Work", "credits": credits})],
                }
            )
        )
        intervention._send_quotation()
        return intervention


@tagged("post_install", "-at_install")
class TestEnglishTours(LanguageTourCase):
    def test_english(self):
        self._play("en_US", "Accept")


@tagged("post_install", "-at_install")
class TestFrenchTours(LanguageTourCase):
    def test_french(self):
        self._play("fr_FR", "Accepter")
