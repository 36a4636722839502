import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.service.model import get_public_method
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ServiceCreditsCase

MODELS = (
    "service.credit.account",
    "service.credit.lot",
    "service.credit.hold",
    "service.credit.entry",
)


@tagged("post_install", "-at_install")
class TestLedgerBypass(ServiceCreditsCase):
    """Whoever tries to write the ledger around its operations is refused."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_users()
        cls.lot = cls.account._grant(10, "g", "purchase", 850.0)
        cls.hold = cls.account._reserve(4, "h")
        cls.entry = cls.hold.entry_ids

    def setUp(self):
        super().setUp()
        self.records = (self.account, self.lot, self.hold, self.entry)

    def tearDown(self):
        self.env.invalidate_all()
        self.assertBalance(self.account, 6, 4)
        self.assertSound()
        super().tearDown()

    def test_orm(self):
        admin = self.env.ref("base.user_admin")
        for user in (
            self.env.user,
            admin,
            self.user,
            self.manager,
            self.accountant,
            self.employee,
            self.portal,
        ):
            for record in self.records:
                record = record.with_user(user)
                with self.subTest(user=user.login, model=record._name):
                    with self.assertRaises(UserError):
                        record.create({"account_id": self.account.id, "available": 5})
                    with self.assertRaises(UserError):
                        record.copy()
                    with self.assertRaises(UserError):
                        record.unlink()
                    for field in (
                        "account_id",
                        "available",
                        "quantity",
                        "available_change",
                        "hash",
                    ):
                        if field in record._fields:
                            with self.assertRaises(UserError):
                                record.write({field: 1})
                            with self.assertRaises(UserError):
                                record.sudo().write({field: 1})

    def test_import(self):
        for user in (self.manager, self.env.ref("base.user_admin")):
            for model in MODELS:
                name = "available_change" if model.endswith("entry") else "available"
                if model.endswith("hold"):
                    name = "quantity"
                with self.subTest(user=user.login, model=model):
                    result = self.env[model].with_user(user).load([name], [["5"]])
                    self.assertFalse(result["ids"])
                    self.assertTrue(result["messages"])

    def test_operations_are_not_callable_over_rpc(self):
        """RPC refuses every name that starts with an underscore; the operations all do."""
        for model in MODELS:
            for name in (
                "_grant",
                "_grant_many",
                "_reserve",
                "_transfer",
                "_take_back",
                "_post",
                "_insert_entries",
                "_consume",
                "_release",
                "_refund",
                "_revoke",
                "_merge_into",
            ):
                if hasattr(self.env[model], name):
                    with self.subTest(name=name), self.assertRaises(AccessError):
                        get_public_method(self.env[model], name)

    def test_public_methods_check_rights(self):
        """Of the public names, each refuses whoever may not."""
        for user in (self.portal, self.employee, self.user, self.accountant):
            account = self.account.with_user(user)
            with self.assertRaises(AccessError):
                account.use_credits(self.client.id, 1, "k", "test")
            with self.assertRaises(AccessError):
                account.action_adjust()
            with self.assertRaises(AccessError):
                account.action_transfer()
        for user in (self.portal, self.employee, self.user):
            with self.assertRaises(AccessError):
                self.account.with_user(user).action_reconcile()
        with self.assertRaises(AccessError):
            self.account.with_user(self.employee).get_balance(self.client.id)
        self.assertTrue(self.account.with_user(self.accountant).action_reconcile()["res_id"])

    def test_portal_sees_its_own_only(self):
        self.other._grant(1, "other")
        for record in (self.account, self.lot, self.hold, self.lot.entry_ids):
            with self.subTest(model=record._name):
                own = record.with_user(self.portal)
                self.assertEqual(set(own.search([])), set(own))
                self.assertTrue(own.read())
                other = record.with_user(self.other_portal)
                self.assertFalse(other.search([]) & record)
                with self.assertRaises(AccessError):
                    other.read()
                with self.assertRaises(AccessError):
                    record.with_user(self.employee).read()

    def test_portal_contact_who_may_not_see(self):
        self.assertTrue(self.account.with_user(self.portal).has_access("read"))
        self.portal.partner_id.service_credit_may_see = False
        for record in self.records:
            self.assertFalse(record.with_user(self.portal).search([]))
            with self.assertRaises(AccessError):
                record.with_user(self.portal).read()

    def test_portal_contact_who_moved_to_another_client(self):
        self.assertTrue(self.account.with_user(self.portal).has_access("read"))
        self.portal.partner_id.parent_id = self.other_client
        self.assertFalse(self.account.with_user(self.portal).has_access("read"))
        self.assertTrue(self.other.with_user(self.portal).has_access("read"))

    def test_other_company_is_not_seen(self):
        company = self.env["res.company"].create({"name": "Second company"})
        account = self.Account._for_partner(self.client, company)
        account._grant(3, "g")
        as_manager = self.Account.with_user(self.manager)
        self.assertEqual(as_manager.search([("partner_id", "=", self.client.id)]), self.account)
        with self.assertRaises(AccessError):
            account.with_user(self.manager).read(["available"])

    def assertSQLRefused(self, query, *params):
        with self.subTest(query=query), mute_logger("odoo.sql_db"):
            try:
                with self.env.cr.savepoint(flush=False):
                    self.env.cr.execute(query, params)
            except psycopg2.Error:
                return
            self.fail(f"not refused: {query}")

    def test_raw_sql_updates(self):
        for table, columns in {
            "service_credit_account": "available held last_sequence company_id balance",
            "service_credit_lot": "account_id quantity available held spent unit_price value",
            "service_credit_hold": "account_id quantity consumed released remaining",
            "service_credit_entry": "account_id sequence lot_id hold_id available_change "
            "held_change available_after held_after user_id",
        }.items():
            for column in columns.split():
                self.assertSQLRefused(f"UPDATE {table} SET {column} = {column}")
        for table, columns in {
            "service_credit_lot": "origin grant_key date",
            "service_credit_hold": "ref",
            "service_credit_entry": "kind operation_key date reason hash id",
        }.items():
            for column in columns.split():
                self.assertSQLRefused(f"UPDATE {table} SET {column} = {column}")

    def test_raw_sql_deletes(self):
        for model in MODELS:
            table = self.env[model]._table
            self.assertSQLRefused(f"DELETE FROM {table}")
            self.assertSQLRefused(f"TRUNCATE {table}")
            self.assertSQLRefused(f"TRUNCATE {table} CASCADE")
        self.assertSQLRefused("DELETE FROM res_partner WHERE id = %s", self.client.id)

    def test_raw_sql_inserts_of_balances(self):
        self.assertSQLRefused(
            "INSERT INTO service_credit_account (partner_id, company_id, available)"
            " SELECT partner_id, company_id, 5 FROM service_credit_account LIMIT 1"
        )
        third = self.env["res.partner"].create({"name": "Gamma"})
        for column in ("available", "held", "last_sequence"):
            self.assertSQLRefused(
                f"INSERT INTO service_credit_account (partner_id, company_id, {column})"
                " VALUES (%s, %s, 5)",
                third.id,
                self.env.company.id,
            )
        # Quantities that agree with each other, so that no CHECK comes to help.
        for columns in ("quantity, available", "quantity, held", "quantity, spent"):
            self.assertSQLRefused(
                f"INSERT INTO service_credit_lot (account_id, origin, grant_key, date, {columns})"
                " VALUES (%s, 'loyalty', 'x', now(), 5, 5)",
                self.account.id,
            )
        for column in ("quantity", "consumed", "released"):
            self.assertSQLRefused(
                f"INSERT INTO service_credit_hold (account_id, ref, {column}) VALUES (%s, 'x', 5)",
                self.account.id,
            )

    def _entry(self, **changes):
        """SQL and values of an entry that would follow the account's last one."""
        values = {
            "account_id": self.account.id,
            "sequence": 3,
            "kind": "grant",
            "lot_id": self.lot.id,
            "hold_id": None,
            "available_change": 5,
            "held_change": 0,
            "available_after": 11,
            "held_after": 4,
            "operation_key": "raw",
            "date": "2026-01-01",
            "user_id": 1,
            **changes,
        }
        return (
            (
                f"INSERT INTO service_credit_entry ({', '.join(values)})"
                f" VALUES ({', '.join(['%s'] * len(values))})"
            ),
            *values.values(),
        )

    def test_raw_sql_inserts_of_entries_that_do_not_fit(self):
        other_lot = self.other._grant(5, "g")
        other_hold = self.other._reserve(5, "h-other")
        reserve = {
            "kind": "reserve",
            "available_change": -1,
            "held_change": 1,
            "available_after": 5,
            "held_after": 5,
            "hold_id": self.hold.id,
        }
        release = {
            "kind": "release",
            "available_change": 1,
            "held_change": -1,
            "available_after": 7,
            "held_after": 3,
            "hold_id": self.hold.id,
        }
        wrong = [
            {"sequence": 2},
            {"sequence": 4},
            {"sequence": 0},
            {"sequence": -1},
            {"available_after": 12},
            {"available_after": 10},
            {"held_after": 5},
            {"available_change": -5, "available_after": 1},
            {"available_change": 0, "available_after": 6},
            {"kind": "gift"},
            {"kind": "revoke"},
            {"kind": "release"},
            {"kind": "consume"},
            {"lot_id": other_lot.id},
            {"hold_id": self.hold.id},
            {"kind": "revoke", "available_change": -7, "available_after": -1},
            {**reserve, "hold_id": None},
            {**reserve, "held_change": 2, "held_after": 6},
            {**reserve, "hold_id": other_hold.id},
            {**reserve, "lot_id": other_lot.id},
            {
                **release,
                "available_change": 5,
                "held_change": -5,
                "available_after": 11,
                "held_after": -1,
            },
            {**release, "held_change": -2, "held_after": 2},
            {"kind": "refund", "hold_id": self.hold.id},  # of what was never used
            {"account_id": None},
            {"lot_id": None},
            {"operation_key": None},
            {"user_id": None},
            {"available_change": None},
            {"held_change": None},
            {"available_after": None},
            {"available_change": 2**31 - 1, "available_after": 2**31 - 1},
        ]
        for changes in wrong:
            self.assertSQLRefused(*self._entry(**changes))

    def test_a_hold_never_settles_more_of_a_lot_than_it_took_there(self):
        second = self.account._grant(5, "second")
        other_hold = self.account._reserve(6 + 2, "h2")  # the first lot's rest, and 2 of the second
        self.assertEqual(self.account.available, 3)
        self.assertSQLRefused(
            *self._entry(
                kind="consume",
                lot_id=second.id,
                hold_id=self.hold.id,
                available_change=0,
                held_change=-1,
                available_after=3,
                held_after=11,
                sequence=self.account.last_sequence + 1,
            )
        )
        other_hold._release(key="r")
        second._revoke(5, "v")

    def test_a_hold_never_gives_back_of_a_lot_what_it_never_used_there(self):
        second = self.account._grant(5, "second")  # free: used first
        self.account._reserve(2, "h2")._consume(key="c2")
        wide = self.account._reserve(5, "h3")  # 3 of the second lot, 2 of the first
        wide._consume(4, key="c3")  # all of the second lot, 1 of the first
        self.hold._consume(1, key="c1")
        values = {
            "kind": "refund",
            "lot_id": second.id,
            "hold_id": self.hold.id,
            "available_change": 1,
            "available_after": self.account.available + 1,
            "held_after": self.account.held,
            "sequence": self.account.last_sequence + 1,
        }
        self.assertSQLRefused(*self._entry(**values))
        # The same on the lot that the hold did use goes through: nothing else refused it.
        with self.env.cr.savepoint(flush=False) as savepoint:
            query, *params = self._entry(**{**values, "lot_id": self.lot.id})
            self.env.cr.execute(query, params)
            savepoint.rollback()
        wide._refund(4, key="b3")
        self._give_all_back()

    def _give_all_back(self):
        """Back to the 6 available and 4 reserved credits that each test ends with."""
        self.env.invalidate_all()
        for hold in self.account.hold_ids:
            if hold.consumed:
                hold._refund(key=f"back {hold.id}")
            if hold.remaining:
                hold._release(key=f"free {hold.id}")
        self.account._take_back(5, "second again")
        self.account._reserve(4, "h again")

    def test_a_gap_is_refused_by_each_of_two_guards_alone(self):
        """The seal needs the entry before it, the posting counts: neither relies on the other."""
        for trigger in ("service_credit_entry_seal", "service_credit_entry_post"):
            with self.subTest(without=trigger), self.env.cr.savepoint(flush=False) as savepoint:
                self.env.cr.execute(f"ALTER TABLE service_credit_entry DISABLE TRIGGER {trigger}")
                self.env.cr.execute("ALTER TABLE service_credit_entry ALTER hash DROP NOT NULL")
                self.assertSQLRefused(*self._entry(sequence=4, hash="x"))
                savepoint.rollback()
