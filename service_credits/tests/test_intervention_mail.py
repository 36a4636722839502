import email
import email.policy
import re
import socket
from contextlib import contextmanager
from html import unescape
from unittest.mock import patch
from uuid import uuid4

from aiosmtpd.controller import Controller

from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from odoo.addons.base.models.ir_mail_server import IrMail_Server

from .test_intervention_portal import InterventionHttpCase


class Sink:
    """Keeps what a real SMTP conversation delivers."""

    def __init__(self):
        self.received = []

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.received.append((envelope.rcpt_tos, message))
        return "250 OK"


@tagged("post_install", "-at_install")
class TestInterventionMail(InterventionHttpCase):
    """The mail as the client's server gets it, and what its links do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact.lang = "en_US"

    @contextmanager
    def _smtp(self):
        sink = Sink()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        controller = Controller(sink, hostname="127.0.0.1", port=port)
        controller.start()
        try:
            self.env["mail.mail"].search([("state", "=", "outgoing")]).state = "cancel"
            self.env["ir.mail_server"].search([]).active = False
            self.env["ir.mail_server"].create(
                {
                    "name": "Sink", "smtp_host": "127.0.0.1", "smtp_port": port,
                    "smtp_encryption": "none", "smtp_authentication": "login",
                }
            )  # fmt: skip
            # Odoo connects to nothing while tests run: here it does, to the sink alone.
            with patch.object(IrMail_Server, "_disable_send", lambda self: False):
                yield sink
        finally:
            controller.stop()

    def _receive(self, intervention):
        with self._smtp() as sink:
            intervention._send_quotation()
            self.env["mail.mail"].process_email_queue()
        return sink.received

    def _links(self, message):
        html = message.get_body(("html",)).get_content()
        return {
            unescape(label).strip(): self._path(unescape(url))
            for url, label in re.findall(r'<a [^>]*href="([^"]*)"[^>]*>([^<]*)</a>', html)
            if "/my/interventions" in url
        }

    def test_received_and_followed(self):
        intervention = self._make_intervention(8)
        intervention.line_ids.description = "Extraction <script>alert(1)</script>\nof orders"
        [(recipients, message)] = self._receive(intervention)
        self.assertEqual(recipients, ["ann@acme.example.com"])
        self.assertIn(intervention.name, message["Subject"])
        html = message.get_body(("html",)).get_content()
        text = " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())
        self.assertIn("This intervention costs 8 credits", text)
        self.assertIn("Your credits now 10", text)
        self.assertIn("After this intervention 2", text)
        self.assertNotIn("<script", html)
        self.assertNotIn("<img", html)
        self.assertNotRegex(html, r"<link|url\(|@import")
        [attachment] = message.iter_attachments()
        self.assertIn(intervention.name.replace("/", "-"), attachment.get_filename())
        links = self._links(message)
        self.assertEqual(set(links), {"Accept", "Refuse", "See the quotation"})
        page = self._open(links["Accept"])
        self.assertIn("Accept for", page.text)
        self._press(page, intervention, "accept")
        self.assertEqual(intervention.state, "accepted")
        self.assertEqual(intervention.decision_ids.partner_id, self.contact)

    def test_refused_from_the_mail(self):
        intervention = self._make_intervention(8)
        [(_recipients, message)] = self._receive(intervention)
        page = self._open(self._links(message)["Refuse"])
        self._press(page, intervention, "refuse", reason="Not now")
        self.assertEqual((intervention.state, intervention.refusal_reason), ("refused", "Not now"))

    def test_scanner(self):
        """A scanner fetches every link ten times, by GET and HEAD, as whoever: nothing changes."""
        for straight in (False, True):
            self.env.company.service_credit_decide_from_mail = straight
            intervention = self._make_intervention(2)
            [(_recipients, message)] = self._receive(intervention)
            self.env.flush_all()
            before = self._snapshot(intervention)
            for url in self._links(message).values():
                for _time in range(10):
                    self.assertEqual(self._open(url).status_code, 200)
                    self.assertEqual(self.url_open(url, method="HEAD").status_code, 200)
            self.assertEqual(self._snapshot(intervention), before)

    def _snapshot(self, intervention):
        """Everything about it in the database, as text."""
        self.env.invalidate_all()
        rows = []
        for table, column in (
            ("service_intervention", "id"),
            ("service_intervention_line", "intervention_id"),
            ("service_intervention_decision", "intervention_id"),
            ("service_intervention_revision", "intervention_id"),
        ):
            self.env.cr.execute(
                f"SELECT t::text FROM {table} t WHERE {column} = %s ORDER BY id", [intervention.id]
            )
            rows += self.env.cr.fetchall()
        self.env.cr.execute(
            "SELECT m::text FROM mail_message m WHERE model = %s AND res_id = %s ORDER BY id",
            [intervention._name, intervention.id],
        )
        rows += self.env.cr.fetchall()
        self.env.cr.execute(
            "SELECT a::text FROM service_credit_account a WHERE id = %s", self.account.ids
        )
        return rows + self.env.cr.fetchall()

    def test_missing_credits_in_the_mail(self):
        [(_recipients, message)] = self._receive(self._make_intervention(13))
        html = message.get_body(("html",)).get_content()
        text = " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())
        self.assertIn("Credits missing 3", text)

    def test_no_pdf_where_none_can_be_made(self):
        self.patch(
            type(self.env["ir.actions.report"]), "get_wkhtmltopdf_state", lambda self: "install"
        )
        intervention = self._make_intervention(3)
        [(_recipients, message)] = self._receive(intervention)
        self.assertFalse(list(message.iter_attachments()))
        self.assertEqual(intervention.state, "quoted")

    def test_language_of_the_client(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("service_credits.mail_template_intervention_quotation")
        template.with_context(lang="fr_FR").subject = "Devis {{ object.name }}"
        self.contact.lang = "fr_FR"
        [(_recipients, message)] = self._receive(self._make_intervention(3))
        self.assertTrue(message["Subject"].startswith("Devis "))

    def test_composer(self):
        intervention = self._make_intervention(8)
        action = intervention.action_send()
        self.assertEqual(intervention.state, "request")
        with self._smtp() as sink:
            composer = Form(
                self.env["mail.compose.message"].with_user(self.user).with_context(
                    **action["context"]
                )
            ).save()
            composer._action_send_mail()
            self.env["mail.mail"].process_email_queue()
        self.assertEqual(intervention.state, "quoted")
        [(recipients, message)] = sink.received
        self.assertEqual(recipients, ["ann@acme.example.com"])
        self.assertEqual(len(self._links(message)), 3)
        self.assertEqual(len(list(message.iter_attachments())), 1)
        # the links of the mail are not for the colleagues who read the chatter in the portal
        posted = intervention.message_ids.filtered(lambda m: "access_token" in (m.body or ""))
        self.assertTrue(all(posted.mapped("is_internal")))

    def test_composer_for_many(self):
        several = self._make_intervention(1) | self._make_intervention(2)
        action = several.action_send()
        with self._smtp() as sink:
            composer = Form(
                self.env["mail.compose.message"].with_user(self.user).with_context(
                    **action["context"]
                )
            ).save()
            composer._action_send_mail()
            self.env["mail.mail"].process_email_queue()
        self.assertEqual(set(several.mapped("state")), {"quoted"})
        self.assertEqual(len(sink.received), 2)
        for _recipients, message in sink.received:
            self.assertEqual(len(self._links(message)), 3)

    def test_colleague_is_asked(self):
        boss = self.env["res.partner"].create(
            {
                "name": "Boss", "parent_id": self.client.id, "lang": "en_US",
                "email": "boss@acme.example.com",
            }
        )  # fmt: skip
        self.contact.service_credit_may_decide = False
        self.portal.partner_id.service_credit_ceiling = 5
        intervention = self._make_intervention(8)
        [(_recipients, message)] = self._receive(intervention)
        page = self._open(self._links(message)["Accept"])
        self.assertIsNone(self._form(page.text, "/accept"))
        with self._smtp() as sink:
            page = self._press(page, intervention, "ask")
            self.env["mail.mail"].process_email_queue()
        self.assertIn("were asked", page.text)
        asked = [m for r, m in sink.received if "needs your decision" in m["Subject"]]
        self.assertEqual(len(asked), 1)
        again = self.url_open(
            f"/my/interventions/{intervention.id}/ask",
            data={
                "csrf_token": re.search(r'data-csrf="([^"]*)"', page.text)[1],
                "access_token": intervention.access_token,
                "pid": self.contact.id, "hash": intervention._sign_token(self.contact.id),
            },
        )  # fmt: skip
        self.assertEqual(again.status_code, 409)
        page = self._open(self._links(asked[0])["Read and decide"])
        self._press(page, intervention, "accept")
        self.assertEqual(intervention.decision_ids.partner_id, boss)

    def _write_to_alias(self, body, subject="Sales", sender="Ann <ann@acme.example.com>"):
        """The request that a mail to the address of the type makes."""
        domain = self.env["mail.alias.domain"].search([("name", "=", "test.example.com")])
        domain = domain or domain.create({"name": "test.example.com"})
        self.env.company.alias_domain_id = domain
        self.kind.write({"alias_name": "extract", "alias_domain_id": domain.id})
        self.assertEqual(self.kind.alias_email, "extract@test.example.com")
        before = self.env["service.intervention"].search([])
        self.env["mail.thread"].message_process(
            "service.intervention",
            f"From: {sender}\nTo: extract@test.example.com\nSubject: {subject}\n"
            f"Message-Id: <{uuid4()}@example.com>\nContent-Type: text/html\n\n{body}",
        )
        return self.env["service.intervention"].search([]) - before

    def test_alias(self):
        made = self._write_to_alias("<p>Please</p><script>alert(1)</script>", "Sales of May")
        self.assertEqual(made.subject, "Sales of May")
        self.assertEqual(made.partner_id, self.contact)
        self.assertEqual((made.type_id, made.user_id), (self.kind, self.user))
        self.assertNotIn("script", made.description)
        self.assertEqual(made.activity_ids.user_id, self.user)
        acknowledged = self.env["mail.mail"].search(
            [("res_id", "=", made.id), ("model", "=", made._name)]
        )
        self.assertIn("we received", " ".join(acknowledged.mapped("subject")))

    def test_alias_enormous(self):
        made = self._write_to_alias(f"<p>{'word ' * 300_000}</p>", "long " * 1000)
        self.assertEqual(len(made.subject), 200)
        self.assertIn("the whole of it is in the messages", made.description)
        self.assertLess(len(made.description), 101_000)
        whole = made.message_ids.filtered(lambda message: message.message_type == "email")
        self.assertGreater(len(whole.body), 1_400_000)
        for body in ("&lt;" * 100_000, '"' * 300_000, "\u00a0" * 90_000, "<p>a</p>" * 20_000):
            made = self._write_to_alias(body)
            self.assertTrue(made.description)
        page = self._open(self._path(made._get_decision_url("see")))
        self.assertEqual(page.status_code, 200)

    def test_alias_hostile(self):
        """Whatever a stranger writes, staff and the client's page run none of it."""
        body = (
            "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)></svg>"
            "<a href='javascript:alert(4)'>Press</a><iframe src='https://example.com'></iframe>"
            "<form action='/x'><input name='y'></form><p style='position:fixed'>Hello</p>"
        )
        made = self._write_to_alias(body, "<script>alert(5)</script> & more")
        for text in (made.description, *made.message_ids.mapped("body")):
            for trap in ("<script", "onerror", "onload", "javascript:", "<iframe", "<form"):
                self.assertNotIn(trap, text)
        self.assertIn("Hello", made.description)
        page = self._open(self._path(made._get_decision_url("see"))).text
        self.assertNotIn("<script>alert", page)
        self.assertIn("&lt;script&gt;alert(5)&lt;/script&gt; &amp; more", page)
        deep = self._write_to_alias("<div>" * 20_000 + "deep" + "</div>" * 20_000)
        self.assertEqual(self._open(self._path(deep._get_decision_url("see"))).status_code, 200)

    def test_alias_without_sender(self):
        with self.assertRaisesRegex(UserError, "without a sender"):
            self.env["service.intervention"].message_new({"subject": "Hello", "body": "<p>x</p>"})
