"""Day by day: the loyalty run on every single day, against the independent ten-line rule.

    python benchmarks/loyalty_simulation.py [CLIENTS] [YEARS]  (default 200 and 2; whole: 1000 40)

Works on the throw-away database BENCH_DB; exits with 1 and the seed when a single grant differs in
credits or day.
"""

import random
import sys
import time
from datetime import date, timedelta

from loyalty_grant import environment


def main(count, years):
    env = environment()
    from odoo.addons.service_credits.tests import loyalty_rule

    seed = random.randrange(2**32)
    randomness = random.Random(seed)
    first, last = date(2026, 1, 1), date(2026 + years - 1, 12, 31)
    env["res.partner"].search([]).service_credit_since = False
    welcome = env.ref("service_credits.program_welcome")
    yearly = env.ref("service_credits.program_yearly")
    programs = welcome | yearly
    programs.write({"start_date": first, "notify": False})
    dates = [loyalty_rule.some_date(randomness, 1985, last.year) for _n in range(count)]
    clients = env["res.partner"].create(
        [{"name": "x", "is_company": True, "service_credit_since": since} for since in dates]
    )
    env.cr.commit()
    start = time.perf_counter()
    day = first
    while day <= last:
        if (day - first).days % 30 == 1:  # the scheduled action does so before each run
            env["service.credit.program"]._analyze_ledger()
        for program in programs:
            due = program._get_due(day)
            if due:
                program._post_grants(due)
                env.cr.commit()
        day += timedelta(days=1)
    names = {welcome: "welcome", yearly: "yearly"}
    granted = {client: {} for client in clients}
    for lot in env["service.credit.lot"].search([("program_id", "in", programs.ids)]):
        what = names[lot.program_id], lot.period
        granted[lot.account_id.partner_id][what] = (lot.quantity, lot.seniority_date)
    wrong = [
        (since, granted[client])
        for client, since in zip(clients, dates, strict=True)
        if granted[client] != loyalty_rule.expected(since, first, last)
    ]
    env.cr.execute("SELECT count(*) FROM service_credit_reconcile(NULL)")
    (differences,) = env.cr.fetchone()
    grants = sum(len(got) for got in granted.values())
    print(
        f"{count} clients, {(last - first).days + 1} days, {grants} grants in "
        f"{time.perf_counter() - start:.0f} s: {len(wrong)} clients differ from the rule, "
        f"{differences} differences in the ledger (seed {seed})"
    )
    if wrong or differences:
        sys.exit(str(wrong[:3]))


if __name__ == "__main__":
    main(*(int(value) for value in [*sys.argv[1:], *("200", "2")[len(sys.argv) - 1 :]]))
