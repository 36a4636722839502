from unittest.mock import patch

from lxml import html

from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.sale.models.sale_order import SaleOrder

from .buying_common import BuyingCase


@tagged("post_install", "-at_install")
class TestBuyingPortal(BuyingCase, HttpCase):
    """``/my/credits/order``, as the client's browser sees it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        # Only the packs of this test are on sale.
        cls.env["product.template"].search(
            [
                ("service_credits", ">", 0),
                ("id", "not in", (cls.pack5 | cls.pack10).product_tmpl_id.ids),
            ]
        ).sale_ok = False
        cls.portal_user = new_test_user(
            cls.env, "sc_buyer", "base.group_portal", company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)], email="buyer@example.com", lang="en_US",
        )
        cls.buyer = cls.portal_user.partner_id
        cls.client_company = cls.env["res.partner"].create({"name": "Acme", "is_company": True})
        cls.buyer.parent_id = cls.client_company
        cls.company.write({"portal_confirmation_sign": False, "portal_confirmation_pay": False})

    def _get_page(self):
        self.authenticate("sc_buyer", "sc_buyer")
        self.opener.cookies["frontend_lang"] = "en_US"
        response = self.url_open("/my/credits/order")
        self.assertEqual(response.status_code, 200)
        return html.fromstring(response.text)

    def _submit(self, product_id, quantity, **more):
        page = self._get_page()
        token = page.xpath("//input[@name='csrf_token']/@value")[0]
        return self.url_open(
            "/my/credits/order",
            data={"csrf_token": token, "product_id": product_id, "quantity": quantity, **more},
        )

    def _get_orders(self):
        return self.env["sale.order"].search([("partner_id", "=", self.buyer.id)])

    def _get_texts(self, page, css_class):
        return [
            " ".join(element.text_content().split())
            for element in page.xpath(f"//*[contains(@class, '{css_class}')]")
        ]

    # === The page === #

    def test_packs_and_prices(self):
        page = self._get_page()
        packs = page.xpath("//form[contains(@class, 'o_sc_pack')]/@data-product-id")
        self.assertEqual(packs, [str(self.pack5.id), str(self.pack10.id)])
        per_credit = self._get_texts(page, "o_sc_pack_per_credit")
        self.assertEqual(["90.00" in per_credit[0], "85.00" in per_credit[1]], [True, True])
        self.assertEqual(self._get_texts(page, "o_sc_saving"), ["−6 %"])
        # 15 % tax.
        self.assertIn("517.50", self._get_texts(page, "o_sc_pack_total")[0])

    def test_prices_of_the_client(self):
        """Pricelist, currency, tiers and fiscal position: the page says what the order holds."""
        self.env.user.group_ids |= self.env.ref("product.group_product_pricelist")
        self.env.ref("base.group_user")._apply_group(
            self.env.ref("product.group_product_pricelist")
        )
        currency = self.setup_other_currency("EUR", rates=[("2016-01-01", 2.0)])
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Friends",
                "currency_id": currency.id,
                "item_ids": [
                    Command.create(
                        {
                            "applied_on": "1_product",
                            "product_tmpl_id": self.pack10.product_tmpl_id.id,
                            "min_quantity": minimum,
                            "fixed_price": price,
                        }
                    )
                    for minimum, price in ((0, 1500.0), (3, 1400.0))
                ],
            }
        )
        self.client_company.specific_property_product_pricelist = pricelist
        self.client_company.property_account_position_id = self.env[
            "account.fiscal.position"
        ].create({"name": "No tax"})
        self.company_data["default_tax_sale"].fiscal_position_ids = False
        page = self._get_page()
        prices = self._get_texts(page, "o_sc_pack_price")
        self.assertIn("900.00", prices[0])
        self.assertIn("€", prices[0])
        self.assertIn("1,500.00", prices[1])
        self.assertIn("1,400.00", self._get_texts(page, "o_sc_pack_tiers")[0])
        self._submit(self.pack10.id, "3")
        order = self._get_orders()
        self.assertEqual(order.currency_id, currency)
        self.assertEqual(order.order_line.price_unit, 1400.0)

    def test_nothing_on_sale(self):
        (self.pack5 | self.pack10).sale_ok = False
        self.assertFalse(self._get_page().xpath("//form[contains(@class, 'o_sc_pack')]"))

    def test_needs_a_login(self):
        response = self.url_open("/my/credits/order")
        self.assertIn("/web/login", response.url)

    # === Odoo's own path === #

    def test_confirmed_at_once(self):
        response = self._submit(self.pack10.id, "2")
        order = self._get_orders()
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.company_id, self.company)
        self.assertEqual(order.order_line.product_uom_qty, 2)
        self.assertEqual(order.service_credits_bought, 20)
        self.assertIn(f"/my/orders/{order.id}", response.url)
        self.assertIn(order.name, response.text)

    def test_signature(self):
        self.company.portal_confirmation_sign = True
        response = self._submit(self.pack10.id, "1")
        order = self._get_orders()
        self.assertEqual(order.state, "sent")
        self.assertIn(f"/my/orders/{order.id}", response.url)
        self.assertTrue(order._has_to_be_signed())

    def test_online_payment(self):
        self.company.portal_confirmation_pay = True
        response = self._submit(self.pack10.id, "1")
        order = self._get_orders()
        self.assertEqual(order.state, "sent")
        self.assertTrue(order._has_to_be_paid())
        self.assertIn(f"/my/orders/{order.id}", response.url)

    def test_automatic_invoice(self):
        self.company.service_credit_auto_invoice = True
        self._submit(self.pack10.id, "1")
        invoice = self._get_orders().invoice_ids
        self.assertEqual((len(invoice), invoice.state), (1, "posted"))
        self.assertTrue(invoice.is_move_sent)
        self._pay(invoice)
        account = self._account(self.client_company)
        self.assertEqual((account.available, account.pending), (10, 0))

    # === Bad input === #

    def test_bad_quantities(self):
        quantities = (
            "0", "-1", "1.5", "1000000000", "9" * 40, "abc", "", "1e3", "１０００", "²", " ",
        )
        for quantity in quantities:
            with self.subTest(quantity=quantity):
                page = html.fromstring(self._submit(self.pack10.id, quantity).text)
                error = self._get_texts(page, "o_sc_error")
                self.assertEqual(len(error), 1)
                self.assertIn("from 1 to 999", error[0])
                self.assertFalse(self._get_orders())

    def test_no_quantity(self):
        page = html.fromstring(self._submit(self.pack10.id, None).text)
        self.assertTrue(self._get_texts(page, "o_sc_error"))
        self.assertFalse(self._get_orders())

    def test_not_a_pack(self):
        archived = self._make_pack(7, 70.0, active=False)
        not_on_sale = self._make_pack(7, 70.0, sale_ok=False)
        other_company = self._make_pack(
            7, 70.0, company_id=self.env["res.company"].create({"name": "Other"}).id
        )
        products = (
            self.product_a.id, archived.id, not_on_sale.id, other_company.id, 999999999, -1, 0,
            "9" * 30, "abc", "", None,
        )
        for product in products:
            with self.subTest(product=product):
                page = html.fromstring(self._submit(product, "1").text)
                self.assertIn("not a pack", self._get_texts(page, "o_sc_error")[0])
                self.assertFalse(self._get_orders())

    def test_contact_who_may_not_order(self):
        self.buyer.service_credit_may_order = False
        page = self._get_page()
        self.assertIn("You may not order", self._get_texts(page, "o_sc_error")[0])
        self.assertTrue(all(page.xpath("//form//button/@disabled")))
        page = html.fromstring(self._submit(self.pack10.id, "1").text)
        self.assertIn("You may not order", self._get_texts(page, "o_sc_error")[0])
        self.assertFalse(self._get_orders())

    def test_no_csrf_token(self):
        self.authenticate("sc_buyer", "sc_buyer")
        with mute_logger("odoo.http"):
            response = self.url_open(
                "/my/credits/order", data={"product_id": self.pack10.id, "quantity": "1"}
            )
        self.assertEqual(response.status_code, 400)
        self.assertFalse(self._get_orders())

    def test_nothing_is_left_of_a_refused_order(self):
        """An order refused on the way, after it was made, leaves nothing."""
        with patch.object(
            SaleOrder, "_confirmation_error_message", lambda self: "Not today."
        ):
            page = html.fromstring(self._submit(self.pack10.id, "1").text)
        self.assertIn("Not today.", self._get_texts(page, "o_sc_error")[0])
        self.assertFalse(self._get_orders())
