"""Random operations against an independent model, compared after each one.

Hypothesis draws the operations, their amounts (biased to the edges) and the keys (often used
again, with the same or other arguments), and shrinks what fails to the shortest story.
"""

import os
from datetime import datetime, timedelta

import ledger
import model
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from odoo.exceptions import UserError

SEED = int(os.environ.get("STRESS_SEED") or int.from_bytes(os.urandom(4), "big"))
print(f"test_model: STRESS_SEED={SEED}")

amounts = st.one_of(st.sampled_from([-1, 0, 1, 2]), st.integers(1, 12), st.just(2**31 - 1))
keys = st.sampled_from([f"key {i}" for i in range(40)])
START = datetime(2026, 1, 1)


class Ledger(RuleBasedStateMachine):
    accounts = Bundle("accounts")
    lots = Bundle("lots")
    holds = Bundle("holds")

    def __init__(self):
        super().__init__()
        self.pairs = []  # (id of the real account, model account)
        self.lot_pairs = []
        self.hold_pairs = []
        for account_id in ledger.new_accounts(2):
            self.pairs.append((account_id, model.Account()))

    def both(self, real, modelled):
        """Do it on both sides: the same outcome, and what is refused has changed nothing."""
        before = self.picture()
        try:
            expected, refused = modelled(), False
        except model.Refused:
            expected, refused = None, True
        try:
            (found, _conflicts) = ledger.attempt(real)
        except UserError as error:
            assert refused, f"refused by the ledger only: {error}"
            assert self.picture() == before
            return None, None
        assert not refused, "refused by the model only"
        return found, expected

    def picture(self):
        with ledger.transaction() as env:
            ids = [account_id for account_id, _model in self.pairs]
            accounts = env["service.credit.account"].browse(ids)
            return (
                accounts.read(["available", "held", "balance", "last_sequence"]),
                accounts.lot_ids.read(["quantity", "available", "held", "spent"]),
                accounts.hold_ids.read(["quantity", "consumed", "released", "remaining"]),
            )

    @rule(which=st.integers(0, 1), quantity=amounts, key=keys, free=st.booleans(), target=lots)
    def grant(self, which, quantity, key, free):
        account_id, account = self.pairs[which]
        if quantity == 2**31 - 1 and account.available + account.held:
            quantity = 1
        if quantity == 2**31 - 1:
            quantity = 1000
        value = 0.0 if free else 10.0
        # Several lots of one day: then the first to come is the first to go.
        day = len(self.lot_pairs) // 3
        lot_id, lot = self.both(
            lambda env: (
                ledger.account(env, account_id)
                ._grant(quantity, key, value=value, date=START + timedelta(days=day))
                .id
            ),
            lambda: account.grant(quantity, key, free, day),
        )
        if lot and all(lot is not known for _id, known in self.lot_pairs):
            self.lot_pairs.append((lot_id, lot))
        return (which, lot_id, lot)

    @rule(which=st.integers(0, 1), quantity=amounts, key=keys, target=holds)
    def reserve(self, which, quantity, key):
        account_id, account = self.pairs[which]
        # A hold's reference is unique in the database, also between two runs of this test.
        hold_id, hold = self.both(
            lambda env: (
                ledger.account(env, account_id)._reserve(quantity, f"{account_id} {key}").id
            ),
            lambda: account.reserve(quantity, f"{account_id} {key}"),
        )
        if hold and all(hold is not known for _id, known in self.hold_pairs):
            self.hold_pairs.append((hold_id, hold))
        return (which, hold_id, hold)

    @rule(
        hold=holds,
        kind=st.sampled_from(["consume", "release", "refund"]),
        quantity=amounts,
        key=keys,
        all_of_it=st.booleans(),
    )
    def settle(self, hold, kind, quantity, key, all_of_it):
        which, hold_id, hold = hold
        if not hold_id:
            return
        account = self.pairs[which][1]
        if all_of_it and hold.remaining:
            quantity = hold.remaining
        self.both(
            lambda env: (
                getattr(env["service.credit.hold"].browse(hold_id), f"_{kind}")(
                    quantity, key=key
                ).ids
            ),
            lambda: account.settle(hold, kind, quantity, key),
        )

    @rule(lot=lots, quantity=amounts, key=keys, all_of_it=st.booleans())
    def revoke(self, lot, quantity, key, all_of_it):
        which, lot_id, lot = lot
        if not lot_id:
            return
        if all_of_it and lot.available:
            quantity = lot.available
        account = self.pairs[which][1]
        self.both(
            lambda env: env["service.credit.lot"].browse(lot_id)._revoke(quantity, key).id,
            lambda: account.revoke(lot, quantity, key),
        )

    @rule(which=st.integers(0, 1), quantity=amounts, key=keys)
    def transfer(self, which, quantity, key):
        (account_id, account), (target_id, target) = self.pairs[which], self.pairs[1 - which]
        self.both(
            lambda env: (
                ledger.account(env, account_id)
                ._transfer(ledger.account(env, target_id), quantity, key)
                .ids
            ),
            lambda: account.transfer(target, quantity, key),
        )

    @invariant()
    def same_balances(self):
        if not self.pairs:
            return
        with ledger.transaction() as env:
            for account_id, account in self.pairs:
                real = ledger.account(env, account_id)
                assert (real.available, real.held) == (account.available, account.held)
                assert real.balance == account.available + account.held
                assert sorted(
                    (lot.quantity, lot.available, lot.held, lot.spent) for lot in real.lot_ids
                ) == sorted(
                    (lot.quantity, lot.available, lot.held, lot.spent) for lot in account.lots
                )
            for hold_id, hold in self.hold_pairs:
                real = env["service.credit.hold"].browse(hold_id)
                assert (real.consumed, real.released, real.remaining) == (
                    hold.consumed,
                    hold.released,
                    hold.remaining,
                )

    def teardown(self):
        assert ledger.differences([account_id for account_id, _model in self.pairs]) == []


TestLedger = Ledger.TestCase
TestLedger.settings = settings(
    max_examples=int(os.environ.get("STRESS_EXAMPLES", "25")),
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
TestLedger = seed(SEED)(TestLedger)
