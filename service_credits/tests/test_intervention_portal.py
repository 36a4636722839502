import re
from html import unescape

from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common_intervention import InterventionCase


class InterventionHttpCase(InterventionCase, HttpCase):
    """Pages opened as a browser without JavaScript does: forms found and posted."""

    def setUp(self):
        super().setUp()
        self.opener.cookies["frontend_lang"] = "en_US"

    def _form(self, page, action_end):
        """The hidden fields of the form whose action ends so."""
        for form in re.findall(r"<form.*?</form>", page, re.S):
            action = re.search(r'action="([^"]*)"', form)
            if action and unescape(action[1]).split("?")[0].endswith(action_end):
                fields = {}
                for tag in re.findall(r"<input[^>]*>", form):
                    attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
                    if attributes.get("type") == "hidden":
                        fields[attributes["name"]] = unescape(attributes.get("value", ""))
                return fields
        return None

    def _open(self, url):
        return self.url_open(url, timeout=60)

    def _press(self, page, intervention, what, **values):
        form = self._form(page.text, f"/my/interventions/{intervention.id}/{what}")
        self.assertIsNotNone(form, f"no form to {what}")
        return self.url_open(
            f"/my/interventions/{intervention.id}/{what}", data={**form, **values}, timeout=60
        )

    def _path(self, url):
        return url.removeprefix(self.env["service.intervention"].get_base_url())


@tagged("post_install", "-at_install")
class TestInterventionPortal(InterventionHttpCase):
    """The client decides in the portal or by the link of the mail; everything else is a clear
    page that changes nothing."""

    def setUp(self):
        super().setUp()
        self.quotation = self._make_quotation(8)
        self.link = self._path(self.quotation._get_decision_url("see"))

    def _assert_untouched(self):
        self.env.invalidate_all()
        self.assertEqual(self.quotation.state, "quoted")
        self.assertFalse(self.quotation.decision_ids)
        self.assertBalance(self.account, 10)

    def test_accept_by_link(self):
        page = self._open(self._path(self.quotation._get_decision_url("accept")))
        self.assertEqual(page.status_code, 200)
        self.assertNotIn(f"/my/interventions/{self.quotation.id}/refuse", page.text)
        self._assert_untouched()
        page = self._press(page, self.quotation, "accept")
        self.assertEqual(page.status_code, 200)
        self.assertIn("the quotation is accepted", page.text)
        self.assertEqual(self.quotation.state, "accepted")
        self.assertBalance(self.account, 2, 8)
        decision = self.quotation.decision_ids
        self.assertEqual((decision.way, decision.partner_id), ("link", self.contact))
        self.assertEqual(decision.ip, "127.0.0.1")

    def test_refuse_by_link(self):
        page = self._open(self._path(self.quotation._get_decision_url("refuse")))
        self._assert_untouched()
        self.assertNotIn(f"/my/interventions/{self.quotation.id}/accept", page.text)
        page = self._press(page, self.quotation, "refuse", reason="<script>alert(1)</script> dear")
        self.assertEqual(page.status_code, 200)
        self.assertNotIn("<script>alert(1)", page.text)
        self.assertEqual(self.quotation.state, "refused")
        self.assertIn("dear", self.quotation.refusal_reason)
        self.assertBalance(self.account, 10)

    def test_accept_signed_in(self):
        self.authenticate("sc_portal", "sc_portal")
        page = self._open(f"/my/interventions/{self.quotation.id}")
        self.assertNotIn(self.quotation.access_token, page.text)
        self._press(page, self.quotation, "accept")
        self.assertEqual(self.quotation.state, "accepted")
        decision = self.quotation.decision_ids
        self.assertEqual((decision.way, decision.partner_id), ("portal", self.portal.partner_id))

    def test_pressing_twice(self):
        page = self._open(self.link)
        self._press(page, self.quotation, "accept")
        again = self._press(page, self.quotation, "accept")
        self.assertEqual(again.status_code, 409)
        self.assertIn("accepted already", again.text)
        refused = self._press(page, self.quotation, "refuse")
        self.assertEqual(refused.status_code, 409)
        self.assertEqual(self.quotation.state, "accepted")
        self.assertBalance(self.account, 2, 8)
        self.assertEqual(len(self.quotation.decision_ids), 1)

    def test_tokens(self):
        page = self._open(self.link)
        form = self._form(page.text, "/accept")
        for token in ("", "wrong", self._make_quotation(1).access_token):
            for what in ("accept", "refuse", "undo", "cancel", "ask"):
                answer = self.url_open(
                    f"/my/interventions/{self.quotation.id}/{what}",
                    data={**form, "access_token": token},
                )
                self.assertEqual(answer.status_code, 403, (token, what))
                self.assertIn("does not open anything", answer.text)
        answer = self._open(f"/my/interventions/{self.quotation.id}?access_token=wrong")
        self.assertEqual(answer.status_code, 403)
        answer = self._open("/my/interventions/999999999?access_token=wrong")
        self.assertEqual(answer.status_code, 403)
        answer = self._open(f"/my/interventions/{self.quotation.id}")
        self.assertIn("/web/login", answer.url)
        self._assert_untouched()

    def test_csrf(self):
        page = self._open(self.link)
        form = self._form(page.text, "/accept")
        form.pop("csrf_token")
        with mute_logger("odoo.http"):
            answer = self.url_open(f"/my/interventions/{self.quotation.id}/accept", data=form)
        self.assertEqual(answer.status_code, 400)
        self._assert_untouched()

    def test_get_never_decides(self):
        for what in ("accept", "refuse", "undo", "cancel", "ask", "seen"):
            with mute_logger("odoo.http"):
                answer = self._open(
                    f"/my/interventions/{self.quotation.id}/{what}?access_token="
                    f"{self.quotation.access_token}&revision=1"
                )
            self.assertIn(answer.status_code, (404, 405), what)
        self._assert_untouched()

    def test_another_client(self):
        self.authenticate("sc_other_portal", "sc_other_portal")
        answer = self._open(f"/my/interventions/{self.quotation.id}")
        self.assertEqual(answer.status_code, 403)
        self.assertNotIn("Monthly sales", answer.text)
        answer = self._open("/my/interventions")
        self.assertNotIn(self.quotation.name, answer.text)
        # even with the link: they see it, as anyone who has the link, and decide nothing
        page = self._open(self.link)
        self.assertEqual(page.status_code, 200)
        self.assertIsNone(self._form(page.text, "/accept"))
        csrf = re.search(r'data-csrf="([^"]*)"', page.text)[1]
        for what in ("accept", "refuse"):
            answer = self.url_open(
                f"/my/interventions/{self.quotation.id}/{what}",
                data={
                    "csrf_token": csrf, "revision": 1,
                    "access_token": self.quotation.access_token,
                },
            )  # fmt: skip
            self.assertEqual(answer.status_code, 403)
        self._assert_untouched()

    def test_stale_revision(self):
        page = self._open(self.link)
        self.quotation.line_ids.credits = 9
        answer = self._press(page, self.quotation, "accept")
        self.assertEqual(answer.status_code, 409)
        self.assertIn("changed meanwhile", answer.text)
        self._assert_untouched()
        # the page shows it anew: one press on it decides
        self._press(answer, self.quotation, "accept")
        self.assertEqual(self.quotation.state, "accepted")
        self.assertBalance(self.account, 1, 9)

    def test_nonsense_revision(self):
        page = self._open(self.link)
        for revision in ("", "x", "-1", "99", "1.0", "9" * 40):
            answer = self._press(page, self.quotation, "accept", revision=revision)
            self.assertEqual(answer.status_code, 409, revision)
        self._assert_untouched()

    def test_too_few_credits(self):
        quotation = self._make_quotation(13)
        page = self._open(self._path(quotation._get_decision_url("accept")))
        self.assertRegex(page.text, r"3\s*</t>\s*credits are missing|3 credits are missing")
        form = self._form(page.text, "/accept")
        form.pop("order", None)
        answer = self.url_open(f"/my/interventions/{quotation.id}/accept", data=form)
        self.assertEqual(answer.status_code, 409)
        self.assertEqual(quotation.state, "quoted")
        self.assertBalance(self.account, 10)

    def test_nothing_half_done(self):
        """The lines were ticked before the credits turned out to be too few: not kept either."""
        quotation = self._make_intervention(12)
        quotation.line_ids = [
            Command.create({"description": "Chart", "credits": 1, "optional": True})
        ]
        quotation._send_quotation()
        page = self._open(self._path(quotation._get_decision_url("see")))
        form = self._form(page.text, "/accept")
        form.pop("order")
        answer = self.url_open(
            f"/my/interventions/{quotation.id}/accept", data={**form, "choice": "1"}
        )
        self.assertEqual(answer.status_code, 409)
        self.env.invalidate_all()
        self.assertEqual((quotation.state, quotation.credits), ("quoted", 13))

    def test_forged_contact(self):
        """The link names its contact, signed: another name falls back to the one it was sent to."""
        page = self._open(self.link)
        self._press(page, self.quotation, "accept", pid=self.portal.partner_id.id)
        self.assertEqual(self.quotation.decision_ids.partner_id, self.contact)

    def test_undo_in_the_portal(self):
        page = self._press(self._open(self.link), self.quotation, "accept")
        page = self._press(page, self.quotation, "undo")
        self.assertIn("taken back", page.text)
        self.assertEqual(self.quotation.state, "quoted")
        self.assertBalance(self.account, 10)

    def test_options(self):
        quotation = self._make_intervention(2)
        quotation.line_ids = [
            Command.create({"description": "Chart", "credits": 3, "optional": True}),
            Command.create({"description": "Map", "credits": 4, "optional": True}),
        ]
        quotation._send_quotation()
        page = self._open(self._path(quotation._get_decision_url("see")))
        chart = quotation.line_ids.filtered(lambda line: line.description == "Chart")
        self._press(page, quotation, "accept", choice="1", line=chart.id)
        self.assertEqual(quotation.state, "accepted")
        self.assertBalance(self.account, 5, 5)

    def test_seen(self):
        page = self._open(self.link)
        self.assertFalse(self.quotation.seen_date)
        url = re.search(r'data-seen-url="([^"]*)"', page.text)[1]
        csrf = re.search(r'data-csrf="([^"]*)"', page.text)[1]
        answer = self.url_open(
            url, data={"csrf_token": csrf, "access_token": self.quotation.access_token}
        )
        self.assertEqual(answer.status_code, 204)
        self.assertEqual(self.quotation.seen_by_id, self.contact)

    def test_pages_of_every_state(self):
        self.authenticate("sc_portal", "sc_portal")
        for state, label in self.env["service.intervention"]._fields["state"].selection:
            intervention = self._in_state(state, 1)
            page = self._open(f"/my/interventions/{intervention.id}?decision=accept")
            self.assertEqual(page.status_code, 200, state)
            self.assertIn(label, page.text)
        for query in ("", "?filterby=decide", "?sortby=credits&search=Monthly", "?sortby=x%27--",
                      "/page/2", "/page/99?filterby=nothing&search=%25"):  # fmt: skip
            page = self._open(f"/my/interventions{query}")
            self.assertEqual(page.status_code, 200, query)

    def test_paging(self):
        for _number in range(21):
            self._make_intervention(1, self.portal.partner_id)
        self.authenticate("sc_portal", "sc_portal")
        first = self._open("/my/interventions")
        second = self._open("/my/interventions/page/2")
        self.assertEqual(len(re.findall(r'href="/my/interventions/\d+"', first.text)), 20)
        self.assertEqual(len(re.findall(r'href="/my/interventions/\d+"', second.text)), 2)

    def test_home(self):
        self.authenticate("sc_portal", "sc_portal")
        page = self._open("/my")
        self.assertIn("/my/interventions", page.text)
        answer = self.url_open(
            "/my/counters",
            json={"params": {"counters": ["intervention_decide_count", "intervention_count"]}},
        )
        self.assertEqual(answer.json()["result"]["intervention_decide_count"], 1)


@tagged("post_install", "-at_install")
class TestInterventionRequest(InterventionHttpCase):
    """The client asks; what is wrong is said on the form, with what was typed."""

    def setUp(self):
        super().setUp()
        self.authenticate("sc_portal", "sc_portal")
        self.page = self._open("/my/interventions/new")

    def _ask(self, files=None, **values):
        form = {
            "csrf_token": self._form(self.page.text, "/new")["csrf_token"],
            "type_id": self.kind.id,
            "subject": "Sales by region",
            "description": "Line one\n<script>alert(1)</script>",
            **values,
        }
        return self.url_open("/my/interventions/new", data=form, files=files, timeout=60)

    def _made(self):
        return self.env["service.intervention"].search(
            [("partner_id", "=", self.portal.partner_id.id)]
        )

    def test_asked(self):
        files = [
            ("files", ("sales.csv", b"a;b", "text/csv")),
            ("files", ("../../<b>x</b>.txt", b"hello", "text/plain")),
        ]
        answer = self._ask(files)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("on its way", answer.text)
        made = self._made()
        self.assertEqual((made.state, made.subject, made.type_id),
                         ("request", "Sales by region", self.kind))  # fmt: skip
        self.assertEqual(made.user_id, self.user)
        self.assertNotIn("<script>", made.description)
        self.assertNotIn("<script>alert(1)", answer.text)
        self.env["ir.attachment"].create(
            {"name": "internal", "raw": b"x", "res_model": made._name, "res_id": made.id}
        )
        files = made._get_client_files()
        self.assertEqual(set(files.mapped("name")), {"sales.csv", "b>.txt"})
        self.assertEqual(made.activity_ids.user_id, self.user)
        mails = self.env["mail.mail"].search(
            [("model", "=", made._name), ("res_id", "=", made.id)]
        )
        mail = mails.filtered(lambda mail: "we received your request" in mail.subject)
        self.assertEqual(mail.recipient_ids, self.portal.partner_id)
        # the files are for those who may open the intervention
        url = f"/my/interventions/{made.id}/file/{files[0].id}"
        self.assertEqual(self._open(url).status_code, 200)
        self.authenticate("sc_other_portal", "sc_other_portal")
        self.assertEqual(self._open(url).status_code, 403)

    def test_a_file_of_something_else(self):
        self._ask()
        stranger = self.env["ir.attachment"].create({"name": "secret", "raw": b"secret"})
        answer = self._open(f"/my/interventions/{self._made().id}/file/{stranger.id}")
        self.assertEqual(answer.status_code, 404)

    def test_wrong_input(self):
        draft = self.env["service.intervention.type"].create(
            {"name": "Hidden", "portal_published": False}
        )
        for wrong in (
            {"type_id": ""}, {"type_id": "x"}, {"type_id": draft.id}, {"type_id": 999999999},
            {"subject": " "}, {"subject": "x" * 201},
            {"description": ""}, {"description": "x" * 30_000},
        ):  # fmt: skip
            answer = self._ask(**wrong)
            self.assertEqual(answer.status_code, 422, wrong)
            self.assertIn("nothing was sent", answer.text)
        self.assertFalse(self._made())

    def test_refused_files(self):
        for name in ("run.exe", "page.HTML", "x.svg", "x.js. "):
            answer = self._ask([("files", (name, b"x", "application/octet-stream"))])
            self.assertEqual(answer.status_code, 422, name)
        answer = self._ask([("files", (f"{n}.txt", b"x", "text/plain")) for n in range(11)])
        self.assertEqual(answer.status_code, 422)
        self.assertFalse(self._made())

    def test_too_large(self):
        self.env["ir.config_parameter"].set_param("web.max_file_upload_size", 200_000)
        with mute_logger("odoo.http"):
            answer = self._ask([("files", ("big.txt", b"x" * 300_000, "text/plain"))])
        self.assertGreaterEqual(answer.status_code, 400)
        self.assertFalse(self._made())

    def test_withdraw(self):
        self._ask()
        made = self._made()
        page = self._open(f"/my/interventions/{made.id}")
        self.assertNotIn("Quotation</h2>", page.text)
        page = self._press(page, made, "cancel")
        self.assertEqual(made.state, "cancelled")
