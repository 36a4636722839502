from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.service_credits.tests.buying_common import BuyingCase


@tagged("post_install", "-at_install")
class TestFirstSteps(BuyingCase, HttpCase):
    """The manager's first steps, up to the first pack sold."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.own = {
            "company_id": cls.company.id,
            "company_ids": [Command.set(cls.company.ids)],
            "lang": "en_US",
        }
        cls.manager = new_test_user(
            cls.env, "steps_manager",
            "base.group_partner_manager,service_credits.group_manager,"
            "sales_team.group_sale_manager,account.group_account_manager",
            **cls.own,
        )  # fmt: skip
        # No pack of the shipped ones costs this test its figures.
        packs = cls.env["product.template"]._get_credit_packs(cls.company)
        (packs - (cls.pack5 | cls.pack10).product_tmpl_id).sale_ok = False

    def _dashboard(self, user=None):
        return self.env["service.credit.dashboard"].with_user(user or self.manager)

    def _steps(self, user=None):
        guide = self._dashboard(user).action_get_figures()["onboarding"]
        return guide and {step["method"].rsplit("_", 1)[1]: step["done"] for step in guide["steps"]}

    def _take(self, name, user=None):
        step = self.env["onboarding.onboarding.step"].with_user(user or self.manager)
        return getattr(step, f"action_open_step_service_credits_{name}")()

    def test_tour(self):
        client = self._make_client("First Client")
        self.company.service_credit_grant_on = "payment"
        self.start_tour(
            "/odoo/service-credits", "service_credits_first_steps", login="steps_manager"
        )
        lot = self.env["service.credit.lot"].search([("company_id", "=", self.company.id)])
        self.assertEqual(
            (lot.partner_id, lot.origin, lot.quantity, lot.value), (client, "purchase", 5, 450)
        )
        self.assertEqual(lot.order_line_id.order_id.state, "sale")
        self.assertEqual(self.company.service_credit_grant_on, "order")
        self.assertFalse(self._steps())

    def test_tour_of_a_new_user(self):
        """The tour that Odoo's own tours start, for who wants to be led by the hand."""
        client = self._make_client("Service Credits Tour Client")
        self.company.service_credit_grant_on = "order"
        self.start_tour("/odoo", "service_credits_tour", login="steps_manager")
        self.assertEqual(self._credits(client), 5)
        self.assertTrue(self.env["web_tour.tour"].search([("name", "=", "service_credits_tour")]))

    def test_steps_are_ticked_off(self):
        self.assertEqual(
            self._steps(), dict.fromkeys(("setup", "packs", "types", "clients", "sell"), False)
        )
        for name in ("packs", "types", "clients"):
            self.assertEqual(self._take(name)["type"], "ir.actions.act_window")
            self.assertTrue(self._steps()[name])
        self._take("setup")
        self.assertFalse(self._steps()["setup"], "opened, not chosen")
        setup = self.env["service.credit.setup"].with_user(self.manager).create(
            {"grant_on": "invoice", "validity_days": 45}
        )  # fmt: skip
        setup.action_apply()
        self.assertTrue(self._steps()["setup"])
        self.assertEqual(self.company.service_credit_grant_on, "invoice")
        self.assertEqual(self.company.service_credit_validity_days, 45)
        order = self._sell(self._make_client(), (self.pack5, 1))
        self.assertFalse(self._steps()["sell"], "ordered, not granted")
        self._invoice(order)
        self.assertTrue(all(self._steps().values()))
        self.assertTrue(self._dashboard().action_get_figures()["onboarding"]["completed"])
        self._dashboard().action_close_onboarding()
        self.assertFalse(self._steps())

    def test_free_credits_are_no_sale(self):
        self._account(self._make_client())._grant(5, "gift")
        self.assertFalse(self._steps()["sell"])

    def test_each_company_has_its_own_steps(self):
        self._take("packs")
        self._dashboard().action_close_onboarding()
        self.assertFalse(self._steps())
        other = self.env["res.company"].create({"name": "Second"})
        second = new_test_user(
            self.env, "steps_second", "service_credits.group_manager",
            company_id=other.id, company_ids=[Command.set(other.ids)],
        )  # fmt: skip
        self.assertEqual(set(self._steps(second).values()), {False})

    def test_who_sold_before_sees_no_first_steps(self):
        self.company.service_credit_grant_on = "order"
        self._sell(self._make_client(), (self.pack5, 1))
        self.assertFalse(self._steps())

    def test_only_managers_take_them(self):
        staff = new_test_user(
            self.env, "steps_staff",
            "service_credits.group_user,sales_team.group_sale_salesman", **self.own,
        )  # fmt: skip
        accountant = new_test_user(
            self.env, "steps_accountant", "service_credits.group_accountant", **self.own
        )
        portal = new_test_user(self.env, "steps_portal", "base.group_portal", **self.own)
        self.assertFalse(self._steps(staff))
        for user in (staff, accountant, portal):
            for name in ("setup", "packs", "types", "clients", "sell"):
                with self.assertRaises(AccessError):
                    self._take(name, user)
            with self.assertRaises(AccessError):
                self._dashboard(user).action_close_onboarding()
            with self.assertRaises(AccessError):
                self.env["service.credit.setup"].with_user(user).create({}).action_apply()
        self.assertEqual(set(self._steps().values()), {False})
        self.assertEqual(self._dashboard(staff).action_sell_pack()["res_model"], "sale.order")

    def test_setup_of_a_company_of_others(self):
        other = self.env["res.company"].create({"name": "Second"})
        setup = self.env["service.credit.setup"].with_user(self.manager).create(
            {"company_id": other.id, "grant_on": "order"}
        )  # fmt: skip
        with self.assertRaises(AccessError):
            setup.action_apply()
        self.assertEqual(other.service_credit_grant_on, "payment")

    def test_selling_takes_a_salesperson_and_a_pack(self):
        alone = new_test_user(self.env, "steps_alone", "service_credits.group_manager", **self.own)
        with self.assertRaisesRegex(UserError, "rights of a salesperson"):
            self._take("sell", alone)
        action = self._take("sell")
        self.assertEqual(action["context"]["default_order_line"][0][2]["product_id"], self.pack5.id)
        self.env["product.template"]._get_credit_packs(self.company).sale_ok = False
        with self.assertRaisesRegex(UserError, "No pack is on sale"):
            self._take("sell")
