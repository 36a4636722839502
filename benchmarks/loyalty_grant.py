"""Loyalty credits for many clients: this add-on, Odoo's own wizard, plain SQL.

    python benchmarks/loyalty_grant.py [CLIENTS]      (default 20000; published: 100000)

Each runs in a process of its own (peak memory is the process's), on the same database, a throw-away
one named by BENCH_DB: its ledger is emptied.

- add-on: the yearly program grants its credits to CLIENTS clients, as the scheduled action
  does: accounts opened, lots, sealed entries, batches committed, mails left for later
- Odoo: ``loyalty.generate.wizard`` for the same clients (a card and a history line each)
- SQL with triggers: the add-on's rows again, INSERT … SELECT, with the ledger's triggers
- bare SQL: the same rows with triggers and foreign keys off: what PostgreSQL needs to write them
"""

import json
import os
import resource
import subprocess
import sys
import time
import uuid

DB = os.environ["BENCH_DB"]
TABLES = ("service_credit_account", "service_credit_lot", "service_credit_entry")


def environment():
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry
    from odoo.tools import config

    config.parse_config(
        ["-c", os.environ["ODOO_RC"], "-d", DB, "--log-level=warn"], setup_logging=True
    )
    return api.Environment(Registry(DB).cursor(), SUPERUSER_ID, {})


def prepare(count):
    env = environment()
    module = env["ir.module.module"].search([("name", "=", "loyalty")])
    if module.state != "installed":
        module.button_immediate_install()
        env = environment()
    program = env.ref("service_credits.program_yearly")
    today = program._today()
    env["service.credit.program"].search([]).active = False
    program.write({"active": True, "start_date": today.replace(month=1, day=1)})
    tag = env["res.partner.category"].create({"name": "benchmark"})
    env.cr.execute("UPDATE res_partner SET service_credit_since = NULL")
    env.cr.execute(
        """
        WITH made AS (
            INSERT INTO res_partner (name, complete_name, active, is_company, lang, type,
                                     autopost_bills, service_credit_since, create_date, write_date)
            SELECT 'Client ' || n, 'Client ' || n, true, true, 'en_US', 'contact', 'ask',
                   (%(today)s::date - make_interval(years => 5 + n %% 20))::date, now(), now()
              FROM generate_series(1, %(count)s) n
         RETURNING id)
        INSERT INTO res_partner_res_partner_category_rel (partner_id, category_id)
        SELECT id, %(tag)s FROM made
        """,
        {"today": today, "count": count, "tag": tag.id},
    )
    env.cr.execute(
        "UPDATE res_partner SET commercial_partner_id = id WHERE commercial_partner_id IS NULL"
    )
    env["loyalty.program"].create(
        {"name": "benchmark", "program_type": "loyalty", "company_id": env.company.id}
    )
    env.cr.commit()
    env.cr.connection.autocommit = True
    env.cr.execute("VACUUM ANALYZE res_partner")


def addon(count):
    env = environment()
    return measured(env["service.credit.program"]._grant_all, env)


def odoo_wizard(count):
    env = environment()
    named = [("name", "=", "benchmark")]
    wizard = env["loyalty.generate.wizard"].create(
        {
            "program_id": env["loyalty.program"].search(named, limit=1).id,
            "mode": "selected",
            "customer_tag_ids": env["res.partner.category"].search(named).ids,
            "points_granted": 4,
        }
    )

    # Odoo's card codes have 32 random bits: of 100,000 cards two are more likely than not to get
    # the same one, and the wizard fails. Longer codes let it finish.
    type(env["loyalty.card"])._generate_code = lambda card: str(uuid.uuid4())

    def generate():
        wizard.generate_coupons()
        env.cr.commit()

    return measured(generate, env)


def sql(count, bare=False):
    """Write again the rows that the add-on wrote (kept beside on the first call)."""
    env = environment()
    columns = {}
    for table in TABLES:
        env.cr.execute(f"CREATE TABLE IF NOT EXISTS bench_{table} AS SELECT * FROM {table}")
        env.cr.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
            " AND NOT attisdropped AND attgenerated = ''",
            [table],
        )
        columns[table] = [name for (name,) in env.cr.fetchall()]
    env.cr.execute("SET session_replication_role = replica")
    env.cr.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
    if not bare:
        env.cr.execute("SET session_replication_role = origin")
    env.cr.commit()
    derived = () if bare else ("available", "held", "last_sequence", "quantity", "spent")

    def insert():
        for table in TABLES:
            names = ", ".join(
                name for name in columns[table] if table == TABLES[2] or name not in derived
            )
            env.cr.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM bench_{table}")
        env.cr.commit()

    return measured(insert, env)


def processor_seconds(env):
    """Of this process and of its PostgreSQL backend (0 when that runs elsewhere)."""
    env.cr.execute("SELECT pg_backend_pid()")
    try:
        with open(f"/proc/{env.cr.fetchone()[0]}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        backend = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        backend = 0.0
    return time.process_time() + backend


def measured(work, env):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    processor = processor_seconds(env)
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    processor = processor_seconds(env) - processor
    env.cr.execute(
        "SELECT count(*), sum(available) FROM service_credit_account WHERE available > 0"
    )
    clients, credits = env.cr.fetchone()
    env.cr.execute("SELECT count(*) FROM loyalty_card")
    (cards,) = env.cr.fetchone()
    env.cr.execute("SELECT count(*) FROM service_credit_reconcile(NULL)")
    (differences,) = env.cr.fetchone()
    return {
        "seconds": seconds,
        "processor": processor,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "before": before / 1024,
        "clients": clients,
        "credits": int(credits or 0),
        "cards": cards,
        "differences": differences,
    }


STEPS = {
    "prepare": prepare,
    "addon": addon,
    "odoo": odoo_wizard,
    "sql": sql,
    "bare": lambda count: sql(count, bare=True),
}
LABELS = {
    "addon": "service credits: yearly program",
    "odoo": "Odoo: loyalty.generate.wizard",
    "sql": "plain SQL, same rows, ledger's triggers",
    "bare": "bare SQL, same rows, no triggers",
}


def run(step, count):
    result = subprocess.run(
        [sys.executable, __file__, step, str(count)], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(result.stdout.splitlines()[-1])


def main(count):
    run("prepare", count)
    results = {step: run(step, count) for step in ("addon", "odoo", "sql", "bare")}
    ours = results["addon"]
    print(f"{count:,} clients, one grant each")
    print("(CPU: seconds of Python and of its PostgreSQL backend, whatever else the machine does)")
    print(
        f"{'':40}{'seconds':>9}{'per s':>9}{'ratio':>7}{'CPU':>8}{'ratio':>7}"
        f"{'peak MB':>9}{'added MB':>10}"
    )
    for step, row in results.items():
        print(
            f"{LABELS[step]:40}{row['seconds']:9.2f}{count / row['seconds']:9,.0f}"
            f"{row['seconds'] / ours['seconds']:7.2f}{row['processor']:8.2f}"
            f"{row['processor'] / ours['processor']:7.2f}{row['peak']:9.0f}"
            f"{row['peak'] - row['before']:10.0f}"
        )
    expected = sum(min(6, 2 * ((5 + n % 20) // 5)) for n in range(1, count + 1))
    for step in ("addon", "sql", "bare"):
        row = results[step]
        if (row["clients"], row["credits"], row["differences"]) != (count, expected, 0):
            sys.exit(f"{step}: {row}, expected {count} clients with {expected} credits")
    if results["odoo"]["cards"] != count:
        sys.exit(f"odoo: {results['odoo']['cards']} cards instead of {count}")


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in STEPS:
        print(json.dumps(STEPS[sys.argv[1]](int(sys.argv[2]))))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
