import json
import os
import re
import time
from contextlib import contextmanager
from pathlib import Path

from odoo import Command
from odoo.tests import new_test_user, tagged
from odoo.tests.common import ChromeBrowser

from .test_intervention_portal import InterventionHttpCase

# Where ./dev test puts it, which also names it in SERVICE_CREDITS_AXE.
AXE = Path(__file__).parents[2] / ".dev" / "npm" / "node_modules" / "axe-core" / "axe.min.js"
CHECK = """
axe.run(%s, {resultTypes: ["violations"]}).then((result) => JSON.stringify(
    result.violations.flatMap(({id, impact, help, nodes}) => nodes.map(({html, target}) => (
        {rule: id, impact, help, html, target: target.join(" ")}
    )))
))
"""
# All of a page but the inside of the chatter, which is Odoo's alone and loads when it likes. (Its
# dates are pale and its pictures have no text, on Odoo's own orders too.)
PAGE = '{exclude: ["#chatterRoot"]}'
# The chatter comes last, where there is one; so does the chart.
READY = """
document.readyState === "complete"
&& !!document.querySelector("#wrapwrap")
&& !document.querySelector(".o_portal_chatter:not(:has(#chatterRoot))")
"""


@tagged("post_install", "-at_install")
class TestAxe(InterventionHttpCase):
    """axe-core finds nothing serious in the portal's pages that Odoo's own pages do not have."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        path = Path(os.environ.get("SERVICE_CREDITS_AXE") or AXE)
        if not path.is_file():
            raise AssertionError(f"axe-core is not at {path}: ./dev test fetches it.")
        cls.axe = path.read_text(encoding="utf-8")
        cls.env.company.service_credit_allow_undo = True
        cls.empty = new_test_user(cls.env, "sc_empty", "base.group_portal", lang="en_US")
        cls.blind = new_test_user(cls.env, "sc_blind", "base.group_portal", lang="en_US")
        cls.blind.partner_id.write(
            {
                "parent_id": cls.client.id,
                "service_credit_may_see": False,
                "service_credit_may_order": False,
                "service_credit_may_decide": False,
            }
        )
        for number in range(3):
            cls.account._reserve(1, f"axe:{number}")._consume(key=f"axe:{number}:use")
        cls.account._grant(20, key="axe:more", origin="purchase", value=1600)
        product = cls.env["product.product"].create({"name": "Chair", "type": "service"})
        cls.order = cls.env["sale.order"].create(
            {
                "partner_id": cls.portal.partner_id.id,
                "order_line": [Command.create({"product_id": product.id})],
            }
        )
        cls.order.action_confirm()
        cls.states = {
            state: cls._in_state(state)
            for state in (
                "request", "quoted", "accepted", "in_progress", "done", "refused", "expired",
                "cancelled", "awaiting_credits",
            )
        }  # fmt: skip
        cls.dear = cls._make_quotation(500)
        cls.optional = cls._make_intervention(2)
        cls.optional.line_ids = [
            Command.create({"description": "Chart", "credits": 3, "optional": True})
        ]
        cls.optional._send_quotation()

    @contextmanager
    def _browser(self, login):
        browser = ChromeBrowser(self)
        try:
            with self.allow_requests(browser=browser):
                self.authenticate(login, login, browser=browser)
                browser.set_cookie("frontend_lang", "en_US", "/", "127.0.0.1")
                self.env.flush_all()
                self.env.cr.clear()
                yield browser
                browser.navigate_to("about:blank", wait_stop=True)
        finally:
            self._wait_remaining_requests()
            browser.stop()

    def _evaluate(self, browser, expression):
        answer = browser._websocket_request(
            "Runtime.evaluate",
            params={"expression": expression, "awaitPromise": True, "returnByValue": True},
            timeout=60.0,
        )
        self.assertNotIn("exceptionDetails", answer, answer)
        return answer["result"].get("value")

    def _find(self, browser, path, submit=None, within=PAGE):
        """What axe finds seriously wrong on a page: a dict by rule and element."""
        browser.navigate_to(self.base_url() + path, wait_stop=True)
        self.assertTrue(browser._wait_ready(READY, 30), path)
        if submit:
            self._evaluate(browser, f"document.querySelector({submit!r}).submit()")
            time.sleep(1)
            self.assertTrue(browser._wait_ready(READY, 30), path)
        time.sleep(0.5)  # what fades in has its own colours then
        self._evaluate(browser, self.axe + "; true")
        findings = json.loads(self._evaluate(browser, CHECK % within))
        return {
            (finding["rule"], self._generic(finding["html"])): finding
            for finding in findings
            if finding["impact"] in ("serious", "critical")
        }

    def _generic(self, markup):
        """An element without what differs from page to page: addresses, figures, words."""
        opening = re.match(r"<[^>]*>", markup)
        return re.sub(
            r'(href|value|id|title|alt|src)="[^"]*"', r"\1", opening[0] if opening else ""
        )

    def _check(self, login, pages):
        """None of `pages` has a finding that Odoo's own pages of an order lack.

        Odoo's header, footer and search bar are on every page of the portal; what axe says of them
        on Odoo's own pages, opened in the same run, is not ours to mend.
        """
        with self._browser(login) as browser:
            odoo = self._find(browser, self.order.get_portal_url())
            if login:
                odoo |= self._find(browser, "/my/orders")
                # Its picture has no text for a screen reader; Odoo draws this card itself.
                odoo |= self._find(browser, "/my", within="\"a[href$='/my/security']\"")
            problems = []
            for page in pages:
                path, submit = page if isinstance(page, tuple) else (page, None)
                found = self._find(browser, path, submit)
                problems += [
                    f"{path}: {finding['impact']} {finding['rule']}: {finding['help']}\n"
                    f"    {finding['target']}\n    {finding['html'][:400]}"
                    for key, finding in found.items()
                    if key not in odoo
                ]
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def _check_portal(self):
        page = "/my/interventions/%s".__mod__
        self._check(
            "sc_portal",
            [
                "/my",
                "/my/credits",
                "/my/credits?filterby=used&sortby=oldest",
                "/my/credits?search=nothing",
                "/my/credits/order",
                "/my/credits/contact",
                "/my/credits/preferences",
                "/my/interventions",
                "/my/interventions?search=nothing",
                "/my/interventions/new",
                ("/my/interventions/new", ".o_sc_request"),
                *(page(intervention.id) for intervention in self.states.values()),
                page(self.optional.id),
                page(self.dear.id),
                *(
                    page(f"{intervention.id}?decision={decision}")
                    for intervention in (self.optional, self.dear)
                    for decision in ("accept", "refuse")
                ),
            ],
        )

    def _check_others(self):
        pages = ["/my", "/my/credits", "/my/credits/order", "/my/interventions"]
        self._check("sc_empty", pages)
        self._check("sc_blind", [*pages, f"/my/interventions/{self.states['quoted'].id}"])
        # The link of the mail, without a session; and one that opens nothing.
        self._check(
            None,
            [
                *(
                    self._path(self.optional._get_decision_url(decision))
                    for decision in ("see", "accept", "refuse")
                ),
                f"/my/interventions/{self.optional.id}?access_token=wrong",
            ],
        )

    def test_desktop(self):
        self._check_portal()

    def test_desktop_others(self):
        self._check_others()

    def test_phone(self):
        self.browser_size = "390x844"
        self.touch_enabled = True
        self._check_portal()

    def test_phone_others(self):
        self.browser_size = "390x844"
        self.touch_enabled = True
        self._check_others()
