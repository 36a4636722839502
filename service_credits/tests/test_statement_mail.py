import base64
from datetime import date, datetime
from html import unescape
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import ServiceCreditsCase

STATEMENT = "odoo.addons.service_credits.models.service_credit_statement_mail"
NOTICE = "odoo.addons.service_credits.models.service_credit_notice"


@tagged("post_install", "-at_install")
class TestStatementMail(ServiceCreditsCase):
    """Once a month, if the company or the client wishes: last month's statement by mail."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.env["res.lang"]._activate_lang("en_US")
        cls._make_users()
        cls.Statement = cls.env["service.credit.statement.mail"]
        cls.company = cls.env.company
        cls.company.partner_id.tz = "Europe/Paris"
        cls.env["res.company"].search([]).service_credit_statement_mail = False
        cls.Account.search([]).statement_policy = "company"
        cls.portal.partner_id.write({"email": "portal@acme.example.com", "lang": "en_US"})
        cls.client.lang = "en_US"

    def setUp(self):
        super().setUp()
        self._be("2026-02-10 12:00:00")
        self.company.service_credit_statement_mail = True
        self.account._grant(10, key="statement:start")

    def _be(self, moment):
        """It is now `moment` (UTC)."""
        frozen = freeze_time(moment)
        frozen.start()
        self.addCleanup(frozen.stop)

    def _run(self):
        """The scheduled action, as the scheduler runs it."""
        with self.enter_registry_test_mode():
            self.env.ref("service_credits.cron_statements").method_direct_trigger()

    def _sent(self, account=None):
        account = account or self.account
        return self.Statement.search([("account_id", "=", account.id)], order="month")

    def _months(self, account=None):
        return [sent.month for sent in self._sent(account)]

    def _mails(self):
        return self.env["mail.mail"].search(
            [("model", "=", "service.credit.statement.mail"), ("res_id", "in", self._sent().ids)],
            order="id",
        )

    # === When === #

    def test_once_a_month(self):
        self._run()
        self.assertEqual(self._months(), [])
        self._be("2026-03-01 03:00:00")
        self._run()
        self._run()
        self._be("2026-03-17 03:00:00")
        self._run()
        self.assertEqual(self._months(), [date(2026, 2, 1)])
        self._be("2026-04-01 03:00:00")
        self._run()
        self.assertEqual(self._months(), [date(2026, 2, 1), date(2026, 3, 1)])

    def test_caught_up_after_a_standstill(self):
        """Days late: sent. Months late: the last finished month only."""
        self._be("2026-06-20 03:00:00")
        self._run()
        self.assertEqual(self._months(), [date(2026, 5, 1)])

    def test_month_of_the_company(self):
        """The month ends at midnight where the company is."""
        self._be("2026-02-28 22:59:00")
        self._run()
        self.assertEqual(self._months(), [])
        self._be("2026-02-28 23:01:00")
        self._run()
        self.assertEqual(self._months(), [date(2026, 2, 1)])
        self.assertEqual(
            self.Statement._get_period(self.company, date(2026, 3, 1)),
            (datetime(2026, 2, 28, 23), datetime(2026, 3, 31, 22)),
        )

    def test_switched_on(self):
        """It begins with the month that is running, not with the one before."""
        self.company.service_credit_statement_mail = False
        self._be("2026-03-10 03:00:00")
        self.company.service_credit_statement_mail = True
        self._run()
        self.assertEqual(self._months(), [])
        self._be("2026-04-01 03:00:00")
        self.company.write({"service_credit_statement_mail": True, "name": "Saved again"})
        self._run()
        self.assertEqual(self._months(), [date(2026, 3, 1)])

    # === Whose === #

    def test_the_clients_own_choice(self):
        self.account.statement_policy = "no"
        self._be("2026-03-01 03:00:00")
        self._run()
        self.assertEqual(self._months(), [])
        self.company.service_credit_statement_mail = False
        self.account.statement_policy = "yes"
        self._run()
        self.assertEqual(self._months(), [])  # chosen after the month was over
        self._be("2026-04-01 03:00:00")
        self._run()
        self.assertEqual(self._months(), [date(2026, 3, 1)])

    def test_nothing_to_say(self):
        """Neither credits nor movements; credits only; movements only; credits that came after."""
        self.account._take_back(10, key="statement:back")
        late = self.Account._for_partner(self.env["res.partner"].create({"name": "Late"}))
        self._be("2026-03-01 03:00:00")
        late._grant(5, key="statement:late")
        self._run()
        self.assertEqual(self._months(), [date(2026, 2, 1)])  # it moved in February
        self.assertEqual(self._months(self.other), [])
        self.assertEqual(self._months(late), [])
        self._be("2026-04-01 03:00:00")
        self._run()
        self.assertEqual(self._months(), [date(2026, 2, 1)])
        self.assertEqual(self._months(late), [date(2026, 3, 1)])
        self._be("2026-05-01 03:00:00")
        self._run()
        self.assertEqual(self._months(late), [date(2026, 3, 1), date(2026, 4, 1)])

    def test_archived_and_merged(self):
        self.client.active = False
        self.other._grant(5, key="statement:other")
        self._be("2026-03-01 03:00:00")
        target = self.Account._for_partner(self.env["res.partner"].create({"name": "Target"}))
        self.other._merge_into(target)
        self._run()
        self.assertEqual(self._months(), [])
        self.assertEqual(self._months(self.other), [])

    def test_each_company_for_itself(self):
        company = self.env["res.company"].create({"name": "Second company"})
        account = self.Account._for_partner(self.client, company)
        account._grant(5, key="statement:second")
        self._be("2026-03-01 03:00:00")
        self._run()
        self.assertEqual(self._months(account), [])
        self.assertEqual(self._months(), [date(2026, 2, 1)])

    # === What === #

    def test_mail(self):
        self.account._reserve(4, key="statement:work")
        self._be("2026-03-01 03:00:00")
        self.account._grant(90, key="statement:afterwards")
        self._run()
        mail = self._mails()
        self.assertEqual((len(mail), mail.state), (1, "outgoing"))
        self.assertEqual(mail.recipient_ids, self.portal.partner_id)
        self.assertIn("your credits in February 2026", mail.subject)
        body = " ".join(mail.body_html.split())
        for words in (
            "Hello sc_portal", "for February 2026",
            "Available at the beginning of the month</td> <td", ">0</td>", "Movements", ">2</td>",
            "Available at the end of the month", ">6</td>", "Reserved", ">4</td>",
            "/my/credits?period=last_month", "/my/credits/preferences",
        ):  # fmt: skip
            self.assertIn(words, body)
        attachment = mail.attachment_ids
        self.assertEqual(attachment.name, "Statement of credits 2026-02.pdf")
        # In a test Odoo leaves the report in HTML.
        report = unescape(base64.b64decode(attachment.datas).decode())
        self.assertIn("Closing balance", report)
        self.assertIn("4 credits reserved", report)
        self.assertNotIn("90 credits", report)
        self.assertIn("02/01/2026", report)
        self.assertIn("02/28/2026", report)

    def test_in_the_clients_language(self):
        self.client.lang = "fr_FR"
        french = new_test_user(self.env, "sc_french", "base.group_portal")
        french.partner_id.write({"parent_id": self.client.id, "email": "fr@acme.example.com"})
        french.partner_id.lang = "fr_FR"
        self._be("2026-03-01 03:00:00")
        self._run()
        english, in_french = self._mails().sorted(
            lambda mail: mail.recipient_ids == french.partner_id
        )
        self.assertIn("your credits in February 2026", english.subject)
        self.assertIn("vos crédits en février 2026", in_french.subject)
        body = unescape(in_french.body_html)
        self.assertIn("Bonjour", body)
        self.assertIn("Voir le relevé en ligne", body)
        self.assertEqual(in_french.attachment_ids.name, "Relevé de crédits 2026-02.pdf")
        for mail in (english, in_french):  # one statement, in the client's language
            report = unescape(base64.b64decode(mail.attachment_ids.datas).decode())
            self.assertIn("Relevé de vos crédits de service", report)

    def test_who_receives_it(self):
        """Contacts who may see the credits; the month is done with even if there are none."""
        self.portal.partner_id.service_credit_may_order = False
        self._be("2026-03-01 03:00:00")
        self._run()
        self.assertEqual(self._sent().recipient_ids, self.portal.partner_id)
        self.portal.partner_id.service_credit_may_see = False
        self._be("2026-04-01 03:00:00")
        self._run()
        self.assertEqual(self._months(), [date(2026, 2, 1), date(2026, 3, 1)])
        self.assertFalse(self._sent()[1].recipient_ids)
        self.assertEqual(len(self._mails()), 1)

    def test_where_no_pdf_can_be_made(self):
        """The mail leaves all the same: it has the figures and leads to the statement."""
        self._be("2026-03-01 03:00:00")
        with (
            patch.object(
                type(self.env["ir.actions.report"]),
                "get_wkhtmltopdf_state",
                lambda *args: "install",
            ),
            self.assertLogs(STATEMENT, "WARNING"),
        ):
            self._run()
        self.assertEqual(len(self._mails()), 1)
        self.assertFalse(self._mails().attachment_ids)

    # === Whatever happens === #

    def _many(self, count):
        accounts = self.Account
        for number in range(count):
            client = self.env["res.partner"].create(
                {"name": f"Client {number}", "email": f"client{number}@example.com"}
            )
            account = self.Account._for_partner(client)
            account._grant(10, key="statement:start")
            accounts |= account
        return accounts

    def test_stopped_between_batches(self):
        """Time is up after each batch: the next run goes on, nobody is written to twice."""
        self.account.statement_policy = "no"
        accounts = self._many(5)
        self._be("2026-03-01 03:00:00")
        self.Account.search([("id", "not in", accounts.ids)]).statement_policy = "no"
        with (
            patch(f"{STATEMENT}.BATCH", 2),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *a, **k: 0),
        ):
            for sent in (2, 4, 5, 5):
                self.Statement._cron_statements()
                self.assertEqual(
                    self.Statement.search_count([("account_id", "in", accounts.ids)]), sent
                )

    def test_one_broken_client(self):
        """One client's PDF fails: the others are written to, it is tried again next day."""
        accounts = self._many(3)
        self._be("2026-03-01 03:00:00")
        render = type(self.Statement)._render_pdf

        def broken(statement):
            if statement.account_id == accounts[1]:
                raise ValueError("broken")
            return render(statement)

        with (
            patch.object(type(self.Statement), "_render_pdf", broken),
            mute_logger(NOTICE),
        ):
            self._run()
        self.assertEqual([len(self._sent(account)) for account in accounts], [1, 0, 1])
        self._be("2026-03-02 03:00:00")
        self._run()
        self.assertEqual([len(self._sent(account)) for account in accounts], [1, 1, 1])

    def test_rights(self):
        self._be("2026-03-01 03:00:00")
        self._run()
        sent = self._sent()
        self.assertTrue(sent.with_user(self.user).read(["month"]))
        for user in (self.portal, self.other_portal, self.employee):
            with self.assertRaises(AccessError):
                sent.with_user(user).read(["month"])
        with self.assertRaises(AccessError):
            sent.with_user(self.manager).unlink()
        with self.assertRaises(AccessError):
            self.Statement.with_user(self.manager).create(
                {"account_id": self.account.id, "month": date(2026, 1, 1)}
            )
        self.account.with_user(self.manager).statement_policy = "no"
        with self.assertRaises(AccessError):
            self.account.with_user(self.user).write({"statement_policy": "yes"})
