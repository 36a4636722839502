from odoo import Command

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

MOMENTS = ("order", "invoice", "payment")


class BuyingCase(AccountTestInvoicingCommon):
    """A company with a chart of accounts, two packs, and a few words to sell them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.Account = cls.env["service.credit.account"]
        cls.env.user.group_ids |= (
            cls.env.ref("service_credits.group_manager")
            | cls.env.ref("sales_team.group_sale_manager")
            | cls.env.ref("uom.group_uom")
        )
        cls.pack5 = cls._make_pack(5, 450.0)
        cls.pack10 = cls._make_pack(10, 850.0)

    @classmethod
    def _make_pack(cls, credits, price, **values):
        return cls.env["product.product"].create(
            {
                "name": f"Pack of {credits}",
                "type": "service",
                "invoice_policy": "order",
                "list_price": price,
                "service_credits": credits,
                "taxes_id": [Command.set(cls.company_data["default_tax_sale"].ids)],
                **values,
            }
        )

    def _make_client(self, name="Acme", **values):
        return self.env["res.partner"].create(
            {"name": name, "is_company": True, "email": "client@example.com", **values}
        )

    # === Documents === #

    def _quote(self, client, *lines, **values):
        """A quotation of `lines`, (pack, quantity) or (pack, quantity, values)."""
        return self.env["sale.order"].create(
            {
                "partner_id": client.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": pack.id,
                            "product_uom_qty": quantity,
                            **(more[0] if more else {}),
                        }
                    )
                    for pack, quantity, *more in lines
                ],
                **values,
            }
        )

    def _sell(self, client, *lines, **values):
        order = self._quote(client, *lines, **values)
        order.action_confirm()
        return order

    def _invoice(self, order, final=False):
        """The posted invoice of what there is to invoice."""
        invoice = order._create_invoices(final=final)
        invoice.action_post()
        return invoice

    def _bill(self, client, *lines, post=True, **values):
        """An invoice typed by hand."""
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": client.id,
                "invoice_line_ids": [
                    Command.create(
                        {"product_id": pack.id, "quantity": quantity, **(more[0] if more else {})}
                    )
                    for pack, quantity, *more in lines
                ],
                **values,
            }
        )
        if post:
            invoice.action_post()
        return invoice

    def _pay(self, invoices, amount=None, **values):
        """Odoo's own Pay button."""
        if amount is not None:
            values["amount"] = amount
        wizard = (
            invoices.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoices.ids)
            .create(values)
        )
        return wizard._create_payments()

    def _reverse(self, invoice, modify=False, **values):
        """Odoo's own Credit Note button: the draft credit note, or the new invoice."""
        wizard = (
            invoice.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, **values})
        )
        wizard.reverse_moves(is_modify=modify)
        return wizard.new_move_ids

    def _refund(self, invoice, quantity=None, **values):
        """A posted credit note, of `quantity` units of each line or of all."""
        note = self._reverse(invoice, **values)
        if quantity is not None:
            note.invoice_line_ids.quantity = quantity
        note.action_post()
        return note

    # === Credits === #

    def _account(self, client):
        return self.Account._for_partner(client, self.company)

    def _credits(self, client):
        return self._account(client).available

    def _use(self, client, quantity, key):
        """Spend credits, as a delivered intervention does."""
        hold = self._account(client)._reserve(quantity, key, reason=f"Intervention {key}")
        hold._consume(key=f"{key}/done")
        return hold

    def assertSound(self):
        """The whole ledger agrees with its entries."""
        self.env.cr.execute("SELECT * FROM service_credit_reconcile(NULL)")
        self.assertEqual(self.env.cr.fetchall(), [])


class RouteCase(BuyingCase):
    """Each way in which Odoo sells, bills and is paid, at each moment of granting.

    A route is a generator: after each step it yields the step's name and the credits that the
    client must have, granted at the (order, invoice, payment).
    """

    def _play(self, route, *args):
        for number, moment in enumerate(MOMENTS):
            self.company.service_credit_grant_on = moment
            client = self._make_client(f"{route.__name__} {moment}")
            for step, expected in route(client, *args):
                with self.subTest(route=route.__name__, moment=moment, step=step):
                    self.assertEqual(self._credits(client), expected[number])
                    self._repeat(client)
                    self.assertEqual(self._credits(client), expected[number], "granted twice")
            self.assertSound()

    def _repeat(self, client):
        """Every event may come again: nothing more is due."""
        Purchase = self.env["service.credit.purchase"]
        orders = self.env["sale.order"].search([("partner_id", "=", client.id)])
        moves = self.env["account.move"].search([("partner_id", "=", client.id)])
        Purchase._sync(order_lines=orders.order_line)
        Purchase._sync(invoice_lines=moves._get_service_credit_lines(), why="payment")
