from psycopg2.errors import CheckViolation

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .buying_common import MOMENTS, BuyingCase


@tagged("post_install", "-at_install")
class TestBuyingValues(BuyingCase):
    """How many credits, in which account, at which price."""

    def setUp(self):
        super().setUp()
        self.client = self._make_client()

    def _lots(self, client=None):
        return self._account(client or self.client).lot_ids.sorted("id")

    def assertLots(self, *expected, client=None):
        """(credits, untaxed value) of each lot."""
        lots = self._lots(client)
        self.assertEqual([(lot.quantity, lot.value) for lot in lots], list(expected))
        for lot in lots:
            self.assertEqual(lot.origin, "purchase")
            self.assertAlmostEqual(lot.unit_price, lot.value / lot.quantity, 6)
            self.assertEqual(lot.currency_id, self.company.currency_id)

    def _play(self, *lines, **values):
        """Sell and pay at each moment; the last one's client stays in self.client."""
        for moment in MOMENTS:
            self.company.service_credit_grant_on = moment
            self.client = self._make_client(moment)
            self._pay(self._invoice(self._sell(self.client, *lines, **values)))
            yield moment

    # === Prices === #

    def test_untaxed(self):
        for _moment in self._play((self.pack10, 2), (self.pack5, 1)):
            self.assertLots((20, 1700.0), (5, 450.0))

    def test_tax_included(self):
        tax = self.company_data["default_tax_sale"].copy(
            {"name": "15% included", "price_include_override": "tax_included"}
        )
        for _moment in self._play((self.pack10, 1, {"tax_ids": tax.ids, "price_unit": 977.5})):
            self.assertLots((10, 850.0))

    def test_discount(self):
        for _moment in self._play((self.pack10, 3, {"discount": 10.0})):
            self.assertLots((30, 2295.0))

    def test_free_and_fixed_price(self):
        for _moment in self._play(
            (self.pack10, 1, {"price_unit": 0.0}), (self.pack10, 1, {"price_unit": 1.0})
        ):
            self.assertLots((10, 0.0), (10, 1.0))

    def test_all_free(self):
        """An invoice of 0.00 is paid when it is posted."""
        self._invoice(self._sell(self.client, (self.pack10, 1, {"price_unit": 0.0})))
        self.assertLots((10, 0.0))

    def test_pricelist_by_quantity(self):
        self.env.user.group_ids |= self.env.ref("product.group_product_pricelist")
        self.env.ref("base.group_user")._apply_group(
            self.env.ref("product.group_product_pricelist")
        )
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Tiers",
                "item_ids": [
                    Command.create(
                        {
                            "applied_on": "1_product",
                            "product_tmpl_id": self.pack10.product_tmpl_id.id,
                            "min_quantity": 3,
                            "fixed_price": 800.0,
                        }
                    )
                ],
            }
        )
        for _moment in self._play((self.pack10, 3), pricelist_id=pricelist.id):
            self.assertLots((30, 2400.0))

    def test_parts_add_up_to_the_cent(self):
        """3 × 33.33 in three invoices of one unit: no cent is lost or made."""
        pack = self._make_pack(7, 100.0)
        order = self._sell(self.client, (pack, 3, {"price_unit": 33.333}))
        for _number in range(3):
            invoice = order._create_invoices()
            invoice.invoice_line_ids.quantity = 1
            invoice.action_post()
            self._pay(invoice)
        self.assertEqual(
            sum(self._lots().mapped("value")),
            -sum(order.order_line.invoice_lines.mapped("balance")),
        )
        self.assertEqual(self._credits(self.client), 21)

    def test_raised_in_small_steps(self):
        self.company.service_credit_grant_on = "order"
        pack = self._make_pack(1, 10.0)
        order = self._sell(self.client, (pack, 1, {"price_unit": 3.333}))
        for quantity in range(2, 8):
            order.order_line.product_uom_qty = quantity
        self.assertAlmostEqual(
            sum(self._lots().mapped("value")), order.order_line.price_subtotal, 2
        )

    # === Currency === #

    def test_foreign_currency(self):
        currency = self.setup_other_currency(
            "EUR", rates=[("2016-01-01", 1.0), ("2017-01-01", 2.0), ("2018-01-01", 4.0)]
        )
        invoice = self._bill(
            self.client, (self.pack10, 1, {"price_unit": 1000.0}),
            currency_id=currency.id, invoice_date="2017-06-01",
        )
        self._pay(invoice)
        self.assertEqual(invoice.invoice_line_ids.balance, -500.0)
        self.assertLots((10, 500.0))

    def test_foreign_currency_at_order(self):
        currency = self.setup_other_currency("EUR", rates=[("2016-01-01", 4.0)])
        self.company.service_credit_grant_on = "order"
        pricelist = self.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": currency.id}
        )
        self._sell(
            self.client, (self.pack10, 1, {"price_unit": 1000.0}), pricelist_id=pricelist.id
        )
        self.assertLots((10, 250.0))

    def test_currency_without_rate(self):
        """As on Odoo's own invoice, whose balance it is: one to one."""
        currency = self.setup_other_currency("EUR", rates=[])
        self.assertFalse(currency.rate_ids)
        for number, moment in enumerate(MOMENTS):
            self.company.service_credit_grant_on = moment
            client = self._make_client(moment)
            invoice = self._bill(
                client, (self.pack10, 1, {"price_unit": 700.0 + number}), currency_id=currency.id
            )
            self._pay(invoice)
            self.assertLots((10, -invoice.invoice_line_ids.balance), client=client)

    # === Units === #

    def test_a_dozen_packs(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        for _moment in self._play((self.pack5, 2, {"product_uom_id": dozen.id})):
            self.assertEqual(self._credits(self.client), 120)

    def test_a_dozen_on_a_hand_made_invoice(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self._pay(
            self._bill(self.client, (self.pack5, 1, {"product_uom_id": dozen.id, "price_unit": 1}))
        )
        self.assertLots((60, 1.0))

    def test_fraction_that_is_whole(self):
        for _moment in self._play((self.pack5, 0.2), (self.pack10, 1.1)):
            self.assertEqual(self._credits(self.client), 12)

    def test_fractions_refused(self):
        for moment in MOMENTS:
            self.company.service_credit_grant_on = moment
            order = self._quote(self.client, (self.pack5, 2.5))
            with self.assertRaisesRegex(UserError, r"2\.5 × “Pack of 5” is 12\.5 service credits"):
                order.action_confirm()
            self.assertEqual(order.state, "draft")
            invoice = self._bill(self.client, (self.pack5, 2.5), post=False)
            with self.assertRaisesRegex(UserError, r"Acme.*12\.5"):
                invoice.action_post()
            self.assertEqual(invoice.state, "draft")
            sold = self._sell(self.client, (self.pack5, 1))
            refused = self.assertRaisesRegex(UserError, r"1\.1 × “Pack of 5” is 5\.5")
            with refused, self.cr.savepoint():
                sold.order_line.product_uom_qty = 1.1
            sold.invalidate_recordset()
        # The first was granted at the order.
        account = self._account(self.client)
        self.assertEqual((account.available, account.pending), (5, 10))

    def test_negative_order_refused(self):
        order = self._quote(self.client, (self.pack10, -1))
        with self.assertRaisesRegex(UserError, "negative"):
            order.action_confirm()

    def test_negative_pack_refused(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self.pack5.service_credits = -1
            self.env.flush_all()

    # === What becomes of the product === #

    def test_pack_changed_after_the_sale(self):
        """What is sold keeps the credits it was sold with; what is quoted follows."""
        sold = self._sell(self.client, (self.pack10, 1))
        quoted = self._quote(self.client, (self.pack10, 1))
        draft = self._bill(self.client, (self.pack10, 1), post=False)
        self.pack10.service_credits = 12
        self.assertEqual(sold.service_credits_bought, 10)
        self.assertEqual(quoted.service_credits_bought, 12)
        self.assertEqual(draft.service_credits_bought, 12)
        invoice = self._invoice(sold)
        self._pay(invoice)
        self.assertEqual(self._credits(self.client), 10)
        self._refund(invoice)
        self.assertEqual(self._credits(self.client), 0)

    def test_pack_turned_into_something_else_after_the_sale(self):
        order = self._sell(self.client, (self.pack10, 1))
        self.pack10.service_credits = 0
        invoice = self._invoice(order)
        self._pay(invoice)
        self.assertEqual(self._credits(self.client), 10)
        self._refund(invoice)
        self.assertEqual(self._credits(self.client), 0)

    def test_product_archived_after_the_sale(self):
        order = self._sell(self.client, (self.pack10, 1))
        self.pack10.product_tmpl_id.active = False
        self._pay(self._invoice(order))
        self.assertEqual(self._credits(self.client), 10)

    def test_product_of_a_confirmed_line_changed(self):
        self.company.service_credit_grant_on = "order"
        order = self._sell(self.client, (self.pack10, 1))
        order.order_line.product_id = self.pack5
        self.assertEqual(self._credits(self.client), 5)
        order.order_line.product_id = self.product_a
        self.assertEqual(self._credits(self.client), 0)

    # === Whose credits === #

    def test_contact_orders_for_the_company(self):
        contact = self.env["res.partner"].create({"name": "Ann", "parent_id": self.client.id})
        other = self._make_client("Payer")
        order = self._sell(contact, (self.pack10, 1), partner_invoice_id=other.id)
        self._pay(self._invoice(order))
        self.assertEqual(self._credits(self.client), 10)
        self.assertFalse(self.Account._find(other, self.company))

    def test_several_companies(self):
        data = self.setup_other_company()
        other = data["company"]
        other.service_credit_grant_on = "order"
        self.company.service_credit_grant_on = "invoice"
        self._sell(self.client, (self.pack10, 1))
        env = self.env["sale.order"].with_company(other)
        order = env.create(
            {
                "partner_id": self.client.id,
                "company_id": other.id,
                "order_line": [Command.create({"product_id": self.pack5.id, "tax_ids": False})],
            }
        )
        order.action_confirm()
        self.assertEqual(self._credits(self.client), 0)
        self.assertEqual(self.Account._for_partner(self.client, other).available, 5)
        self.assertEqual(self._account(self.client).pending, 10)

    def test_vendor_bills_bring_nothing(self):
        self.company.service_credit_grant_on = "invoice"
        self._bill(
            self.client, (self.pack10, 1), move_type="in_invoice",
            invoice_date=fields.Date.today(),
        )
        self.assertEqual(self._credits(self.client), 0)

    # === Pending === #

    def test_pending(self):
        def pending():
            account = self._account(self.client)
            account.invalidate_recordset()
            return account.pending

        order = self._sell(self.client, (self.pack10, 2))
        self.assertEqual((pending(), order.service_credits_pending), (20, 20))
        first = order._create_invoices()
        first.invoice_line_ids.quantity = 1
        first.action_post()
        self.assertEqual((pending(), first.service_credits_pending), (20, 10))
        self._pay(first)
        self.assertEqual((pending(), self._credits(self.client)), (10, 10))
        self.assertEqual((order.service_credits_granted, order.service_credits_pending), (10, 10))
        self.assertEqual((first.service_credits_granted, first.service_credits_pending), (10, 0))
        hand = self._bill(self.client, (self.pack5, 1))
        self.assertEqual((pending(), hand.service_credits_pending), (15, 5))
        self._refund(hand)
        self.assertEqual((pending(), hand.service_credits_pending), (10, 0))
        order._action_cancel()
        self.assertEqual((pending(), self._credits(self.client)), (0, 0))

    # === The product's form === #

    def test_price_per_credit_and_saving(self):
        self.env["product.template"].search(
            [
                ("service_credits", ">", 0),
                ("id", "not in", (self.pack5 | self.pack10).product_tmpl_id.ids),
            ]
        ).sale_ok = False
        self.assertEqual(self.pack5.service_credit_price, 90.0)
        self.assertEqual(self.pack5.service_credit_saving, 0.0)
        self.assertEqual(self.pack10.service_credit_price, 85.0)
        self.assertAlmostEqual(self.pack10.service_credit_saving, 5 / 90, 4)
        self.assertEqual(self.product_a.service_credit_price, 0.0)

    def test_cheapest_packs(self):
        self.env["product.template"].search([("service_credits", ">", 0)]).sale_ok = False
        Template = self.env["product.template"]
        small, large = self._make_pack(5, 100.0), self._make_pack(20, 300.0)
        for credits, basket in (
            (0, {}),
            (1, {small: 1}),
            (10, {small: 2}),
            (11, {large: 1}),  # three small ones cost as much and bring less
            (20, {large: 1}),
            (21, {large: 1, small: 1}),
            (1000, {large: 50}),
            (1001, {large: 50, small: 1}),
        ):
            with self.subTest(credits=credits):
                self.assertEqual(Template._cheapest_packs(self.client, credits), basket)
        large.sale_ok = small.sale_ok = False
        with self.assertRaisesRegex(UserError, "No pack"):
            Template._cheapest_packs(self.client, 5)
