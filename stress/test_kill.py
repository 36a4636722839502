"""Clients, backends and the server killed at random points, and the wire cut around COMMIT.

Each worker writes what it intends into a journal before it does it, with the key. Whatever
happens, it repeats the same call until it knows the outcome; a worker that was killed is replaced
by one that goes on from the journal. In the end the journal tells to the credit what the ledger
must hold: everything done once, nothing lost, and the reconciliation finds no difference.
"""

import json
import os
import random
import signal
import time

import ledger
import psycopg2
import pytest
from proxy import Proxy
from server import Server

import odoo.sql_db
from odoo.exceptions import UserError
from odoo.tools import config

WORKERS = 4
SECONDS = float(os.environ.get("STRESS_SECONDS", "12"))


@pytest.fixture(scope="module")
def server():
    found = Server()
    try:
        found.make(ledger.DB)
        yield found
    finally:
        found.stop()


@pytest.fixture
def connected(server):
    """The registry talks to the test's own server."""
    before = config["db_host"]
    ledger.connect_to(server.socket)
    yield server
    ledger.connect_to(before)


def certain(operation):
    """Repeat until the outcome is known, whatever breaks on the way."""
    limit = time.time() + 60
    while time.time() < limit:
        try:
            return ledger.attempt(operation)[0], None
        except UserError as error:
            return None, str(error)
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            # The connection or the server is gone: we do not know. The same key, once more.
            odoo.sql_db.close_all()
            time.sleep(0.05)
    raise AssertionError("PostgreSQL does not come back")


def perform(env, intent):
    account = ledger.account(env, intent["account"])
    key, quantity = intent["key"], intent["quantity"]
    if intent["kind"] == "grant":
        return account._grant(quantity, key).ids
    if intent["kind"] == "transfer":
        return account._transfer(ledger.account(env, intent["target"]), quantity, key).ids
    hold = account._reserve(quantity, key)
    if intent["kind"] == "use":
        hold._consume(key=f"{key} c")
    elif intent["kind"] == "release":
        hold._release(key=f"{key} r")
    return hold.ids


def work(journal, ids, worker, until):
    """Go on where the journal ends: an intent without outcome first."""
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    done = {line["key"] for line in lines if "result" in line}
    pending = [line for line in lines if "result" not in line and line["key"] not in done]
    number = len(lines)
    with open(journal, "a", encoding="utf-8") as file:

        def write(line):
            file.write(json.dumps(line) + "\n")
            file.flush()

        while pending or time.time() < until:
            if pending:
                intent = pending.pop()
            else:
                number += 1
                account, target = random.sample(ids, 2)
                kind = random.choice(["grant", "use", "use", "release", "reserve", "transfer"])
                intent = {
                    "key": f"{worker} {number} {time.time_ns()}",
                    "kind": kind,
                    "account": account,
                    "target": target,
                    "quantity": random.randint(1, 4),
                }
                write(intent)
            result, refused = certain(lambda env, intent=intent: perform(env, intent))
            write({**intent, "result": result, "refused": refused})


def expected(journals, ids, opening):
    available = dict.fromkeys(ids, opening)
    held = dict.fromkeys(ids, 0)
    operations = 0
    for journal in journals:
        for line in map(json.loads, journal.read_text().splitlines()):
            if not line.get("result"):
                continue
            operations += 1
            account, quantity = line["account"], line["quantity"]
            if line["kind"] == "grant":
                available[account] += quantity
            elif line["kind"] == "transfer":
                available[account] -= quantity
                available[line["target"]] += quantity
            elif line["kind"] in ("use", "reserve"):
                available[account] -= quantity
                held[account] += quantity if line["kind"] == "reserve" else 0
    return {i: (available[i], held[i]) for i in ids}, operations


def play(tmp_path, seed, ids, disturb):
    """Run the workers while `disturb(pids)` does its worst; replace those who die."""
    until = time.time() + SECONDS
    journals = [tmp_path / f"journal {worker}" for worker in range(WORKERS)]
    pids = {}
    for worker, journal in enumerate(journals):
        journal.touch()
        (pids[worker],) = ledger.fork(work, [(journal, ids, worker, until)])
    killed = 0
    while pids:
        time.sleep(random.uniform(0.02, 0.15))
        if time.time() < until:
            disturb(list(pids.values()))
        for worker, pid in list(pids.items()):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            code = os.waitstatus_to_exitcode(status)
            if code == -signal.SIGKILL:
                killed += 1
                (pids[worker],) = ledger.fork(work, [(journals[worker], ids, worker, until)])
            else:
                assert code == 0
                del pids[worker]
    balances, operations = expected(journals, ids, 50)
    assert {account_id: ledger.balance(account_id) for account_id in ids} == balances
    assert ledger.differences() == []
    return operations, killed


def test_kills(tmp_path, seed, figures, connected):
    ids = ledger.new_accounts(5, 50)
    kills = {"clients": 0, "backends": 0, "servers": 0}
    last_server_kill = time.time()

    def disturb(pids):
        nonlocal last_server_kill
        if time.time() - last_server_kill > SECONDS / 4:
            connected.kill()
            last_server_kill = time.time()
            kills["servers"] += 1
        elif random.random() < 0.5:
            os.kill(random.choice(pids), signal.SIGKILL)
            kills["clients"] += 1
        else:
            victims = connected.backends()
            if victims:
                # Politely: an unclean end of one backend would restart the whole server.
                os.kill(random.choice(victims), signal.SIGTERM)
                kills["backends"] += 1

    operations, killed = play(tmp_path, seed, ids, disturb)
    assert killed and kills["backends"] and kills["servers"]
    figures(
        operations=operations, **{f"{name}_killed": n for name, n in kills.items()}, differences=0
    )


def test_connection_lost_around_commit(tmp_path, seed, figures, connected):
    ids = ledger.new_accounts(5, 50)
    folder = tmp_path / "wire"
    folder.mkdir()
    proxy = Proxy(folder, connected.socket, share=0.3)
    ledger.connect_to(folder)
    try:
        journals = [tmp_path / f"journal {worker}" for worker in range(WORKERS)]
        for journal in journals:
            journal.touch()
        until = time.time() + SECONDS / 2
        statuses = ledger.join(
            ledger.fork(work, [(journals[w], ids, w, until) for w in range(WORKERS)])
        )
    finally:
        ledger.connect_to(connected.socket)
        proxy.close()
    assert statuses == [0] * WORKERS
    balances, operations = expected(journals, ids, 50)
    assert {account_id: ledger.balance(account_id) for account_id in ids} == balances
    assert proxy.lost["before"] and proxy.lost["after"]
    figures(
        operations=operations,
        lost_before_commit=proxy.lost["before"],
        lost_after_commit=proxy.lost["after"],
        differences=0,
    )
