from datetime import timedelta

from freezegun import freeze_time
from lxml import etree

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.service_credits.tests.buying_common import BuyingCase
from odoo.addons.service_credits.tests.common import ServiceCreditsCase


@tagged("post_install", "-at_install")
class TestSmartButtons(BuyingCase):
    """The figure on a button is that of the list which it opens."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.service_credit_grant_on = "order"
        own = {"company_id": cls.company.id, "company_ids": [Command.set(cls.company.ids)]}
        cls.staff = new_test_user(cls.env, "sc_staff", "service_credits.group_user", **own)
        cls.manager = new_test_user(
            cls.env, "sc_boss",
            "service_credits.group_manager,sales_team.group_sale_manager,"
            "product.group_product_manager", **own,
        )  # fmt: skip
        cls.accountant = new_test_user(
            cls.env, "sc_count", "service_credits.group_accountant", **own
        )
        cls.employee = new_test_user(cls.env, "sc_nobody", "base.group_user", **own)

    def _opened(self, action, user):
        model = self.env[action["res_model"]].with_user(user)
        return model.search(action["domain"])

    def test_credits_sold_of_a_pack(self):
        client = self._make_client()
        order = self._sell(client, (self.pack10, 2), (self.pack5, 1))
        bill = self._bill(self._make_client("Beta"), (self.pack10, 1))
        # who reads lots need not read orders
        for user in (self.staff, self.manager, self.accountant):
            for record in (self.pack10, self.pack10.product_tmpl_id):
                record = record.with_user(user)
                record.invalidate_recordset()
                self.assertEqual(record.service_credits_sold, 30, (user.login, record))
                lots = self._opened(record.action_view_service_credit_lots(), user)
                self.assertEqual(sum(lots.mapped("quantity")), 30)
                self.assertEqual(
                    lots.order_line_id.ids + lots.invoice_line_id.ids,
                    order.order_line[0].ids + bill.invoice_line_ids.ids,
                )
        self._account(client)._grant(50, "gift")
        self._refund(bill)
        self.pack10.invalidate_recordset()
        self.assertEqual(self.pack10.service_credits_sold, 20)
        lot = self.env["service.credit.lot"].search([("product_id", "=", self.pack5.id)])
        self.assertEqual((lot.product_id, lot.quantity), (self.pack5, 5))

    def test_product_of_lots_can_be_searched(self):
        client = self._make_client()
        self._sell(client, (self.pack10, 1), (self.pack5, 1))
        gift = self._account(client)._grant(1, "gift")
        Lot = self.env["service.credit.lot"].with_user(self.staff)
        mine = [("partner_id", "=", client.id)]
        self.assertEqual(Lot.search([*mine, ("product_id", "=", False)]), gift)
        self.assertEqual(
            Lot.search([*mine, ("product_id", "!=", False)]).product_id, self.pack10 | self.pack5
        )
        self.assertEqual(
            Lot.search([*mine, ("product_id", "=", self.pack5.id)]).mapped("quantity"), [5]
        )
        self.assertEqual(len(Lot.search([*mine, ("product_id", "in", [self.pack5.id, False])])), 2)
        self.assertEqual(
            Lot.search([*mine, ("product_id.name", "ilike", "pack of 10")]).mapped("quantity"), [10]
        )

    def test_credits_sold_of_chosen_companies(self):
        self._sell(self._make_client(), (self.pack10, 1))
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        pack = self.pack10.with_context(allowed_company_ids=elsewhere.ids)
        self.assertEqual(pack.service_credits_sold, 0)

    def test_product_forms_open_for_everyone(self):
        """The button must not break the form of who may not read credits."""
        manager = new_test_user(
            self.env, "sc_catalogue",
            "sales_team.group_sale_manager,product.group_product_manager",
            company_id=self.company.id, company_ids=[Command.set(self.company.ids)],
        )  # fmt: skip
        for user in (manager, self.manager):
            for record, view in (
                (self.pack10.product_tmpl_id, "product.product_template_only_form_view"),
                (self.pack10, "product.product_normal_form_view"),
            ):
                with Form(record.with_user(user), view=view) as form:
                    form.name = f"Renamed by {user.login}"
        with self.assertRaises(AccessError):
            self.pack10.with_user(manager).action_view_service_credit_lots()

    def test_interventions_of_a_client_and_of_a_contact(self):
        client = self._make_client()
        ann, bob = self.env["res.partner"].create(
            [{"name": name, "parent_id": client.id} for name in ("Ann", "Bob")]
        )
        kind = self.env.ref("service_credits.service_intervention_type_report")
        self.env["service.intervention"].create(
            [
                {"partner_id": who.id, "type_id": kind.id, "company_id": self.company.id}
                for who in (ann, ann, client)
            ]
        )
        for partner, count in ((client, 3), (ann, 2), (bob, 0)):
            partner = partner.with_user(self.staff)
            self.assertEqual(partner.service_intervention_count, count)
            found = self._opened(partner.action_view_service_interventions(), self.staff)
            self.assertEqual(len(found), count)
        with self.assertRaises(AccessError):
            client.with_user(self.employee).action_view_service_interventions()
        account = self._account(client).with_user(self.staff)
        self.assertEqual(account.intervention_count, 3)
        self.assertEqual(len(self._opened(account.action_view_interventions(), self.staff)), 3)

    def test_interventions_that_wait_for_an_order(self):
        client = self._make_client()
        kind = self.env.ref("service_credits.service_intervention_type_report")
        work = self.env["service.intervention"].create(
            {
                "partner_id": client.id, "type_id": kind.id, "company_id": self.company.id,
                "line_ids": [Command.create({"description": "Work", "credits": 4})],
            }
        )  # fmt: skip
        self.company.write(
            {"service_credit_grant_on": "payment", "portal_confirmation_sign": False,
             "portal_confirmation_pay": False}
        )  # fmt: skip
        work._send_quotation()
        order = work._accept_and_order(client, work.revision).with_env(self.env)
        other = self._sell(client, (self.pack5, 1))
        self.assertEqual(
            [order.service_intervention_count, other.service_intervention_count], [1, 0]
        )
        seller = self.manager
        action = order.with_user(seller).action_view_service_interventions()
        self.assertEqual(self._opened(action, seller), work)
        with self.assertRaises(AccessError):
            order.with_user(self.employee).action_view_service_interventions()

    def test_analysis_of_an_account(self):
        client = self._make_client()
        self._sell(client, (self.pack10, 1))
        self._sell(self._make_client("Beta"), (self.pack5, 1))
        action = self._account(client).with_user(self.staff).action_view_analysis()
        self.assertEqual(self._opened(action, self.staff).mapped("sold"), [10])


@tagged("post_install", "-at_install")
class TestAccountChart(ServiceCreditsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_users()

    def test_points(self):
        self.account._grant(10, "buy")
        self.account._reserve(4, "work")
        points = self.account.with_user(self.user).action_get_stock_points()
        self.assertEqual([(point["available"], point["held"]) for point in points], [(6, 4)])

    def test_rights(self):
        self.account._grant(10, "buy")
        for user in (self.user, self.manager, self.accountant, self.portal):
            self.assertTrue(self.account.with_user(user).action_get_stock_points())
        for user in (self.employee, self.other_portal):
            for method in ("action_get_stock_points", "action_view_analysis"):
                with self.assertRaises(AccessError):
                    getattr(self.account.with_user(user), method)()


@tagged("post_install", "-at_install")
class TestDigest(ServiceCreditsCase):
    """Sold and used in the periods of the digest, for who may know."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_users()
        cls.company = cls.env["res.company"].create({"name": "Fresh"})
        for user in cls.user | cls.manager | cls.accountant | cls.employee:
            user.write(
                {"company_ids": [Command.link(cls.company.id)], "company_id": cls.company.id}
            )
        cls.account = cls.Account._for_partner(cls.client, cls.company)
        cls.digest = cls.env["digest.digest"].create(
            {
                "name": "Credits", "company_id": cls.company.id,
                "kpi_service_credits_sold": True, "kpi_service_credits_used": True,
            }
        )  # fmt: skip

    def _kpis(self, user):
        kpis = self.digest._compute_kpis(self.company, user)
        return {kpi["kpi_name"]: kpi for kpi in kpis if "service_credits" in kpi["kpi_name"]}

    def test_values(self):
        now = fields.Datetime.now()
        for days, credits in ((0.5, 10), (3, 20), (20, 40), (200, 80)):
            self.account._grant(
                credits, f"buy:{days}", origin="purchase", value=1,
                date=now - timedelta(days=days),
            )  # fmt: skip
        self.account._grant(7, "gift")
        with freeze_time(now - timedelta(days=2)):
            self.account._reserve(9, "work")._consume(5, key="use")
        elsewhere = self.Account._for_partner(self.other_client, self.env.company)
        elsewhere._grant(99, "there", origin="purchase", value=1)
        self.env.flush_all()
        for user in (self.user, self.manager, self.accountant):
            kpis = self._kpis(user)
            sold, used = kpis["kpi_service_credits_sold"], kpis["kpi_service_credits_used"]
            columns = ("kpi_col1", "kpi_col2", "kpi_col3")
            self.assertEqual([sold[column]["value"] for column in columns], [10, 30, 70])
            self.assertEqual([used[column]["value"] for column in columns], [0, 5, 5])
            self.assertIn("service_credit_report_action", sold["kpi_action"])

    def test_left_out_for_who_may_not_know(self):
        self.assertEqual(self._kpis(self.employee), {})

    def test_the_mail_is_sent(self):
        self.account._grant(10, "buy", origin="purchase", value=1)
        self.digest.user_ids = self.manager
        self.digest.action_send_manual()
        mail = self.env["mail.mail"].search([("email_to", "ilike", self.manager.email)], limit=1)
        for kpi in ("sold", "used"):
            self.assertIn(f'data-field="kpi_service_credits_{kpi}"', mail.body_html)

    def test_tips_render(self):
        own = self.env["digest.tip"].search([("group_id", "=", self._group("manager").id)])
        self.assertEqual(len(own), 2)
        (self.env["digest.tip"].search([]) - own).unlink()
        for user, number in ((self.manager, 2), (self.user, 0)):
            tips = self.digest._compute_tips(self.company, user, tips_count=5, consumed=False)
            self.assertEqual(len(tips), number)
            self.assertTrue(all("tip_content" in tip for tip in tips))

    def _group(self, name):
        return self.env.ref(f"service_credits.group_{name}")


@tagged("post_install", "-at_install")
class TestSettings(ServiceCreditsCase):
    def test_every_setting_explains_itself(self):
        arch = self.env["res.config.settings"].get_view(view_type="form")["arch"]
        settings = etree.fromstring(arch).xpath("//app[@name='service_credits']//setting")
        self.assertGreater(len(settings), 4)
        for setting in settings:
            self.assertTrue(setting.get("help"), setting.get("id"))
            self.assertEqual(setting.get("company_dependent"), "1", setting.get("id"))


@tagged("post_install", "-at_install")
class TestQueryCounts(ServiceCreditsCase):
    """The lists of the back office cost the same whatever the number of rows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_users()
        cls.manager.group_ids |= cls.env.ref("sales_team.group_sale_manager")
        cls.kind = cls.env.ref("service_credits.service_intervention_type_report")

    def _make_rows(self, number):
        partners = self.env["res.partner"].create(
            [{"name": f"Client {self.rows + row}", "is_company": True} for row in range(number)]
        )
        type(self).rows += number
        accounts = self.Account._for_partners(partners)
        accounts._grant(9, "buy", origin="purchase", value=900)
        for account in accounts:
            account._reserve(8, f"w:{account.id}")._consume(6, key=f"w:{account.id}:use")
        self.env["service.intervention"].create(
            [
                {
                    "partner_id": partner.id, "type_id": self.kind.id, "user_id": self.manager.id,
                    "line_ids": [Command.create({"description": "Work", "credits": 2})],
                }
                for partner in partners
            ]
        )  # fmt: skip

    rows = 0

    def _count(self, action, kind):
        """Queries of the call that a list (or board) makes for its rows."""
        action = self.env["ir.actions.act_window"]._for_xml_id(f"service_credits.{action}")
        model = self.env[action["res_model"]].with_user(self.manager)
        views = model.get_views([(False, kind)])["views"][kind]
        names = {
            node.get("name"): {"fields": {"display_name": {}}}
            if model._fields[node.get("name")].type == "many2one" else {}
            for node in etree.fromstring(views["arch"]).iter("field")
            if not any(parent.tag == "field" for parent in node.iterancestors())
        }  # fmt: skip

        def run():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            found = model.web_search_read([], names, limit=200)
            return self.env.cr.sql_log_count - before, len(found["records"])

        run()  # what Odoo keeps in its caches afterwards
        return run()

    def test_lists(self):
        lists = [
            ("service_intervention_action", "list"),
            ("service_intervention_action", "kanban"),
            ("service_credit_account_action", "list"),
            ("service_credit_lot_action", "list"),
            ("service_credit_hold_action", "list"),
            ("service_credit_entry_action", "list"),
            ("service_credit_report_action", "list"),
            ("service_credit_outstanding_action", "list"),
            ("service_credit_forecast_action", "list"),
        ]
        self._make_rows(3)
        few = {key: self._count(*key) for key in lists}
        self._make_rows(30)
        for key in lists:
            with self.subTest(list=key):
                queries, rows = self._count(*key)
                self.assertGreaterEqual(rows, few[key][1] + 30)
                self.assertEqual(queries, few[key][0])
