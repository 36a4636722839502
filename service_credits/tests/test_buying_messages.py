from odoo.tests import Form, new_test_user, tagged

from odoo.addons.mail.tests.common import MailCase

from .buying_common import MOMENTS, BuyingCase


@tagged("post_install", "-at_install")
class TestBuyingMessages(BuyingCase, MailCase):
    """Who is told what, in which language."""

    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("en_US")
        self.client = self._make_client(lang="en_US")
        self.contact = self.env["res.partner"].create(
            {
                "name": "Ann", "parent_id": self.client.id, "email": "ann@example.com",
                "lang": "en_US",
            }
        )

    def run(self, result=None):
        # Mails are sent, and kept to be looked at.
        with self.mock_mail_gateway(mail_unlink_sent=False):
            return super().run(result)

    def _arrival_mails(self, partner):
        mails = self.env["mail.mail"].search(
            [("recipient_ids", "in", partner.ids), ("model", "=", "service.credit.account")]
        )
        self.assertEqual(set(mails.mapped("state")), {"sent"} if mails else set())
        return mails

    def _notes(self, document):
        return " ".join(str(body) for body in document.message_ids.mapped("body"))

    def test_mail_when_credits_arrive(self):
        for number, moment in enumerate(MOMENTS):
            self.company.service_credit_grant_on = moment
            order = self._sell(self.contact, (self.pack10, 1), (self.pack5, 1))
            self.assertEqual(len(self._arrival_mails(self.contact)), number + (moment == "order"))
            self._pay(self._invoice(order))
            mails = self._arrival_mails(self.contact)
            self.assertEqual(len(mails), number + 1, "once, for all lots together")
            self.assertIn("15", mails.sorted("id")[-1].subject)
            self.assertIn(
                f"{(number + 1) * 15} credits available",
                " ".join(mails.sorted("id")[-1].body_html.split()),
            )

    def test_mail_in_the_language_of_the_contact(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        template = self.env.ref("service_credits.mail_template_credits_arrived")
        template.with_context(lang="fr_FR").subject = "Vos {{ ctx['credits'] }} crédits"
        self.contact.lang = "fr_FR"
        self.pack10.with_context(lang="fr_FR").name = "Pack de 10 crédits"
        self._pay(self._invoice(self._sell(self.contact, (self.pack10, 1))))
        self.assertEqual(self._arrival_mails(self.contact).subject, "Vos 10 crédits")
        self.client.lang = "fr_FR"
        self._pay(self._invoice(self._sell(self.contact, (self.pack10, 1))))
        self.assertIn("Pack de 10 crédits", self._account(self.client).entry_ids[:1].reason)

    def test_no_address_no_mail(self):
        self.contact.email = False
        self._pay(self._invoice(self._sell(self.contact, (self.pack10, 1))))
        self.assertFalse(self._arrival_mails(self.contact))
        self.assertEqual(self._credits(self.client), 10)

    def test_chatter(self):
        order = self._sell(self.client, (self.pack10, 1))
        invoice = self._invoice(order)
        payment = self._pay(invoice)
        for document in (order, invoice):
            self.assertIn(
                "10 service credits granted to Acme (the invoice is paid)", self._notes(document)
            )
        payment.action_cancel()
        for document in (order, invoice):
            self.assertIn(
                "10 service credits taken back from Acme (the payment was cancelled)",
                self._notes(document),
            )
        self._pay(invoice)
        note = self._refund(invoice)
        for document in (order, note):
            self.assertIn(
                "10 service credits taken back from Acme (a credit note is posted)",
                self._notes(document),
            )
        self.assertIn("data-oe-model=\"service.credit.lot\"", self._notes(invoice))

    def test_names_are_escaped(self):
        self.client.name = "<b>Acme</b>"
        order = self._sell(self.client, (self.pack10, 1))
        self._pay(self._invoice(order))
        self.assertIn("&lt;b&gt;Acme&lt;/b&gt;", self._notes(order))

    def test_who_waits_for_credits_is_told(self):
        Account = type(self.env["service.credit.account"])
        told = []
        self.patch(Account, "_credits_arrived", lambda accounts: told.append(accounts.ids))
        invoice = self._invoice(self._sell(self.client, (self.pack10, 1), (self.pack5, 1)))
        self.assertFalse(told)
        self._pay(invoice)
        self.assertEqual(told, [self._account(self.client).ids])

    def test_paid_after_the_order_was_cancelled(self):
        """Nothing is granted, and accounting hears of it once, with the way out."""
        order = self._sell(self.client, (self.pack10, 2))
        invoice = self._invoice(order)
        order._action_cancel()
        self.assertFalse(invoice.activity_ids)
        self._pay(invoice, 100.0)
        self.assertFalse(invoice.activity_ids, "not paid in full yet")
        self._pay(invoice)
        invoice._sync_service_credits("payment")
        self.assertEqual(self._credits(self.client), 0)
        self.assertEqual(invoice.activity_ids.summary, "Paid, but the order is cancelled")
        self.assertIn("20 service credits of “Pack of 10”", invoice.activity_ids.note)
        self.assertIn(order.name, invoice.activity_ids.note)
        order.action_draft()
        order.action_confirm()
        self.assertEqual(self._credits(self.client), 20)

    # === Screens === #

    def test_buttons(self):
        order = self._sell(self.client, (self.pack10, 1))
        invoice = self._invoice(order)
        self._pay(invoice)
        user = new_test_user(
            self.env, "sc_seller", "sales_team.group_sale_manager,account.group_account_invoice,"
            "service_credits.group_user",
            company_id=self.company.id, company_ids=[(6, 0, self.company.ids)],
        )
        lots = self._account(self.client).lot_ids
        for document in (order, invoice):
            document = document.with_user(user)
            form = Form(document)
            self.assertEqual(form.service_credits_bought, 10)
            self.assertEqual(form.service_credits_granted, 10)
            self.assertEqual(form.service_credits_pending, 0)
            action = document.action_view_service_credit_lots()
            self.assertEqual(
                self.env[action["res_model"]].with_user(user).search(action["domain"]), lots
            )

    def test_salesperson_without_credits_rights(self):
        """Who sells packs need not know anything of credits."""
        self.company.service_credit_grant_on = "order"
        user = new_test_user(
            self.env, "sc_seller", "sales_team.group_sale_salesman",
            company_id=self.company.id, company_ids=[(6, 0, self.company.ids)],
        )
        order = self._quote(self.client, (self.pack10, 1), user_id=user.id).with_user(user)
        order.action_confirm()
        with Form(order) as form, form.order_line.edit(0) as line:
            line.product_uom_qty = 2
        self.assertEqual(self._credits(self.client), 20)
        order._action_cancel()
        self.assertEqual(self._credits(self.client), 0)

    def test_accountant_without_credits_rights(self):
        """Who invoices packs need not know anything of credits either."""
        user = new_test_user(
            self.env, "sc_biller", "account.group_account_invoice",
            company_id=self.company.id, company_ids=[(6, 0, self.company.ids)],
        )
        invoice = self._bill(self.client, (self.pack10, 1), post=False).with_user(user)
        with Form(invoice) as form, form.invoice_line_ids.edit(0) as line:
            line.quantity = 2
        invoice.action_post()
        self._pay(invoice)
        self.assertEqual(self._credits(self.client), 20)
        invoice.copy().action_post()
        self._refund(invoice, 1)
        self.assertEqual(self._credits(self.client), 10)
        note = self._reverse(invoice, modify=True)
        self.assertEqual(note.move_type, "out_invoice")

    def test_settings(self):
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.service_credit_grant_on, "payment")
        settings.service_credit_grant_on = "invoice"
        settings.execute()
        self.assertEqual(self.company.service_credit_grant_on, "invoice")

    def test_automatic_invoice(self):
        self.company.service_credit_auto_invoice = True
        order = self._sell(self.client, (self.pack10, 1))
        self.assertEqual(order.invoice_ids.state, "posted")
        self.assertTrue(order.invoice_ids.is_move_sent)
        other = self._sell(self.client, (self.product_a, 1))
        self.assertFalse(other.invoice_ids)
