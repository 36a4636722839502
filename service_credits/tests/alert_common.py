from odoo import Command, fields

from .common import ServiceCreditsCase


class AlertCase(ServiceCreditsCase):
    """A client whose threshold is the company's, 3, and words to move credits and look."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_users()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.env["res.lang"]._activate_lang("en_US")
        cls.company = cls.env.company
        cls.Alert = cls.env["service.credit.alert"]
        # Whatever the database holds was before.
        cls.env["res.company"].search([]).write(
            {"service_credit_alert_since": fields.Datetime.now()}
        )
        cls.company.write(
            {
                "service_credit_alert": True,
                "service_credit_alert_threshold": 3,
                "service_credit_grant_on": "payment",
                "service_credit_auto_invoice": False,
                "service_credit_topup": True,
                "portal_confirmation_sign": True,
                "portal_confirmation_pay": False,
            }
        )
        cls.portal.partner_id.write({"email": "portal@acme.example.com", "lang": "en_US"})
        cls.contact.write({"email": "ann@acme.example.com", "lang": "en_US"})
        cls.user.lang = "en_US"
        cls.client.write({"user_id": cls.user.id, "lang": "en_US"})
        cls.pack = cls.env["product.product"].create(
            {
                "name": "Pack of 10", "type": "service", "list_price": 850.0,
                "service_credits": 10, "taxes_id": False,
            }
        )  # fmt: skip

    def setUp(self):
        super().setUp()
        self.keys = 0

    # === Moving credits === #

    def _key(self):
        self.keys += 1
        return f"alert:{self.keys}"

    def _give(self, quantity, account=None):
        return (account or self.account)._grant(quantity, key=self._key())

    def _use(self, quantity, account=None):
        return (account or self.account)._reserve(quantity, key=self._key())

    def _order(self, quantity=1):
        """Packs bought, confirmed, not paid: on their way."""
        order = self.env["sale.order"].create(
            {
                "partner_id": self.client.id,
                "order_line": [
                    Command.create({"product_id": self.pack.id, "product_uom_qty": quantity})
                ],
            }
        )
        order.action_confirm()
        return order

    # === Looking === #

    def _look(self):
        """The scheduled action, as the scheduler runs it."""
        with self.enter_registry_test_mode():
            self.env.ref("service_credits.cron_alerts").method_direct_trigger()

    def _alerts(self, account=None):
        return self.Alert.search([("account_id", "=", (account or self.account).id)], order="id")

    def _mails(self):
        return self.env["mail.mail"].search(
            [("model", "=", "service.credit.alert"), ("res_id", "in", self._alerts().ids)],
            order="id",
        )

    def _activities(self):
        activity_type = self.env.ref("service_credits.mail_activity_type_credit_alert")
        return self.env["mail.activity"].search(
            [
                ("activity_type_id", "=", activity_type.id),
                ("res_model", "=", "res.partner"),
                ("res_id", "=", self.client.id),
            ]
        )

    def assertAlerts(self, count, account=None):
        """`count` alerts left so far, after one more look."""
        self._look()
        self.assertEqual(len(self._alerts(account)), count)
