import threading
import uuid
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, Command, api
from odoo.orm.registry import DummyRLock, Registry
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestBuyingRace(BaseCase):
    """Two users at once, in two real transactions that commit.

    The ledger keeps what it was told: the company and the client of this test stay behind,
    archived.
    """

    def setUp(self):
        super().setUp()
        self.db = db_connect(get_db_name())
        name = f"Race {uuid.uuid4()}"
        with self.db.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            company = env["res.company"].create(
                {"name": name, "service_credit_grant_on": "order"}
            )
            client = env["res.partner"].create({"name": name})
            pack = env["product.product"].create(
                {
                    "name": name, "type": "service", "list_price": 90.0,
                    "service_credits": 10, "company_id": company.id, "taxes_id": False,
                }
            )
            order = env["sale.order"].with_company(company).create(
                {
                    "partner_id": client.id,
                    "company_id": company.id,
                    "order_line": [Command.create({"product_id": pack.id})],
                }
            )
            self.ids = (company.id, client.id, pack.id, order.id)
        self.addCleanup(self._clean)

    def _clean(self):
        company_id, client_id, pack_id, _order_id = self.ids
        with self.db.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["product.product"].browse(pack_id).product_tmpl_id.active = False
            env["res.partner"].browse(client_id).active = False
            env["res.company"].browse(company_id).active = False

    def _order(self, cr):
        company_id, _client, _pack, order_id = self.ids
        env = api.Environment(cr, SUPERUSER_ID, {"allowed_company_ids": [company_id]})
        return env["sale.order"].browse(order_id)

    def _run_twice(self, first, second):
        """Start `second` while `first` is not committed; return the conflicts met.

        A conflict makes Odoo run the whole request again, as here.
        """
        conflicts = []
        started = threading.Event()

        def work():
            for _attempt in range(5):
                with self.db.cursor() as cr:
                    order = self._order(cr)
                    order.order_line.fetch(["product_uom_qty"])  # its page: the snapshot is taken
                    started.set()
                    try:
                        second(order)
                        cr.commit()  # pylint: disable=invalid-commit
                        return
                    except SerializationFailure as error:
                        conflicts.append(error)
                        cr.rollback()

        thread = threading.Thread(target=work)
        # The test runner holds the registry's lock; the thread needs none of it.
        with mute_logger("odoo.sql_db"), patch.object(Registry, "_lock", DummyRLock()):
            with self.db.cursor() as cr:
                first(self._order(cr))
                thread.start()
                started.wait(10)
                thread.join(0.5)  # it waits for the lock, or has finished
                cr.commit()  # pylint: disable=invalid-commit
            thread.join(20)
        self.assertFalse(thread.is_alive())
        return conflicts

    def _credits(self):
        company_id, client_id, *_ids = self.ids
        with self.db.cursor() as cr:
            cr.execute(
                "SELECT sum(available) FROM service_credit_account"
                " WHERE partner_id = %s AND company_id = %s",
                [client_id, company_id],
            )
            return cr.fetchone()[0]

    def _confirm(self):
        with self.db.cursor() as cr:
            self._order(cr).action_confirm()

    def test_confirmed_twice(self):
        def confirm(order):
            if order.state != "sale":
                order.action_confirm()

        self.assertTrue(self._run_twice(confirm, confirm))
        self.assertEqual(self._credits(), 10)

    def test_granted_twice(self):
        """Nothing but the ledger is written: only the account's lock stands between them."""
        with self.db.cursor() as cr:
            self._order(cr).company_id.service_credit_grant_on = "payment"
        self._confirm()
        self.assertEqual(self._credits(), None)
        with self.db.cursor() as cr:
            order = self._order(cr)
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
            self._order(cr).company_id.service_credit_grant_on = "payment"
        self._confirm()
        with self.db.cursor() as cr:
            self._order(cr).company_id.service_credit_grant_on = "order"

        def grant(order):
            order._sync_service_credits("order")

        self.assertTrue(self._run_twice(grant, grant))
        self.assertEqual(self._credits(), 10)

    def test_two_lines_raised(self):
        """Two orders of one client at once: one account, both arrive."""
        self._confirm()
        with self.db.cursor() as cr:
            copy_id = self._order(cr).copy().id

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
