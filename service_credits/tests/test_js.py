from odoo.tests import tagged

from odoo.addons.web.tests.test_js import HOOTCommon, unit_test_error_checker

SUITE = "@service_credits"


@tagged("post_install", "-at_install")
class TestServiceCreditsJs(HOOTCommon):
    """Run this add-on's own JavaScript unit tests, on a desktop's and on a phone's screen."""

    # Odoo's tests of these helpers need not run again here.
    test_generate_hoot_hash = None
    test_get_hoot_filter = None

    def _run_suite(self, preset):
        self.browser_js(
            f"/web/tests?headless&loglevel=2&preset={preset}&timeout=15000"
            f"&id={self._generate_hash(SUITE)}",
            "",
            login="admin",
            timeout=300,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=unit_test_error_checker,
        )

    def test_units_desktop(self):
        self._run_suite("desktop")

    def test_units_mobile(self):
        self.browser_size = "375x667"
        self.touch_enabled = True
        self._run_suite("mobile")
