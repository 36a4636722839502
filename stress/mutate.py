"""Remove each lock, CHECK, index, trigger and guard of the ledger in turn: some test must fail.

A guard whose absence no test notices is a guard nobody would miss; this prints the table and ends
with status 1 when there is one. Run it with ``./dev mutate``; it takes about ten minutes.

The test of the catalogue is left out: it would notice every missing name without saying whether
the guard does anything.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDON = ROOT / "service_credits"
TEMPLATE = os.environ["STRESS_DB"]
DB = f"{TEMPLATE}_mutant"
UNIT = [
    "service_credits/tests/test_ledger_operations.py",
    "service_credits/tests/test_ledger_bypass.py",
    "service_credits/tests/test_ledger_checks.py",
    "service_credits/tests/test_ledger_partners.py",
    "service_credits/tests/test_ledger_reconcile.py",
]
RACE = ["stress/test_race.py"]

TABLES = ["account", "lot", "hold", "entry"]


def sql(query, database=DB):
    return subprocess.run(
        ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", query],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\n")


def catalogue():
    """(name, how to remove it) of each constraint, index and trigger of the ledger."""
    tables = ", ".join(f"'service_credit_{table}'::regclass" for table in TABLES)
    for kind, query in (
        (
            "CHECK",
            (
                "SELECT conname, conrelid::regclass FROM pg_constraint WHERE contype = 'c'"
                f" AND conrelid IN ({tables})"
            ),
        ),
        (
            "unique index",
            (
                "SELECT indexrelid::regclass, indrelid::regclass FROM pg_index"
                f" WHERE indisunique AND NOT indisprimary AND indrelid IN ({tables})"
            ),
        ),
        (
            "trigger",
            (
                "SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal"
                f" AND tgrelid IN ({tables})"
            ),
        ),
    ):
        for row in filter(None, sql(query + " ORDER BY 1", TEMPLATE)):
            name, table = row.split("|")
            drop = {
                "CHECK": f"ALTER TABLE {table} DROP CONSTRAINT {name}",
                "unique index": f"DROP INDEX {name}",
                "trigger": f"DROP TRIGGER {name} ON {table}",
            }[kind]
            yield kind, name, drop


# (what is removed, file, text, replacement, tests)
SOURCES = [
    ("lock of the account", "models/service_credit_account.py", "FOR NO KEY UPDATE", "", RACE),
    (
        "check of what is available",
        "models/service_credit_account_posting.py",
        "if quantity > available:",
        "if False:",
        UNIT,
    ),
    (
        "check of the lot's unused credits",
        "models/service_credit_lot.py",
        "if quantity > self.available:",
        "if False:",
        UNIT,
    ),
    (
        "check of what is left to settle",
        "models/service_credit_hold.py",
        "if not 0 < wanted <= limit:",
        "if False:",
        UNIT,
    ),
    (
        "look-up of the key",
        "models/service_credit_account_posting.py",
        "if not entries:\n            # A hold",
        "entries = entries.browse()\n        if not entries:\n            # A hold",
        UNIT,
    ),
    (
        "comparison of the arguments",
        "models/service_credit_account_posting.py",
        "if not same:",
        "if False:",
        UNIT,
    ),
    (
        "comparison of a grant's arguments",
        "models/service_credit_account_posting.py",
        "if arguments and arguments != wanted:",
        "if False:",
        UNIT,
    ),
    (
        "check of the reference across accounts",
        "models/service_credit_account_posting.py",
        'if kind == "reserve" and holds',
        "if False and holds",
        UNIT,
    ),
    (
        "check of whole numbers",
        "models/service_credit_account.py",
        "if isinstance(quantity, bool) or not isinstance(quantity, int):",
        "if False:",
        UNIT,
    ),
    (
        "check of the range",
        "models/service_credit_account.py",
        "if not 0 < quantity <= MAX_CREDITS:",
        "if False:",
        UNIT,
    ),
    (
        "check of the room",
        "models/service_credit_account_posting.py",
        "if now + total[account_id] > MAX_CREDITS:",
        "if False:",
        UNIT,
    ),
    (
        "refusal of the ORM",
        "models/service_credit_ledger.py",
        "if not set(vals) <= self._writable_fields:",
        "if False:",
        UNIT,
    ),
    (
        "closing of merged accounts",
        "models/service_credit_account.py",
        "if merged_into_id:",
        "if False:",
        UNIT,
    ),
    (
        "order of use",
        "models/service_credit_account_operations.py",
        "(lot.unit_price > 0), lot.date, lot.id",
        "lot.id",
        UNIT,
    ),
]

# Guards inside the functions: (what is removed, file, text, replacement)
FUNCTIONS = [
    ("guard of new rows", "guards.sql", "IS DISTINCT FROM 0", "IS NULL"),
    ("guard of balances", "guards.sql", "IF pg_trigger_depth() < 2 THEN", "IF false THEN"),
    (
        "predecessor of an entry",
        "posting.sql",
        "        IF NOT FOUND THEN",
        "        IF false THEN",
    ),
    (
        "running totals",
        "posting.sql",
        (
            "c.sequence <> c.due_sequence\n        OR c.available_after <> c.due_available\n"
            "        OR c.held_after <> c.due_held"
        ),
        "false",
    ),
    (
        "running total of available",
        "posting.sql",
        "OR c.available_after <> c.due_available\n",
        "\n",
    ),
    ("running total of held", "posting.sql", "OR c.held_after <> c.due_held\n", "\n"),
    ("sequence", "posting.sql", "c.sequence <> c.due_sequence\n        OR", ""),
    ("lot of the account", "posting.sql", "AND l.account_id = p.account_id", ""),
    ("hold of the account", "posting.sql", "AND h.account_id = p.account_id", ""),
    ("held per lot", "posting.sql", "sum(e.held_change) < 0 OR", ""),
    ("used per lot", "posting.sql", "OR sum(e.available_change + e.held_change) > 0", ""),
]


def pytest(tests, addons=None):
    """The name of the first test that fails, None when all pass."""
    rc = Path(os.environ["ODOO_RC"])
    env = {**os.environ, "STRESS_DB": DB}
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
        text = rc.read_text()
        if addons:
            text = re.sub(rf"{re.escape(str(ROOT))}(?=,|\s|$)", str(addons), text)
        conf.write(text)
        conf.flush()
        env["ODOO_RC"] = conf.name
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        if tests == RACE:
            command += ["-p", "no:odoo"]
        else:
            command += [f"--odoo-config={conf.name}", f"--odoo-database={DB}", "--odoo-http"]
        root = addons or ROOT
        result = subprocess.run(
            [*command, *tests],
            cwd=root,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
    if result.returncode not in (0, 1):
        raise SystemExit(result.stdout[-3000:] + result.stderr[-3000:])
    if not result.returncode:
        return None
    failed = re.search(r"^(?:FAILED|ERROR|SUBFAILED)[^\n]*::(\w+(?:\[\w+\])?)", result.stdout, re.M)
    return failed[1] if failed else "a failure"


def fresh():
    subprocess.run(["dropdb", "--if-exists", "--force", DB], check=True, capture_output=True)
    subprocess.run(["createdb", "-T", TEMPLATE, DB], check=True)


def copy_of_addon():
    folder = Path(tempfile.mkdtemp(prefix="sc-mutant-"))
    shutil.copytree(ADDON, folder / "service_credits")
    shutil.copytree(ROOT / "stress", folder / "stress")
    shutil.copytree(ROOT / "tools", folder / "tools")
    return folder


def edited(path, text, replacement):
    source = path.read_text(encoding="utf-8")
    if text not in source:
        raise SystemExit(f"{path}: {text!r} is not there any more: mend this script")
    return source.replace(text, replacement)


def mutants():
    for kind, name, drop in catalogue():
        yield kind, name, drop, None, UNIT
    for name, file, text, replacement in FUNCTIONS:
        yield (
            "guard in a function",
            name,
            edited(ADDON / "sql" / file, text, replacement),
            None,
            UNIT,
        )
    for name, file, text, replacement, tests in SOURCES:
        yield "code", name, None, (file, text, replacement), tests


def main():
    chosen = sys.argv[1:]
    survivors = 0
    print(f"{'kind':22}{'removed':48}caught by")
    fresh()
    if failed := pytest(UNIT) or pytest(RACE):
        raise SystemExit(f"with nothing removed, {failed} fails: mend that first")
    for kind, name, statement, source, tests in mutants():
        if chosen and not any(word in name for word in chosen):
            continue
        fresh()
        addons = None
        if statement:
            sql(statement)
        if source:
            addons = copy_of_addon()
            file, text, replacement = source
            target = addons / "service_credits" / file
            target.write_text(edited(target, text, replacement), encoding="utf-8")
        try:
            caught = pytest(tests, addons)
        finally:
            if addons:
                shutil.rmtree(addons)
        survivors += not caught
        print(f"{kind:22}{name:48}{caught or 'NOTHING'}", flush=True)
    subprocess.run(["dropdb", "--if-exists", "--force", DB], check=True, capture_output=True)
    print(f"{survivors} not caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
