from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user, tagged

from .buying_common import MOMENTS
from .test_buying_online import OnlineCase

# A run of its own (tools/beside.py), in a database where website_sale and OCA's contract are
# installed beside the add-on; with Odoo's own runner: --test-tags service_credits_beside


@tagged("post_install", "-at_install", "-standard", "service_credits_beside")
class TestBuyingInTheShop(OnlineCase, HttpCase):
    """Packs bought in Odoo's web shop bring credits, without code of ours for it."""

    def test_shop(self):
        self.env["ir.config_parameter"].set_param("sale.automatic_invoice", "True")
        website = self.env["website"].get_current_website()
        user = new_test_user(
            self.env, "sc_shopper", "base.group_portal", company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)], email="shopper@example.com",
        )
        website.company_id = self.company
        website.user_id.with_context(active_test=False).write(
            {"company_ids": [Command.link(self.company.id)], "company_id": self.company.id}
        )
        self.pack10.product_tmpl_id.is_published = True
        credits = 0
        for moment in MOMENTS:
            self.company.service_credit_grant_on = moment
            self.authenticate("sc_shopper", "sc_shopper")
            self.make_jsonrpc_request(
                "/shop/cart/add",
                {
                    "product_template_id": self.pack10.product_tmpl_id.id,
                    "product_id": self.pack10.id,
                    "quantity": 2,
                },
            )
            cart = self.env["sale.order"].search(
                [("partner_id", "=", user.partner_id.id), ("state", "=", "draft")]
            )
            self.assertEqual((cart.website_id, cart.company_id), (website, self.company))
            self.assertEqual(cart.service_credits_bought, 20)
            self.assertEqual(self._credits(user.partner_id), credits)
            self._pay_online(cart)
            self.assertEqual(cart.invoice_ids.payment_state, "paid")
            credits += 20
            self.assertEqual(self._credits(user.partner_id), credits)
            self._refund(cart.invoice_ids)
            credits -= 20
            self.assertEqual(self._credits(user.partner_id), credits)
        self.assertSound()


@tagged("post_install", "-at_install", "-standard", "service_credits_beside")
class TestBuyingByContract(OnlineCase):
    """Packs invoiced by OCA's recurring contracts bring credits, without code of ours for it."""

    def test_contract(self):
        for number, moment in enumerate(MOMENTS):
            self.company.service_credit_grant_on = moment
            client = self._make_client()
            contract = self.env["contract.contract"].create(
                {
                    "name": "Ten credits a month",
                    "partner_id": client.id,
                    "company_id": self.company.id,
                    "line_recurrence": False,
                    "recurring_rule_type": "monthly",
                    "recurring_interval": 1,
                    "date_start": fields.Date.subtract(fields.Date.today(), days=10),
                    "contract_line_ids": [
                        Command.create(
                            {
                                "product_id": self.pack10.id,
                                "name": "Ten credits",
                                "quantity": 1,
                                "price_unit": 800.0,
                                "uom_id": self.pack10.uom_id.id,
                            }
                        )
                    ],
                }
            )
            invoice = contract.recurring_create_invoice()
            self.assertEqual(invoice.service_credits_bought, 10)
            self.assertEqual(self._credits(client), 0)
            if invoice.state == "draft":
                invoice.action_post()
            self.assertEqual(self._credits(client), (10, 10, 0)[number])
            self._pay(invoice)
            self.assertEqual(self._credits(client), 10)
            self.assertEqual(self._account(client).lot_ids.value, 800.0)
            self._refund(invoice)
            self.assertEqual(self._credits(client), 0)
        self.assertSound()
