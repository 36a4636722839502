import html
from datetime import date
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from .loyalty_common import TODAY, LoyaltyCase

NEWS = "odoo.addons.service_credits.models.service_credit_loyalty_news"
NOTICE = "odoo.addons.service_credits.models.service_credit_notice"


@tagged("post_install", "-at_install")
class TestLoyaltyMessages(LoyaltyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")

    def _mails(self, client):
        return self.env["mail.mail"].search([("recipient_ids", "in", client.ids)])

    def test_one_mail_says_it_all(self):
        """One mail for all that a run granted; queued, not sent."""
        client = self._client(self._years_ago(12), email="acme@example.com")
        self._run()
        mail = self._mails(client)
        self.assertEqual((len(mail), mail.state), (1, "outgoing"))
        self.assertIn("16 credits free for your loyalty", mail.subject)
        for words in (
            "Welcome", "12 years of seniority: 12 credits",
            "Yearly thanks 2026", "12 years of seniority: 4 credits",
            ">16</strong> credits available", "/my/credits",
        ):  # fmt: skip
            self.assertIn(words, " ".join(mail.body_html.split()))
        self.assertFalse(self.News.search([]))
        self._run()
        self.assertEqual(len(self._mails(client)), 1)

    def test_in_the_clients_language(self):
        """Mail and statement alike: the reason is written in the client's language."""
        french = self._client(self._years_ago(12), email="fr@example.com", lang="fr_FR")
        english = self._client(self._years_ago(1), email="en@example.com", lang="en_US")
        self.assertEqual(
            self.Program.with_context(lang="fr_FR")._get_reason(12, 4),
            "12 ans d'ancienneté : 4 crédits",
        )
        self._run()
        entries = self.Account._find(french).entry_ids
        self.assertEqual(
            sorted(entries.mapped("reason")),
            ["12 ans d'ancienneté : 12 crédits", "12 ans d'ancienneté : 4 crédits"],
        )
        body = html.unescape(self._mails(french).body_html)
        self.assertIn("12 ans d'ancienneté : 4 crédits", body)
        self.assertIn("offerts", self._mails(french).subject)
        self.assertEqual(
            self.Account._find(english).entry_ids.reason, "1 year of seniority: 1 credit"
        )

    def test_who_is_told(self):
        """The client, else its first contact with an address, else nobody."""
        without = self._client(self._years_ago(5))
        contact = self.env["res.partner"].create(
            {"name": "Ann", "lang": "en_US", "parent_id": without.id, "email": "ann@example.com"}
        )
        nobody = self._client(self._years_ago(5))
        self._run()
        self.assertEqual(len(self._mails(contact)), 1)
        self.assertFalse(self._mails(nobody))
        self.assertFalse(self.News.search([]))

    def test_nobody_reads_no_language(self):
        """A client without a language reads the company's."""
        self.company.partner_id.lang = "fr_FR"
        client = self._client(self._years_ago(12), lang=False)
        self.yearly._grant_clients(client.ids, TODAY)
        self.assertEqual(
            self.Account._find(client).entry_ids.reason, "12 ans d'ancienneté : 4 crédits"
        )

    def test_archived_before_being_told(self):
        client = self._client(self._years_ago(5), email="acme@example.com")
        self.yearly._grant_clients(client.ids, TODAY)
        client.active = False
        self._run()
        self.assertFalse(self._mails(client))
        self.assertFalse(self.News.search([]))

    def test_merged_before_being_told(self):
        """The client that is left is told, and served with the credits that came along: also
        when the other one became a contact of it."""
        kept, lost = (
            self._client(self._years_ago(5), email=f"{name}@example.com")
            for name in ("kept", "lost")
        )
        contact = kept.create({"name": "Ann", "parent_id": kept.id, "email": "ann@example.com"})
        account = self.Account._for_partner(kept, self.company)
        self.yearly._grant_clients(lost.ids, TODAY)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((contact | lost).ids, contact)
        served = []
        with patch.object(
            type(self.Account), "_credits_arrived", lambda accounts: served.extend(accounts.ids)
        ):
            self.News._tell(self.News.search([]).mapped("account_id"))
        self.assertEqual(served, account.ids)
        self.assertEqual(self._mails(kept).recipient_ids, kept)

    def test_a_program_that_does_not_tell(self):
        client = self._client(self._years_ago(5), email="acme@example.com")
        self.yearly.notify = False
        self._run()
        self.assertIn("5 credits free", self._mails(client).subject)
        self.assertEqual(self._available(client), 7)

    def test_mails_survive_a_broken_template(self):
        """Credits are granted, the others are told, and who was not told stays queued."""
        one, two = (
            self._client(self._years_ago(5), name=name, email=f"{name}@example.com")
            for name in ("one", "two")
        )
        template = self.env.ref("service_credits.mail_template_loyalty_grant")
        subject = template.subject
        template.subject = "{{ 1 / (object.partner_id.name != 'one') }}"
        with (
            mute_logger(NOTICE, "odoo.addons.mail.models.mail_render_mixin"),
            self.assertLogs("odoo.addons.base.models.ir_cron", "ERROR") as logs,
        ):
            self._run()
        self.assertIn("they stay queued", logs.output[0])
        self.assertEqual([self._available(client) for client in (one, two)], [7, 7])
        self.assertEqual([len(self._mails(client)) for client in (one, two)], [0, 1])
        queued = self.News.search([]).mapped("account_id")
        self.assertEqual(self.Account.browse(queued).partner_id, one)
        template.subject = subject
        self._run()
        self.assertEqual([len(self._mails(client)) for client in (one, two)], [1, 1])

    @mute_logger(NEWS)
    def test_waiting_work_is_served(self):
        """Interventions that wait for credits are served, and cannot keep the mail back."""
        client = self._client(self._years_ago(5), email="acme@example.com")
        served = []

        def arrived(accounts):
            served.extend(accounts.ids)
            raise ValueError("trouble")

        with patch.object(type(self.Account), "_credits_arrived", arrived):
            self._run()
        self.assertIn(self.Account._find(client).id, served)
        self.assertEqual(len(self._mails(client)), 1)

    def test_statement(self):
        client = self._client(self._years_ago(12), email="acme@example.com")
        self.yearly._grant_clients(client.ids, TODAY)
        line = self.Account._find(client)._get_statement()["lines"][0]
        self.assertEqual(
            line["description"],
            "4 credits free, for your loyalty — 12 years of seniority: 4 credits",
        )

    def test_changes_of_the_date_are_tracked(self):
        client = self._client(date(2020, 1, 1))
        self.flush_tracking()
        client.service_credit_since = date(2019, 1, 1)
        self.flush_tracking()
        values = client.message_ids.sudo().tracking_value_ids
        self.assertIn("service_credit_since", values.field_id.mapped("name"))

    def flush_tracking(self):
        self.env.flush_all()
        self.cr.precommit.run()

    def test_import_sets_dates(self):
        """The ordinary import of contacts sets them too."""
        client = self._client(False, name="Imported", ref="imported")
        result = self.env["res.partner"].load(
            [".id", "service_credit_since"], [[str(client.id), "2011-02-03"]]
        )
        self.assertFalse(result["messages"])
        self.assertEqual(client.service_credit_since, date(2011, 2, 3))
