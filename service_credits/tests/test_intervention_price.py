from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_intervention_portal import InterventionHttpCase


@tagged("post_install", "-at_install")
class TestInterventionPrice(InterventionHttpCase):
    """A price that is being prepared is the firm's own: no way shows it to the client."""

    def setUp(self):
        super().setUp()
        self.authenticate(self.portal.login, self.portal.login)

    def _call(self, method, *args, **kwargs):
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/service.intervention/{method}",
            {"model": "service.intervention", "method": method, "args": args, "kwargs": kwargs},
        )

    def _assert_refused(self, method, *args, **kwargs):
        muted = mute_logger("odoo.http", "odoo.addons.base.models.ir_model", "odoo.orm.models")
        with self.assertRaisesRegex(Exception, "AccessError"), muted:
            self._call(method, *args, **kwargs)

    def _quoted(self, intervention):
        return self._call("search_read", [("id", "=", intervention.id)], ["quoted_credits"])[0][
            "quoted_credits"
        ]

    def test_read_over_rpc(self):
        intervention = self._make_intervention(7, self.portal.partner_id)
        mine = [("id", "=", intervention.id)]
        for field in ("credits", "stock_after", "stock_available", "stock_claimed"):
            with self.subTest(field):
                self._assert_refused("search_read", mine, [field])
                self._assert_refused("read", intervention.ids, [field])
        # nor by asking whether it is above some number
        self._assert_refused("search_count", [*mine, ("credits", ">", 6)])
        self._assert_refused("search_count", [*mine, ("line_ids.credits", ">", 6)])
        self._assert_refused("search_read", mine, ["name"], order="credits")
        self._assert_refused("formatted_read_group", mine, ["state"], ["credits:sum"])
        fields = self._call("fields_get", attributes=["store", "type"])
        plain = [
            name
            for name, field in fields.items()
            if field["store"] and not field["type"].endswith("2many")
        ]
        everything = self._call("search_read", mine, plain)[0]
        self.assertNotIn(7, everything.values())
        self.assertEqual(everything["quoted_credits"], 0)

    def test_told_when_sent(self):
        intervention = self._make_intervention(7, self.portal.partner_id)
        intervention._send_quotation()
        self.assertEqual(self._quoted(intervention), 7)
        intervention.action_revise()
        intervention.line_ids.credits = 9
        self.assertEqual(self._quoted(intervention), 7, "a new revision is no price yet")
        intervention._send_quotation()
        self.assertEqual(self._quoted(intervention), 9)
        intervention.line_ids.credits = 8
        self.assertEqual(self._quoted(intervention), 8, "changed while it is open: shown anew")
        intervention.action_revise()
        intervention.line_ids.credits = 6
        intervention.action_cancel()
        self.assertEqual(self._quoted(intervention), 8, "cancelled, the last one was never sent")

    def test_pages_and_prints(self):
        draft = self._make_intervention(77, self.portal.partner_id)
        dropped = self._make_intervention(77, self.portal.partner_id)
        dropped.action_cancel()
        revised = self._make_quotation(5, self.portal.partner_id)
        revised._accept(self.portal.partner_id, 1)
        revised.action_revise()
        revised.line_ids.credits = 77
        for intervention in (draft, dropped, revised):
            for query in ("", "?report_type=html", "?report_type=text"):
                with self.subTest(state=intervention.state, query=query):
                    page = self.url_open(f"/my/interventions/{intervention.id}{query}")
                    self.assertEqual(page.status_code, 200)
                    self.assertIn("Monthly sales", page.text)
                    self.assertNotIn(">77<", page.text)
                    self.assertNotIn("77 credits", page.text)
            with mute_logger("odoo.http", "odoo.addons.base.models.ir_model"):
                printed = self.url_open(
                    f"/report/html/service_credits.report_intervention/{intervention.id}"
                )
            self.assertNotEqual(printed.status_code, 200)
        revised._send_quotation()
        page = self.url_open(f"/my/interventions/{revised.id}?report_type=html")
        self.assertIn(">77<", page.text)
        printed = self.url_open(f"/my/interventions/{revised.id}?report_type=pdf&download=1")
        self.assertEqual(printed.status_code, 200)
        name = revised.name.replace("/", "_")
        self.assertIn(f"{name}.pdf", printed.headers["Content-Disposition"])

    def test_sorted_by_credits(self):
        for credits in (3, 8, 5):
            self._make_quotation(credits, self.portal.partner_id, subject=f"Costs {credits}")
        page = self.url_open("/my/interventions?sortby=credits").text
        self.assertLess(page.index("Costs 8"), page.index("Costs 5"))
        self.assertLess(page.index("Costs 5"), page.index("Costs 3"))
