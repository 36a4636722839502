import psycopg2

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ServiceCreditsCase


@tagged("post_install", "-at_install")
class TestLedgerChecks(ServiceCreditsCase):
    """Each CHECK and unique index refuses alone, with all triggers out of its way.

    The triggers refuse most of this earlier. Here they are disabled, so that each constraint
    proves itself: the ledger must not depend on one guard only.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lot = cls.account._grant(10, "g", "purchase", 850.0)
        cls.hold = cls.account._reserve(4, "h")
        cls.hold._consume(1, key="c")
        cls.env.flush_all()

    def assertConstraint(self, name, query, *params):
        with self.subTest(constraint=name, query=query), mute_logger("odoo.sql_db"):
            try:
                with self.env.cr.savepoint(flush=False):
                    for table in ("account", "lot", "hold", "entry"):
                        self.env.cr.execute(
                            f"ALTER TABLE service_credit_{table} DISABLE TRIGGER USER"
                        )
                    self.env.cr.execute(query, params)
            except psycopg2.IntegrityError as error:
                self.assertEqual(error.diag.constraint_name, name)
            else:
                self.fail(f"not refused: {query}")

    def test_account(self):
        update = "UPDATE service_credit_account SET {} WHERE id = %s"
        for change in ("available = -1", "held = -1"):
            self.assertConstraint(
                "service_credit_account_never_negative", update.format(change), self.account.id
            )
        for change in ("available = 0", "held = 0"):
            self.assertConstraint(
                "service_credit_account_merged_is_empty",
                update.format(f"{change}, merged_into_id = {self.other.id}"),
                self.account.id,
            )
        self.assertConstraint(
            "service_credit_account_partner_company_uniq",
            "INSERT INTO service_credit_account (partner_id, company_id) VALUES (%s, %s)",
            self.client.id,
            self.env.company.id,
        )

    def test_lot(self):
        update = "UPDATE service_credit_lot SET {} WHERE id = %s"
        for change in (
            "quantity = quantity + 1",
            "available = available + 1",
            "held = held + 1",
            "spent = spent + 1",
        ):
            self.assertConstraint("service_credit_lot_sums", update.format(change), self.lot.id)
        for change in (
            "available = -1, quantity = held + spent - 1",
            "held = -1, quantity = available + spent - 1",
            "spent = -1, quantity = available + held - 1",
        ):
            self.assertConstraint(
                "service_credit_lot_never_negative", update.format(change), self.lot.id
            )
        for change in ("value = -1", "unit_price = -1"):
            self.assertConstraint("service_credit_lot_worth", update.format(change), self.lot.id)
        self.assertConstraint(
            "service_credit_lot_grant_key_uniq",
            "INSERT INTO service_credit_lot (account_id, origin, grant_key, date)"
            " VALUES (%s, 'loyalty', 'g', now())",
            self.account.id,
        )

    def test_hold(self):
        update = "UPDATE service_credit_hold SET {} WHERE id = %s"
        for change in ("consumed = 5", "released = 4", "quantity = 0"):
            self.assertConstraint("service_credit_hold_sums", update.format(change), self.hold.id)
        for change in ("consumed = -1", "released = -1", "quantity = -1, consumed = -1"):
            self.assertConstraint(
                "service_credit_hold_never_negative", update.format(change), self.hold.id
            )
        self.assertConstraint(
            "service_credit_hold_ref_uniq",
            "INSERT INTO service_credit_hold (account_id, ref) VALUES (%s, 'h')",
            self.other.id,
        )

    def _insert(self, **changes):
        values = {
            "account_id": self.account.id,
            "sequence": 9,
            "kind": "grant",
            "lot_id": self.lot.id,
            "hold_id": None,
            "available_change": 5,
            "held_change": 0,
            "available_after": 11,
            "held_after": 3,
            "operation_key": "raw",
            "date": "2026-01-01",
            "user_id": 1,
            "hash": "x",
            **changes,
        }
        return (
            (
                f"INSERT INTO service_credit_entry ({', '.join(values)})"
                f" VALUES ({', '.join(['%s'] * len(values))})"
            ),
            *values.values(),
        )

    def test_entry_signs(self):
        """Every combination of kind, signs and hold that is not one of the six allowed."""
        allowed = {
            ("grant", 1, 0, False),
            ("revoke", -1, 0, False),
            ("reserve", -1, 1, True),
            ("release", 1, -1, True),
            ("consume", 0, -1, True),
            ("refund", 1, 0, True),
        }
        for kind in ("grant", "revoke", "reserve", "release", "consume", "refund", "gift"):
            for available in (-1, 0, 1):
                for held in (-1, 0, 1, 2):
                    for hold in (False, True):
                        if (kind, available, held, hold) in allowed:
                            continue
                        self.assertConstraint(
                            "service_credit_entry_signs",
                            *self._insert(
                                kind=kind,
                                available_change=available,
                                held_change=held,
                                hold_id=self.hold.id if hold else None,
                            ),
                        )

    def test_entry(self):
        for changes in ({"available_after": -1}, {"held_after": -1}):
            self.assertConstraint("service_credit_entry_never_negative", *self._insert(**changes))
        for sequence in (0, -1):
            self.assertConstraint(
                "service_credit_entry_sequence_positive", *self._insert(sequence=sequence)
            )
        self.assertConstraint("service_credit_entry_sequence_uniq", *self._insert(sequence=1))
        self.assertConstraint(
            "service_credit_entry_operation_uniq", *self._insert(operation_key="g")
        )

    def test_foreign_keys(self):
        self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for field, table in (
            ("account_id", "entry"),
            ("lot_id", "entry"),
            ("hold_id", "entry"),
            ("user_id", "entry"),
        ):
            changes = {field: 2**30}
            if field == "hold_id":
                changes.update(kind="consume", available_change=0, held_change=-1)
            self.assertConstraint(f"service_credit_{table}_{field}_fkey", *self._insert(**changes))
