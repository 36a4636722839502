"""Finding who has just run out of credits: one set-based look, or a loop over the accounts.

    python benchmarks/alerts.py [ACCOUNTS]      (default 20000; published: 100000)

ACCOUNTS clients with three entries each; one in five is at or below the threshold, and of those
one in twenty was not told yet. On the same database, a throw-away one named by BENCH_DB:

- add-on: the look of the scheduled action, batch after batch, nobody being told
- loop over the low ones: ``search([("is_low", "=", True)])``, then entries and alerts of each
- loop over all: balance, entries and alerts of each account (timed on 2,000, then scaled)
"""

import os
import sys
import time

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

DB = os.environ["BENCH_DB"]
SAMPLE = 2000


def prepare(env, count):
    env.cr.execute(
        """
        INSERT INTO res_partner (name, complete_name, active, is_company, type, autopost_bills,
                                 create_date, write_date)
        SELECT 'Client ' || n, 'Client ' || n, true, true, 'contact', 'ask', now(), now()
          FROM generate_series(1, %s) n
     RETURNING id
        """,
        [count],
    )
    partners = [partner_id for (partner_id,) in env.cr.fetchall()]
    env.cr.execute(
        "UPDATE res_partner SET commercial_partner_id = id WHERE id = ANY(%s)", [partners]
    )
    Account = env["service.credit.account"]
    for start in range(0, count, 2000):
        accounts = Account._for_partners(env["res.partner"].browse(partners[start : start + 2000]))
        accounts._grant(10, "benchmark")
        # 10 credits, then 8; then 7, or 2 for one in five.
        for sequence, (change, low_change) in enumerate(((-2, -2), (-1, -6)), 2):
            env.cr.execute(
                """
                INSERT INTO service_credit_entry
                       (account_id, sequence, kind, lot_id, available_change, held_change,
                        available_after, held_after, operation_key, date, user_id)
                SELECT a.id, %(sequence)s, 'revoke', l.id, c.change, 0, a.available + c.change, 0,
                       'benchmark ' || %(sequence)s, now() AT TIME ZONE 'UTC', %(user)s
                  FROM service_credit_account a
                  JOIN service_credit_lot l ON l.account_id = a.id
                 CROSS JOIN LATERAL (SELECT CASE WHEN a.id %% 5 = 0 THEN %(low)s
                                                 ELSE %(change)s END AS change) c
                 WHERE a.id = ANY(%(accounts)s)
                """,
                {
                    "sequence": sequence,
                    "change": change,
                    "low": low_change,
                    "user": SUPERUSER_ID,
                    "accounts": accounts.ids,
                },
            )
        env.cr.commit()
    env.cr.execute(
        """
        INSERT INTO service_credit_alert (account_id, sequence, date, available, threshold)
        SELECT id, 3, now() AT TIME ZONE 'UTC', available, 3
          FROM service_credit_account WHERE mod(id, 5) = 0 AND mod(id, 100) <> 0
        """
    )
    env.cr.commit()
    env.cr.connection.autocommit = True
    env.cr.execute("ANALYZE")


def set_based(env):
    Alert = env["service.credit.alert"]
    found, last = 0, 0
    while crossings := Alert._find_crossings(last):
        found += len(crossings)
        last = crossings[-1]["account_id"]
    return found


def one_by_one(env, accounts):
    Entry = env["service.credit.entry"]
    Alert = env["service.credit.alert"]
    found = 0
    for account in accounts:
        if not account.is_low:
            continue
        mine = [("account_id", "=", account.id)]
        above = Entry.search(
            [*mine, ("available_after", ">", account.alert_threshold)],
            order="sequence desc", limit=1,
        ).sequence  # fmt: skip
        later = [*mine, ("sequence", ">", above)]
        found += bool(
            Entry.search([*later, ("available_change", "<", 0)], order="sequence", limit=1)
            and not Alert.search_count(later, limit=1)
        )
    return found


def timed(env, look, *arguments):
    env.invalidate_all()
    start = time.monotonic()
    found = look(env, *arguments)
    return time.monotonic() - start, found


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    config.parse_config(
        ["-c", os.environ["ODOO_RC"], "-d", DB, "--log-level=error"], setup_logging=True
    )
    with Registry(DB).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        env["res.company"].search([]).service_credit_alert_since = False
        prepare(env, count)
        Account = env["service.credit.account"]
        ours, found = timed(env, set_based)
        low = Account.search([("is_low", "=", True)])
        loop, loop_found = timed(env, one_by_one, low)
        assert found == loop_found, (found, loop_found)
        sample = Account.search([], limit=SAMPLE)
        env.invalidate_all()
        start = time.monotonic()
        for account in sample:
            # Each for itself, as a loop over browse records of separate calls does.
            one_by_one(env, Account.browse(account.id))
        naive = (time.monotonic() - start) * count / len(sample)
    print(f"{count} accounts, {len(low)} low, {found} to be told")
    for name, seconds in (
        ("add-on: one look", ours),
        ("loop over the low ones", loop),
        ("loop over all accounts", naive),
    ):
        print(f"{name:24}{seconds:8.2f} s   this / add-on: {seconds / ours:7.1f}")


if __name__ == "__main__":
    main()
