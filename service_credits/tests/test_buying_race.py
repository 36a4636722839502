from odoo import Command
from odoo.tests import tagged

from .race_common import RaceCase


@tagged("post_install", "-at_install")
class TestBuyingRace(RaceCase):
    """Two users at once on one order, in two real transactions that commit."""

    def _make(self, env):
        client = env["res.partner"].create({"name": self.name})
        pack = env["product.product"].create(
            {
                "name": self.name, "type": "service", "list_price": 90.0,
                "service_credits": 10, "company_id": env.company.id, "taxes_id": False,
            }
        )  # fmt: skip
        order = env["sale.order"].create(
            {
                "partner_id": client.id,
                "company_id": env.company.id,
                "order_line": [Command.create({"product_id": pack.id})],
            }
        )
        self.order_id = order.id

    def _order(self, env):
        order = env["sale.order"].browse(self.order_id)
        order.order_line.fetch(["product_uom_qty"])  # its page: the snapshot is taken
        return order

    def _run_twice(self, first, second):
        return self._race(self._order, first, second)

    def _credits(self):
        """What the client has available, None without an account."""
        with self.db.cursor() as cr:
            order = self._order(self._env(cr))
            account = order.env["service.credit.account"]._find(order.partner_id)
            return account.available if account else None

    def _confirm(self):
        with self.db.cursor() as cr:
            self._order(self._env(cr)).action_confirm()

    def test_confirmed_twice(self):
        def confirm(order):
            if order.state != "sale":
                order.action_confirm()

        self.assertTrue(self._run_twice(confirm, confirm))
        self.assertEqual(self._credits(), 10)

    def test_granted_twice(self):
        """Nothing but the ledger is written: only the account's lock stands between them."""
        with self.db.cursor() as cr:
            self._order(self._env(cr)).company_id.service_credit_grant_on = "payment"
        self._confirm()
        self.assertEqual(self._credits(), None)
        with self.db.cursor() as cr:
            order = self._order(self._env(cr))
            order.company_id.service_credit_grant_on = "order"
            # The account stands already: the race is not about opening it.
            order.env["service.credit.account"]._for_partner(order.partner_id, order.company_id)

        def grant(order):
            order._sync_service_credits("order")

        self.assertTrue(self._run_twice(grant, grant))
        self.assertEqual(self._credits(), 10)

    def test_first_purchase_twice(self):
        """As above, the account being opened by both."""
        with self.db.cursor() as cr:
            self._order(self._env(cr)).company_id.service_credit_grant_on = "payment"
        self._confirm()
        with self.db.cursor() as cr:
            self._order(self._env(cr)).company_id.service_credit_grant_on = "order"

        def grant(order):
            order._sync_service_credits("order")

        self.assertTrue(self._run_twice(grant, grant))
        self.assertEqual(self._credits(), 10)

    def test_two_lines_raised(self):
        """Two orders of one client at once: one account, both arrive."""
        self._confirm()
        with self.db.cursor() as cr:
            copy_id = self._order(self._env(cr)).copy().id

        def raise_quantity(order):
            order.order_line.product_uom_qty = 3

        def confirm_copy(order):
            order.browse(copy_id).action_confirm()

        self._run_twice(raise_quantity, confirm_copy)
        self.assertEqual(self._credits(), 40)

    def test_raised_and_cancelled(self):
        self._confirm()

        def raise_quantity(order):
            order.order_line.product_uom_qty += 1

        self._run_twice(raise_quantity, lambda order: order._action_cancel())
        self.assertEqual(self._credits(), 0)
