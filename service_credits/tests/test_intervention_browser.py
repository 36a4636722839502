import time
from contextlib import contextmanager

from odoo.tests import tagged
from odoo.tests.common import ChromeBrowser

from .test_intervention_portal import InterventionHttpCase

DELAY = 3.0  # what the page waits before it sends, so that a person can stop it


@tagged("post_install", "-at_install")
class TestInterventionBrowser(InterventionHttpCase):
    """The page in a real browser: what a person triggers, and what a mere load does not."""

    def setUp(self):
        super().setUp()
        self.quotation = self._make_quotation(8)

    @contextmanager
    def _browse(self, url):
        browser = ChromeBrowser(self)
        try:
            with self.allow_requests(browser=browser):
                self.env.flush_all()
                self.env.cr.clear()
                browser.navigate_to(self.base_url() + url, wait_stop=True)
                self.assertTrue(
                    browser._wait_ready("!!document.querySelector('.o_sc_ready')", 30)
                )
                yield browser
                # the chatter comes last: stopped in the middle, its loading is an error
                browser._wait_ready("!!document.querySelector('#chatterRoot')", 20)
                time.sleep(2)
                browser.navigate_to("about:blank", wait_stop=True)
        finally:
            self._wait_remaining_requests()
            browser.stop()
        self.env.invalidate_all()

    def _move(self, browser):
        for x in (200, 220):
            browser._websocket_request(
                "Input.dispatchMouseEvent", params={"type": "mouseMoved", "x": x, "y": 300}
            )

    def _run(self, browser, code):
        answer = browser._websocket_request("Runtime.evaluate", params={"expression": code})
        return answer["result"].get("value")


    def test_a_person_decides_from_the_mail(self):
        self.env.company.service_credit_decide_from_mail = True
        with self._browse(self._path(self.quotation._get_decision_url("accept"))) as browser:
            self._move(browser)
            time.sleep(DELAY + 3)
        self.assertEqual(self.quotation.state, "accepted")
        self.assertEqual(self.quotation.decision_ids.way, "mail")
        self.assertEqual(self.quotation.seen_by_id, self.contact)

    def test_a_person_refuses_from_the_mail(self):
        self.env.company.service_credit_decide_from_mail = True
        with self._browse(self._path(self.quotation._get_decision_url("refuse"))) as browser:
            self._move(browser)
            time.sleep(DELAY + 3)
        self.assertEqual(self.quotation.state, "refused")

    def test_a_load_decides_nothing(self):
        """A scanner's browser runs every script and even pretends to move the pointer."""
        self.env.company.service_credit_decide_from_mail = True
        with self._browse(self._path(self.quotation._get_decision_url("accept"))) as browser:
            self._run(
                browser,
                "for (const type of ['pointermove', 'pointerdown', 'keydown', 'touchstart'])"
                " document.body.dispatchEvent(new Event(type, {bubbles: true}))",
            )
            time.sleep(DELAY + 3)
        self.assertEqual(self.quotation.state, "quoted")
        self.assertFalse(self.quotation.seen_date)

    def test_stopped(self):
        self.env.company.service_credit_decide_from_mail = True
        with self._browse(self._path(self.quotation._get_decision_url("accept"))) as browser:
            self._move(browser)
            self._run(browser, "document.querySelector('.o_sc_stop').click()")
            time.sleep(DELAY + 3)
        self.assertEqual(self.quotation.state, "quoted")

    def test_switched_off_by_default(self):
        self.assertFalse(self.env.company.service_credit_decide_from_mail)
        with self._browse(self._path(self.quotation._get_decision_url("accept"))) as browser:
            self._move(browser)
            time.sleep(DELAY + 3)
        self.assertEqual(self.quotation.state, "quoted")
        self.assertTrue(self.quotation.seen_date)

    def test_stale_link_decides_nothing(self):
        self.env.company.service_credit_decide_from_mail = True
        url = self._path(self.quotation._get_decision_url("accept"))
        self.quotation.line_ids.credits = 9
        with self._browse(url) as browser:
            self._move(browser)
            time.sleep(DELAY + 3)
        self.assertEqual(self.quotation.state, "quoted")

    def test_total_follows_the_options(self):
        quotation = self._make_intervention(4)
        quotation.line_ids = [
            (0, 0, {"description": "Chart", "credits": 3, "optional": True}),
        ]
        quotation._send_quotation()
        with self._browse(self._path(quotation._get_decision_url("see"))) as browser:
            totals = "[...document.querySelectorAll('.o_sc_total')].map(e => e.textContent).join()"
            self.assertEqual(set(self._run(browser, totals).split(",")), {"7"})
            self._run(browser, "document.querySelector('.o_sc_option').click()")
            time.sleep(0.5)
            self.assertEqual(set(self._run(browser, totals).split(",")), {"4"})
            self.assertEqual(
                self._run(browser, "document.querySelector('.o_sc_after').textContent"), "6"
            )
