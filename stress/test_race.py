"""Many processes at once, real commits: exact balances, no deadlock, each thing done once."""

import collections
import json
import random
import time

import ledger
import psycopg2
import pytest

from odoo.exceptions import UserError

PROCESSES = 8


def record(path, **values):
    """Append one line; O_APPEND keeps lines of several processes apart."""
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(values) + "\n")


def records(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def together(path, work, arguments):
    """Run `work(start, *argument)` in processes that all begin at the same moment."""
    start = time.time() + 0.5
    statuses = ledger.join(ledger.fork(work, [(start, path, *argument) for argument in arguments]))
    assert statuses == [0] * len(statuses)
    return records(path)


def wait_for(start):
    time.sleep(max(0, start - time.time()))


def outcome(operation):
    """("done", result, conflicts), or ("refused", message, 0)."""
    try:
        result, conflicts = ledger.attempt(operation)
    except UserError as error:
        return "refused", str(error), 0
    return "done", result, conflicts


@pytest.mark.parametrize("accounts", [1, 4, 64])
def test_eight_processes(tmp_path, seed, figures, accounts):
    """Each process takes credits one by one from one account or from many, until none is left."""
    credits = 160 // accounts
    ids = ledger.new_accounts(accounts, credits)
    path = tmp_path / "log"
    path.touch()

    def work(start, path, worker):
        random.seed(seed + worker)
        wait_for(start)
        left, number = list(ids), 0
        while left:
            account_id = random.choice(left)
            number += 1
            quantity = random.randint(1, 3)

            def use(env, account_id=account_id, quantity=quantity, number=number):
                key = f"{worker} {number} of {account_id}"
                hold = ledger.account(env, account_id)._reserve(quantity, key)
                if number % 3:
                    hold._consume(key=key + " c")
                return hold.id

            state, result, conflicts = outcome(use)
            record(
                path,
                state=state,
                account=account_id,
                quantity=quantity,
                conflicts=conflicts,
                held=not number % 3,
                result=result,
            )
            if state == "refused" and quantity == 1:
                left.remove(account_id)

    log = together(path, work, [(worker,) for worker in range(PROCESSES)])
    done = [line for line in log if line["state"] == "done"]
    for account_id in ids:
        mine = [line for line in done if line["account"] == account_id]
        # Exactly all of it was taken, and what is held is what was not consumed.
        assert sum(line["quantity"] for line in mine) == credits
        held = sum(line["quantity"] for line in mine if line["held"])
        assert ledger.balance(account_id) == (0, held)
    figures(
        accounts=accounts,
        operations=len(done),
        refused=len(log) - len(done),
        conflicts=sum(line["conflicts"] for line in done),
        deadlocks=0,
    )


def test_transfers_in_both_directions(tmp_path, seed, figures):
    """Transfers between the same two accounts, opposite ways: no deadlock, nothing lost."""
    first, second = ledger.new_accounts(2, 100)
    path = tmp_path / "log"
    path.touch()

    def work(start, path, worker):
        wait_for(start)
        pair = (first, second) if worker % 2 else (second, first)
        for number in range(10):
            state, _result, conflicts = outcome(
                lambda env, number=number: (
                    ledger.account(env, pair[0])
                    ._transfer(ledger.account(env, pair[1]), 7, f"t {worker} {number}")
                    .ids
                )
            )
            record(path, state=state, conflicts=conflicts)

    log = together(path, work, [(worker,) for worker in range(PROCESSES)])
    balances = ledger.balance(first), ledger.balance(second)
    assert balances[0][0] + balances[1][0] == 200
    figures(transfers=len(log), conflicts=sum(line["conflicts"] for line in log))


def test_every_hold_settled_twice_at_once(tmp_path, seed, figures):
    """Two processes settle each hold at once, one consumes, one releases: exactly one wins."""
    number = 40
    (account_id,) = ledger.new_accounts(1, number * 2)

    def reserve(env):
        account = ledger.account(env, account_id)
        return [account._reserve(2, f"hold {account_id} {i}").id for i in range(number)]

    holds = ledger.attempt(reserve)[0]
    path = tmp_path / "log"
    path.touch()

    def work(start, path, kind):
        for rank, hold_id in enumerate(holds):
            wait_for(start + rank * 0.03)  # both begin on each hold at the same moment
            state, _result, conflicts = outcome(
                lambda env, hold_id=hold_id: (
                    getattr(env["service.credit.hold"].browse(hold_id), f"_{kind}")(
                        2, key=f"{kind} {hold_id}"
                    ).ids
                )
            )
            record(path, hold=hold_id, kind=kind, state=state, conflicts=conflicts)

    log = together(path, work, [("consume",), ("release",)])
    winners = collections.Counter(line["hold"] for line in log if line["state"] == "done")
    assert winners == dict.fromkeys(holds, 1)
    released = sum(1 for line in log if line["state"] == "done" and line["kind"] == "release")
    assert ledger.balance(account_id) == (released * 2, 0)
    figures(
        holds=number,
        released=released,
        consumed=number - released,
        conflicts=sum(line["conflicts"] for line in log),
    )


def test_the_same_key_from_all_sides(tmp_path, seed, figures):
    """Eight processes do the same thing with the same key at once: done once, one result."""
    rounds = 15
    (account_id,) = ledger.new_accounts(1, 1000)
    path = tmp_path / "log"
    path.touch()

    def work(start, path, worker):
        wait_for(start)
        for number in range(rounds):

            def do(env, number=number):
                account = ledger.account(env, account_id)
                hold = account._reserve(3, f"same {account_id} {number}")
                lot = account._grant(5, f"same {number}")
                entries = hold._consume(2, key=f"same use {number}")
                return [hold.id, lot.id, entries.ids]

            state, result, conflicts = outcome(do)
            record(path, number=number, state=state, result=result, conflicts=conflicts)

    log = together(path, work, [(worker,) for worker in range(PROCESSES)])
    assert {line["state"] for line in log} == {"done"}
    for number in range(rounds):
        results = {json.dumps(line["result"]) for line in log if line["number"] == number}
        assert len(results) == 1
    assert ledger.balance(account_id) == (1000 + rounds * (5 - 3), rounds)
    figures(calls=len(log), done_once=rounds * 3, conflicts=sum(line["conflicts"] for line in log))


def test_one_key_for_two_clients(tmp_path, seed, figures):
    """A reference is unique in the database: of two clients at once, one gets it."""
    ids = ledger.new_accounts(2, 10)
    path = tmp_path / "log"
    path.touch()

    def work(start, path, account_id):
        wait_for(start)
        for number in range(10):
            try:
                state, _result, _conflicts = outcome(
                    lambda env, number=number: (
                        ledger.account(env, account_id)._reserve(1, f"shared {ids} {number}").id
                    )
                )
            except psycopg2.errors.UniqueViolation:
                state = "refused"  # Odoo's own retrying makes a ValidationError of it
            record(path, number=number, state=state)

    log = together(path, work, [(account_id,) for account_id in ids])
    assert collections.Counter(
        line["number"] for line in log if line["state"] == "done"
    ) == dict.fromkeys(range(10), 1)
    figures(keys=10, refused=sum(line["state"] == "refused" for line in log))


def test_opening_accounts_at_once(tmp_path, seed):
    """Eight processes open the same client's account: there is one."""
    (existing,) = ledger.new_accounts(1)
    with ledger.transaction() as env:
        partners = env["res.partner"].create([{"name": f"New {i}"} for i in range(20)]).ids
    path = tmp_path / "log"
    path.touch()

    def work(start, path, worker):
        wait_for(start)
        for partner_id in partners:
            state, result, conflicts = outcome(
                lambda env, partner_id=partner_id: (
                    env["service.credit.account"]
                    ._for_partner(env["res.partner"].browse(partner_id))
                    .id
                )
            )
            record(path, state=state, partner=partner_id, account=result, conflicts=conflicts)

    log = together(path, work, [(worker,) for worker in range(PROCESSES)])
    assert len({(line["partner"], line["account"]) for line in log}) == len(partners)
    assert existing not in {line["account"] for line in log}


def test_grants_of_thousands_beside_single_operations(tmp_path, seed, figures):
    """A set-based grant and single uses of the same accounts: everything arrives once."""
    ids = ledger.new_accounts(300, 5)
    path = tmp_path / "log"
    path.touch()

    def work(start, path, worker):
        random.seed(seed + worker)
        wait_for(start)
        for period in range(2):
            if worker < 2:
                state, _result, conflicts = outcome(
                    lambda env, period=period: (
                        ledger.account(env, ids)._grant(2, f"loyalty {period}").ids
                    )
                )
                record(path, kind="grant", state=state, conflicts=conflicts)
                continue
            for number in range(20):
                account_id = random.choice(ids)
                key = f"use {worker} {period} {number} {account_id}"
                state, _result, conflicts = outcome(
                    lambda env, account_id=account_id, key=key: (
                        ledger.account(env, account_id)._reserve(1, key)._consume(key=key).ids
                    )
                )
                record(path, kind="use", state=state, conflicts=conflicts)

    log = together(path, work, [(worker,) for worker in range(6)])
    used = sum(1 for line in log if line["kind"] == "use" and line["state"] == "done")
    total = sum(ledger.balance(account_id)[0] for account_id in ids)
    assert total == 300 * (5 + 2 + 2) - used
    figures(operations=len(log), conflicts=sum(line["conflicts"] for line in log))
