from odoo import Command
from odoo.tests import HttpCase, tagged

from .common_intervention import InterventionCase

FEW, MANY = 3, 15  # rows of a page, which shows up to 20


@tagged("post_install", "-at_install")
class TestPortalQueries(InterventionCase, HttpCase):
    """Each page of the portal costs the same number of queries whatever the rows it shows."""

    def setUp(self):
        super().setUp()
        self.account._grant(1000, key="queries:start")

    def _count(self, path):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        answer = self.url_open(path)
        self.assertEqual(answer.status_code, 200)
        return self.env.cr.sql_log_count - before, answer.text

    def _check(self, path, more, marker):
        """Open `path` with few rows and with many, made by `more(number)`; `marker` is in each."""
        for number in range(FEW):
            more(number)
        self.authenticate("sc_portal", "sc_portal")
        self.opener.cookies["frontend_lang"] = "en_US"
        self._count(path)  # what is read once for all: caches of templates, rules, assets
        few, page = self._count(path)
        shown = page.count(marker)
        self.assertTrue(shown)
        for number in range(FEW, MANY):
            more(number)
        self._count(path)
        many, page = self._count(path)
        self.assertGreaterEqual(page.count(marker), shown + MANY - FEW)
        self.assertLessEqual(many, few, f"{path}: {few} queries with few rows, {many} with many")

    def _work(self, number):
        """One more delivered intervention, of a type and a person of its own."""
        intervention = self._make_intervention(
            1,
            type_id=self.env["service.intervention.type"].create({"name": f"Type {number}"}).id,
            subject=f"Work {number}",
            user_id=self.env["res.users"]
            .with_context(no_reset_password=True)
            .create({"login": f"q{number}", "name": f"Person {number}"})
            .id,
        )
        intervention._send_quotation()
        intervention._accept(self.contact, intervention.revision)
        intervention.action_start()
        intervention._deliver()
        return intervention

    def test_home(self):
        def quote(number):
            self._make_quotation(1)

        self.authenticate("sc_portal", "sc_portal")
        quote(0)
        self._count("/my")
        few = self._count("/my")[0]
        for number in range(MANY):
            quote(number)
        self._count("/my")
        self.assertLessEqual(self._count("/my")[0], few)

    def test_credits(self):
        self._check("/my/credits", self._work, "o_sc_use_line")

    def test_statement_of_purchases(self):
        def buy(number):
            product = self.env["product.product"].create({"name": f"P{number}", "type": "service"})
            order = self.env["sale.order"].create(
                {
                    "partner_id": self.contact.id,
                    "order_line": [Command.create({"product_id": product.id})],
                }
            )
            self.account._grant(
                1, f"q{number}", origin="purchase", value=9, order_line_id=order.order_line.id
            )

        self._check("/my/credits?filterby=bought", buy, 'class="o_sc_line"')

    def test_order(self):
        def pack(number):
            self.env["product.product"].create(
                {
                    "name": f"Queries pack {number}",
                    "type": "service",
                    "service_credits": 5 + number,
                    "list_price": 100 + number,
                }
            )

        self._check("/my/credits/order", pack, "Queries pack")

    def test_interventions(self):
        self._check("/my/interventions", self._work, ">Work ")

    def test_quotation(self):
        quotation = self._make_quotation(1)

        def add(number):
            self.env["service.intervention.line"].create(
                {
                    "intervention_id": quotation.id,
                    "description": f"Queries line {number}",
                    "credits": 1,
                    "optional": bool(number % 2),
                }
            )
            quotation._send_quotation()
            quotation.message_post(
                body=f"Message {number}",
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                author_id=self.contact.id,
            )
            quotation._refuse(self.contact, quotation.revision, f"Reason {number}")
            quotation._send_quotation()

        self._check(f"/my/interventions/{quotation.id}", add, "Queries line")
