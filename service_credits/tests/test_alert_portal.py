import re
from html import unescape

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .alert_common import AlertCase

PAGE = "/my/credits/preferences"


@tagged("post_install", "-at_install")
class TestAlertPortal(AlertCase, HttpCase):
    """The client's choices in the portal: who may change them, what is refused."""

    def setUp(self):
        super().setUp()
        self.opener.cookies["frontend_lang"] = "en_US"
        self.portal.lang = self.other_portal.lang = "en_US"
        self.pack.product_tmpl_id.sale_ok = True
        self.authenticate("sc_portal", "sc_portal")

    def _look(self):
        self.env.ref("service_credits.cron_alerts").method_direct_trigger()

    def _open(self):
        response = self.url_open(PAGE)
        self.assertEqual(response.status_code, 200)
        return " ".join(unescape(response.text).split())

    def _save(self, token=None, **choices):
        if token is None:
            page = self.url_open(PAGE).text
            token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
        response = self.url_open(PAGE, data={"csrf_token": token, **choices})
        self.env.invalidate_all()
        return response, " ".join(unescape(response.text).split())

    def _choices(self):
        account = self.account
        return (
            account.alert_policy, account.alert_threshold_own, account.topup_product_id,
            account.topup_quantity, account.statement_policy,
        )  # fmt: skip

    def _assert_untouched(self):
        self.env.invalidate_all()
        none = self.env["product.product"]
        self.assertEqual(self._choices(), ("company", 0, none, 1, "company"))

    def test_save(self):
        page = self._open()
        self.assertIn("At 3 credits or fewer", page)
        self.assertIn("Written to: sc_portal", page)
        response, page = self._save(
            alert_policy="own", alert_threshold="12", topup_product_id=self.pack.id,
            topup_quantity="2", statement="1",
        )  # fmt: skip
        self.assertIn("saved=1", response.url)
        self.assertIn("Your choices are saved.", page)
        self.assertEqual(self._choices(), ("own", 12, self.pack, 2, "yes"))
        self.assertIn('value="12"', page)
        self._save(alert_policy="never", topup_product_id="", topup_quantity="1")
        self.assertEqual(self.account.alert_policy, "never")
        self.assertFalse(self.account.topup_product_id)
        self.assertEqual(self.account.statement_policy, "no")

    def test_saved_unchanged_writes_nothing(self):
        """A statement that follows the company's choice goes on following it, and an alert that
        is due is not lost."""
        self._give(10)
        self._use(9)
        self._save(alert_policy="company", topup_product_id="", topup_quantity="1")
        self._assert_untouched()
        self.assertFalse(self.account.alert_since)
        self.company.service_credit_statement_mail = True
        self.assertIn('role="switch" name="statement" value="1" checked="checked"', self._open())

    def test_refused_choices(self):
        """A clear page, all that was typed, and nothing half done."""
        plain = self.env["product.product"].create({"name": "No pack", "sale_ok": True})
        own = {"alert_policy": "own", "statement": "1", "topup_quantity": "1"}
        for choices, words in (
            ({**own, "alert_threshold": "-1"}, "“-1” is not a number of credits"),
            ({**own, "alert_threshold": "2.5"}, "“2.5” is not a number of credits"),
            ({**own, "alert_threshold": ""}, "“” is not a number of credits"),
            ({**own, "alert_threshold": "9" * 40}, "is not a number of credits"),
            ({**own, "alert_threshold": "<b>x</b>"}, "is not a number of credits"),
            ({"alert_policy": "always"}, "Choose when we shall tell you"),
            ({}, "Choose when we shall tell you"),
            ({**own, "alert_threshold": "1", "topup_product_id": str(plain.id)}, "not a pack"),
            ({**own, "alert_threshold": "1", "topup_product_id": "x"}, "not a pack"),
            (
                {**own, "alert_threshold": "1", "topup_product_id": str(self.pack.id),
                 "topup_quantity": "0"},
                "cannot be ordered",
            ),
        ):  # fmt: skip
            with self.subTest(choices=choices):
                response, page = self._save(**choices)
                self.assertEqual(response.status_code, 200)
                self.assertIn('role="alert"', page)
                self.assertIn(words, page)
                self.assertNotIn("<b>x</b>", response.text)
                self._assert_untouched()
        _response, page = self._save(**{**own, "alert_threshold": "-1"})
        self.assertRegex(page, '<input [^>]*value="own"[^>]* checked="checked"')
        self.assertIn('value="-1"', page)

    def test_a_forged_form(self):
        with mute_logger("odoo.http"):
            response, _page = self._save(token="forged", alert_policy="never")
        self.assertEqual(response.status_code, 400)
        self._assert_untouched()

    def test_contact_who_may_not_order(self):
        self.portal.partner_id.service_credit_may_order = False
        page = self._open()
        self.assertIn("Only a contact who may order credits for Acme", page)
        self.assertIn('<fieldset class="card mb-4" disabled="disabled">', page)
        _response, page = self._save(alert_policy="never")
        self.assertIn("Only a contact who may order credits", page)
        self._assert_untouched()

    def test_contact_who_may_not_see(self):
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.url_open(PAGE).text)[1]
        self.portal.partner_id.service_credit_may_see = False
        page = self._open()
        self.assertIn("Another contact of your company looks after its credits", page)
        self.assertNotIn("o_sc_preferences_form", page)
        self._save(token=token, alert_policy="never")
        self._assert_untouched()

    def test_another_client_changes_its_own_only(self):
        self.authenticate("sc_other_portal", "sc_other_portal")
        self._save(alert_policy="never", account_id=self.account.id, partner_id=self.client.id)
        self._assert_untouched()
        self.assertEqual(self.other.alert_policy, "never")

    def test_client_without_an_account(self):
        """A new client may choose before the first purchase."""
        client = self.env["res.partner"].create({"name": "New", "is_company": True})
        self.portal.partner_id.parent_id = client
        self.assertIn("At 3 credits or fewer", self._open())
        self.assertFalse(self.Account._find(client))
        self._save(alert_policy="own", alert_threshold="5")
        self.assertEqual(self.Account._find(client).alert_threshold, 5)

    def test_what_the_company_does_not_offer(self):
        self.company.service_credit_topup = False
        self.assertNotIn("topup_product_id", self._open())
        self._save(alert_policy="company", topup_product_id=self.pack.id, topup_quantity="2")
        self._assert_untouched()
        self.company.service_credit_alert = False
        self.assertNotIn("alert_policy", self._open())
        self._save(alert_policy="never", statement="1")
        self.assertEqual(self.account.alert_policy, "company")
        self.assertEqual(self.account.statement_policy, "yes")

    def test_not_logged_in(self):
        self.logout()
        self.assertIn("/web/login", self.url_open(PAGE).url)

    def test_link_from_the_credits(self):
        self.assertIn(f'href="{PAGE}"', self.url_open("/my/credits").text)

    def test_in_french(self):
        self.opener.cookies["frontend_lang"] = "fr_FR"
        self.portal.lang = "fr_FR"
        page = self._open()
        for words in ("Alertes et relevés", "crédits ou moins", "Relevé mensuel", "Enregistrer"):
            self.assertIn(words, page)
        for words in ("credits", "Save", "Statement"):
            self.assertNotIn(f">{words}", page)

    def test_the_quotation_of_the_mail(self):
        """The link of the mail opens Odoo's page, where whoever received it confirms."""
        self.account.write({"topup_product_id": self.pack.id, "topup_quantity": 1})
        self._give(10)
        self._use(9)
        self._look()
        link = re.search(r'href="([^"]*/my/orders/[^"]*)"', unescape(self._mails().body_html))[1]
        order = self._alerts().order_id
        self.logout()
        page = self.url_open(link.removeprefix(order.get_base_url()))
        self.assertEqual(page.status_code, 200)
        self.assertIn(order.name, page.text)
        self.assertIn('id="modalaccept"', page.text)
