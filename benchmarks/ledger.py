"""What the ledger costs: one operation at a time, and the check of a million entries.

    python benchmarks/ledger.py [ENTRIES]      (default 100000; the figure we publish: 1000000)

In one run, on the same server, each commit for itself:

- bare SQL: UPDATE a balance, INSERT a line: the least that any ledger does
- add-on: the full reserve (lock, key, order of lots, hold, sealed entry, derived balances)
- Odoo: the eWallet's way, through the ORM: write ``loyalty.card.points``, create
  ``loyalty.history``

Then ENTRIES entries are granted set-based, with and without the seal of each entry, and
reconciled, with and without the seals being verified. BENCH_DB names a throw-away database.
"""

import os
import sys
import time

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

DB = os.environ["BENCH_DB"]
SECONDS = 6
ACCOUNTS = 2000

NO_SEAL = """
    CREATE OR REPLACE FUNCTION service_credit_entry_hash(previous text, e service_credit_entry)
    RETURNS text LANGUAGE sql STABLE AS $$ SELECT ''::text $$
"""


def transaction():
    return Registry(DB).cursor()


def environment(cr):
    return api.Environment(cr, SUPERUSER_ID, {})


def rate(operation):
    """Operations a second, each in a transaction of its own."""
    end = time.monotonic() + SECONDS
    number = 0
    start = time.monotonic()
    while time.monotonic() < end:
        with transaction() as cr:
            operation(cr, number)
        number += 1
    return number / (time.monotonic() - start)


def bare():
    with transaction() as cr:
        cr.execute("CREATE TABLE bench_balance (id serial PRIMARY KEY, points integer NOT NULL)")
        cr.execute(
            "CREATE TABLE bench_line (id bigserial PRIMARY KEY, balance_id integer NOT NULL"
            " REFERENCES bench_balance, change integer NOT NULL, at timestamp NOT NULL)"
        )
        cr.execute("INSERT INTO bench_balance (points) VALUES (1000000000)")

    def operation(cr, _number):
        cr.execute("UPDATE bench_balance SET points = points - 1 WHERE id = 1")
        cr.execute(
            "INSERT INTO bench_line (balance_id, change, at)"
            " VALUES (1, -1, now() AT TIME ZONE 'UTC')"
        )

    return rate(operation)


def addon():
    with transaction() as cr:
        env = environment(cr)
        partner = env["res.partner"].create({"name": "Benchmark"})
        account = env["service.credit.account"]._for_partner(partner)
        account._grant(10**9, "opening", origin="purchase", value=100.0)
        account_id = account.id

    def operation(cr, number):
        account = environment(cr)["service.credit.account"].browse(account_id)
        account._reserve(1, f"bench {account_id} {number}")

    return rate(operation)


def ewallet():
    with transaction() as cr:
        env = environment(cr)
        module = env["ir.module.module"].search([("name", "=", "loyalty")])
        if module.state != "installed":
            module.button_immediate_install()
    with transaction() as cr:
        env = environment(cr)
        program = env["loyalty.program"].create({"name": "Benchmark", "program_type": "ewallet"})
        card = env["loyalty.card"].create({"program_id": program.id, "points": 10**6})
        card_id = card.id

    def operation(cr, number):
        env = environment(cr)
        card = env["loyalty.card"].browse(card_id)
        card.points -= 1
        env["loyalty.history"].create(
            {"card_id": card_id, "description": str(number), "used": 1, "issued": 0}
        )
        env.flush_all()

    return rate(operation)


def grants(entries):
    """Grant `entries` entries to ACCOUNTS accounts in batches; entries a second."""
    with transaction() as cr:
        env = environment(cr)
        partners = env["res.partner"].create([{"name": f"Client {i}"} for i in range(ACCOUNTS)])
        accounts = env["service.credit.account"]._for_partners(partners).ids
    with transaction() as cr:
        cr.connection.autocommit = True
        cr.execute("ANALYZE")
    start = time.monotonic()
    for batch in range(entries // ACCOUNTS):
        with transaction() as cr:
            environment(cr)["service.credit.account"].browse(accounts)._grant(1, f"batch {batch}")
    return entries / (time.monotonic() - start), accounts


def reconcile(accounts):
    with transaction() as cr:
        cr.execute(
            "SELECT count(*) FROM service_credit_entry WHERE account_id = ANY(%s)", [accounts]
        )
        (entries,) = cr.fetchone()
        start = time.monotonic()
        cr.execute(
            "SELECT problem, count(*) FROM service_credit_reconcile(%s) GROUP BY 1", [accounts]
        )
        return time.monotonic() - start, entries, cr.fetchall()


def main():
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    config.parse_config(
        ["-c", os.environ["ODOO_RC"], "-d", DB, "--log-level=error"], setup_logging=True
    )
    rivals = {"bare SQL": bare(), "add-on: reserve": addon(), "Odoo: eWallet": ewallet()}
    ours = rivals["add-on: reserve"]
    for name, found in rivals.items():
        print(
            f"{name:20}{found:8.0f} operations/s   add-on / this: {ours / found:5.2f}", flush=True
        )

    sealed, accounts = grants(entries)
    seconds, number, differences = reconcile(accounts)
    assert not differences, differences
    print(f"grant, set-based     {sealed:8.0f} entries/s")
    print(f"reconcile            {number} entries in {seconds:.2f} s, seals verified", flush=True)

    with transaction() as cr:
        cr.execute(NO_SEAL)
    without, _accounts = grants(entries)
    bare_seconds, _number, _broken = reconcile(accounts)
    print(
        f"without seals        {without:8.0f} entries/s   with / without: {sealed / without:5.2f}"
    )
    print(
        f"reconcile            {bare_seconds:.2f} s without computing seals   "
        f"with / without: {seconds / bare_seconds:5.2f}"
    )


if __name__ == "__main__":
    main()
