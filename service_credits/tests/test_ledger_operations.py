from odoo.exceptions import MissingError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import SQL

from .common import ServiceCreditsCase

MAX = 2**31 - 1


@tagged("post_install", "-at_install")
class TestLedgerOperations(ServiceCreditsCase):
    """Each operation: its rule, its edges, its refusals, its replay."""

    def tearDown(self):
        self.assertSound()
        super().tearDown()

    def assertRefused(self, text, operation, *args, **kwargs):
        """Refused with a message that holds `text`, and nothing has changed."""
        before = self._picture()
        # Not assertRaises: Odoo's rolls back to a savepoint, which would hide what was half done.
        try:
            operation(*args, **kwargs)
        except UserError as error:
            self.assertIn(text, str(error))
        else:
            self.fail(f"not refused: {operation} {args} {kwargs}")
        self.assertEqual(self._picture(), before)

    def _picture(self):
        self.env.invalidate_all()
        return (
            self.account.read(["available", "held", "last_sequence"])
            + self.other.read(["available", "held", "last_sequence"])
            + [self.env["service.credit.lot"].search_count([])]
            + [self.env["service.credit.hold"].search_count([])]
            + [self.Entry.search_count([])]
        )

    # === Grant === #

    def test_grant(self):
        lot = self.account._grant(10, "g", origin="purchase", value=850.0, reason="Order S1")
        self.assertBalance(self.account, 10)
        self.assertRecordValues(
            lot,
            [
                {
                    "quantity": 10,
                    "available": 10,
                    "held": 0,
                    "spent": 0,
                    "unit_price": 85.0,
                    "value": 850.0,
                    "origin": "purchase",
                    "grant_key": "g",
                }
            ],
        )
        entry = lot.entry_ids
        self.assertRecordValues(
            entry,
            [
                {
                    "kind": "grant",
                    "sequence": 1,
                    "available_change": 10,
                    "held_change": 0,
                    "available_after": 10,
                    "held_after": 0,
                    "reason": "Order S1",
                    "user_id": self.env.uid,
                    "operation_key": "g",
                }
            ],
        )

    def test_grant_unit_price_keeps_the_value_to_the_cent(self):
        lot = self.account._grant(3, "g", origin="purchase", value=100.0)
        self.assertEqual(lot.value, 100.0)
        self.assertAlmostEqual(lot.unit_price, 33.333333, places=6)

    def test_grant_again_with_the_same_key_is_the_first_result(self):
        lot = self.account._grant(10, "g", value=5.0)
        self.assertEqual(self.account._grant(10, "g", value=5.0), lot)
        self.assertBalance(self.account, 10)

    def test_grant_same_key_other_arguments(self):
        self.account._grant(10, "g", origin="purchase", value=5.0)
        grant = self.account._grant
        self.assertRefused("“g”", grant, 11, "g", origin="purchase", value=5.0)
        self.assertRefused("“g”", grant, 10, "g", origin="loyalty", value=5.0)
        self.assertRefused("“g”", grant, 10, "g", origin="purchase", value=6.0)

    def test_one_key_in_two_accounts(self):
        """Keys of grants are per account: a program grants every client with the same one."""
        lots = (self.account | self.other)._grant(2, "loyalty:1:2026")
        self.assertEqual(lots.account_id, self.account | self.other)
        self.assertEqual((self.account | self.other)._grant(2, "loyalty:1:2026"), lots)
        self.assertBalance(self.account, 2)
        self.assertBalance(self.other, 2)

    def test_grant_many(self):
        grants = [
            {"account_id": self.account.id, "quantity": 3, "key": "a"},
            {"account_id": self.other.id, "quantity": 5, "key": "a"},
            {"account_id": self.account.id, "quantity": 4, "key": "b"},
        ]
        lots = self.Account._grant_many(grants)
        self.assertEqual(lots.mapped("quantity"), [3, 5, 4])
        self.assertEqual(self.Account._grant_many(grants), lots)
        self.assertBalance(self.account, 7)
        self.assertBalance(self.other, 5)
        self.assertFalse(self.Account._grant_many([]))

    def test_grant_many_is_all_or_nothing(self):
        grants = [
            {"account_id": self.account.id, "quantity": 3, "key": "a"},
            {"account_id": self.other.id, "quantity": 0, "key": "a"},
        ]
        self.assertRefused("0", self.Account._grant_many, grants)
        twice = [
            {"account_id": self.account.id, "quantity": 3, "key": "a"},
            {"account_id": self.account.id, "quantity": 3, "key": "a"},
        ]
        self.assertRefused("“a”", self.Account._grant_many, twice)

    def test_not_a_number_of_credits(self):
        operations = (
            self.account._grant,
            self.account._reserve,
            self.account._take_back,
            lambda quantity, key: self.account._transfer(self.other, quantity, key),
        )
        for operation in operations:
            for wrong in (0, -1, MAX + 1, 1.0, 1.5, "1", "", None, True, False, [1], 10**30):
                with self.subTest(operation=operation, wrong=wrong):
                    self.assertRefused(str(wrong), operation, wrong, "k")

    def test_no_key(self):
        for wrong in (None, "", "  ", 1, "a\x00b"):
            with self.subTest(wrong=wrong):
                self.assertRefused("key", self.account._grant, 1, wrong)
                self.assertRefused("key", self.account._reserve, 1, wrong)

    def test_the_largest_integer(self):
        self.account._grant(MAX, "max")
        self.assertBalance(self.account, MAX)
        self.assertRefused("Acme", self.account._grant, 1, "one more")
        hold = self.account._reserve(MAX, "all")
        self.assertBalance(self.account, 0, MAX)
        # Held credits count too: they may come back.
        self.assertRefused("Acme", self.account._grant, 1, "one more")
        hold._release(key="back")
        self.assertBalance(self.account, MAX)

    def test_grant_wrong_values(self):
        self.assertRefused("gift", self.account._grant, 1, "k", origin="gift")
        self.assertRefused("Acme", self.account._grant, 1, "k", value=-1.0)

    # === Reserve === #

    def test_reserve_uses_free_credits_first_then_the_oldest(self):
        second = self.account._grant(5, "2", "purchase", 500.0, date="2026-02-01 00:00:00")
        first = self.account._grant(5, "1", "purchase", 400.0, date="2026-01-01 00:00:00")
        free = self.account._grant(2, "3", "loyalty", date="2026-03-01 00:00:00")
        hold = self.account._reserve(8, "h")
        self.assertBalance(self.account, 4, 8)
        self.assertEqual(
            [(e.lot_id, e.held_change) for e in hold.entry_ids.sorted("sequence")],
            [(free, 2), (first, 5), (second, 1)],
        )
        self.assertEqual((hold.quantity, hold.remaining), (8, 8))

    def test_reserve_edges(self):
        self.account._grant(10, "g")
        self.assertRefused("Acme has 10", self.account._reserve, 11, "h")
        self.assertRefused("1 are missing", self.account._reserve, 11, "h")
        self.account._reserve(9, "h9")
        self.account._reserve(1, "h1")
        self.assertBalance(self.account, 0, 10)
        self.assertRefused("Acme has 0", self.account._reserve, 1, "h0")

    def test_reserve_at_lot_boundaries(self):
        lots = self.account._grant(3, "a") | self.account._grant(3, "b")
        for quantity, left in ((2, [1, 3]), (1, [0, 3]), (1, [0, 2]), (2, [0, 0])):
            self.account._reserve(quantity, f"h{left}")
            self.assertEqual(lots.mapped("available"), left)

    def test_reserve_replay(self):
        self.account._grant(10, "g")
        self.other._grant(10, "g")
        hold = self.account._reserve(4, "h")
        self.assertEqual(self.account._reserve(4, "h"), hold)
        self.assertRefused("“h”", self.account._reserve, 5, "h")
        self.assertRefused("“h”", self.other._reserve, 4, "h")
        self.assertRefused("“g”", self.account._reserve, 10, "g")
        self.assertRefused("“h”", self.account._grant, 4, "h")

    def test_order_of_use_can_be_extended(self):
        self.account._grant(1, "free")
        paid = self.account._grant(1, "paid", "purchase", 90.0)
        self.patch(
            type(self.account),
            "_order_of_use",
            lambda account: SQL("lot.unit_price DESC, lot.id"),
        )
        self.assertEqual(self.account._reserve(1, "h").entry_ids.lot_id, paid)

    # === Consume, release, refund === #

    def test_settle_in_parts(self):
        lots = self.account._grant(3, "a") | self.account._grant(7, "b", "purchase", 700.0)
        hold = self.account._reserve(8, "h")
        hold._consume(4, key="c")
        self.assertRecordValues(hold, [{"consumed": 4, "released": 0, "remaining": 4}])
        self.assertEqual(lots.mapped("spent"), [3, 1])
        hold._release(3, key="r")
        self.assertRecordValues(hold, [{"consumed": 4, "released": 3, "remaining": 1}])
        self.assertBalance(self.account, 5, 1)
        hold._consume(key="rest")
        self.assertRecordValues(hold, [{"consumed": 5, "released": 3, "remaining": 0}])
        self.assertBalance(self.account, 5)
        self.assertRefused("0 are left", hold._consume, 1, key="more")
        self.assertRefused("0 are left", hold._release, key="more")

    def test_settle_edges(self):
        self.account._grant(5, "g")
        hold = self.account._reserve(5, "h")
        for settle in (hold._consume, hold._release):
            self.assertRefused("5 are left", settle, 6, key="six")
            for wrong in (0, -1, 1.5, "1", True, MAX + 1):
                self.assertRefused(str(wrong), settle, wrong, key="wrong")
        self.assertRefused("0 are left", hold._refund, 1, key="nothing used")

    def test_settle_replay(self):
        self.account._grant(5, "g")
        hold = self.account._reserve(5, "h")
        first = hold._consume(2, key="c")
        self.assertEqual(hold._consume(2, key="c"), first)
        self.assertRefused("“c”", hold._consume, 3, key="c")
        self.assertRefused("“c”", hold._release, 2, key="c")
        last = hold._consume(key="all")
        self.assertEqual(hold._consume(key="all"), last)

    def test_key_of_another_hold(self):
        self.account._grant(5, "g")
        hold, second = self.account._reserve(2, "h"), self.account._reserve(2, "h2")
        hold._consume(1, key="c")
        self.assertRefused("“c”", second._consume, 1, key="c")

    def test_refund(self):
        lot = self.account._grant(5, "g", "purchase", 500.0)
        hold = self.account._reserve(4, "h")
        hold._consume(3, key="c")
        hold._refund(2, key="sorry")
        self.assertRecordValues(hold, [{"consumed": 1, "released": 2, "remaining": 1}])
        self.assertRecordValues(lot, [{"quantity": 5, "available": 3, "held": 1, "spent": 1}])
        self.assertRefused("1 are left", hold._refund, 2, key="too much")

    # === Revoke === #

    def test_revoke(self):
        lot = self.account._grant(10, "g", "purchase", 850.0)
        self.account._reserve(4, "h")._consume(3, key="c")
        self.assertRefused("6 of its 10", lot._revoke, 7, "v")
        entry = lot._revoke(6, "v", reason="Refund")
        self.assertEqual(entry.kind, "revoke")
        self.assertRecordValues(lot, [{"quantity": 4, "available": 0, "held": 1, "spent": 3}])
        self.assertBalance(self.account, 0, 1)
        self.assertEqual(lot._revoke(6, "v"), entry)
        self.assertRefused("“v”", lot._revoke, 5, "v")

    def test_revoke_key_of_another_lot(self):
        first, second = self.account._grant(5, "a"), self.account._grant(5, "b")
        first._revoke(1, "v")
        self.assertRefused("“v”", second._revoke, 1, "v")

    def test_take_back(self):
        self.account._grant(2, "a")
        self.account._grant(5, "b", "purchase", 500.0)
        self.account._take_back(4, "v")
        self.assertBalance(self.account, 3)
        self.account._take_back(4, "v")
        self.assertBalance(self.account, 3)
        self.assertRefused("Acme has 3", self.account._take_back, 4, "w")

    # === Transfer === #

    def test_transfer_keeps_the_price(self):
        free = self.account._grant(2, "a", "loyalty")
        paid = self.account._grant(3, "b", "purchase", 100.0)
        moved = self.account._transfer(self.other, 4, "t", reason="Split")
        self.assertBalance(self.account, 1)
        self.assertBalance(self.other, 4)
        self.assertEqual(moved.mapped("source_lot_id"), free | paid)
        self.assertEqual([round(p, 6) for p in moved.mapped("unit_price")], [0.0, 33.333333])
        self.assertEqual(moved.mapped("value"), [0.0, 66.67])
        self.assertEqual(moved.mapped("date"), [free.date, paid.date])
        self.assertEqual(self.account._transfer(self.other, 4, "t"), moved)
        self.assertBalance(self.other, 4)

    def test_transfer_refused(self):
        self.account._grant(4, "a")
        third = self.Account._for_partner(self.env["res.partner"].create({"name": "Gamma"}))
        self.account._transfer(self.other, 1, "t")
        self.assertRefused("“t”", self.account._transfer, third, 1, "t")
        self.assertRefused("“t”", self.account._transfer, self.other, 2, "t")
        self.assertRefused("Acme has 3", self.account._transfer, self.other, 4, "u")
        self.assertRefused("Acme", self.account._transfer, self.account, 1, "u")
        company = self.env["res.company"].create({"name": "Second company"})
        abroad = self.Account._for_partner(self.other_client, company)
        self.assertRefused("Second company", self.account._transfer, abroad, 1, "u")

    # === Accounts === #

    def test_one_account_for_all_contacts_per_company(self):
        self.assertEqual(self.Account._for_partner(self.contact), self.account)
        company = self.env["res.company"].create({"name": "Second company"})
        second = self.Account._for_partner(self.contact, company)
        self.assertNotEqual(second, self.account)
        self.assertEqual(second.partner_id, self.client)
        self.assertEqual(self.Account._find(self.contact, company), second)
        with self.assertRaises(ValidationError):
            self.Account._for_partners(self.env["res.partner"])

    def test_unknown_account(self):
        with self.assertRaises(MissingError):
            self.Account.browse(2**30)._grant(1, "k")
