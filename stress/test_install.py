"""Upgrading loses nothing; uninstalling leaves nothing behind; installing again works."""

import os
import subprocess
import sys

import ledger
import pytest

import odoo.sql_db

COPY = f"{ledger.DB}_install"
BALANCES = "SELECT id, available, held, last_sequence FROM service_credit_account ORDER BY id"
AVAILABLE = "SELECT coalesce(sum(available), 0) FROM service_credit_account"
LEFT_OVERS = """
    SELECT 'function ' || proname FROM pg_proc WHERE proname LIKE 'service%%credit%%'
    UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgname LIKE 'service%%credit%%'
    UNION ALL SELECT 'relation ' || relname FROM pg_class
     WHERE relname LIKE 'service\\_credit%%' OR relname LIKE 'service\\_intervention%%'
    UNION ALL SELECT 'column ' || attrelid::regclass || '.' || attname FROM pg_attribute
     WHERE attname LIKE 'service\\_credit%%' AND NOT attisdropped
    UNION ALL SELECT 'xml id ' || model || ' ' || name FROM ir_model_data
     WHERE module = 'service_credits' AND model NOT IN %(kept)s
    UNION ALL SELECT 'model ' || model FROM ir_model
     WHERE model LIKE 'service.credit%%' OR model LIKE 'service.intervention%%'
    UNION ALL SELECT 'cron ' || cron_name FROM ir_cron WHERE cron_name LIKE 'Service credits%%'
    UNION ALL SELECT 'menu ' || id FROM ir_ui_menu WHERE name->>'en_US' = 'Service Credits'
"""

# What the firm's own documents refer to stays, as with any uninstalled module: Odoo keeps a record
# that it cannot delete.
KEPT = "('res.company', 'res.partner', 'res.users', 'product.template', 'product.product')"


def psql(query, database=COPY):
    command = ["psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", query]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    return result.stdout.splitlines()


def run_odoo(*arguments, script=None):
    command = [sys.executable, "-m", "odoo", *arguments, "-c", os.environ["ODOO_RC"], "-d", COPY]
    result = subprocess.run(
        [*command, "--no-http", "--log-level=warn"],
        input=script,
        check=False,
        capture_output=True,
        text=True,
    )
    assert not result.returncode, result.stdout + result.stderr
    return result.stdout + result.stderr


@pytest.fixture
def copy(loaded):
    odoo.sql_db.close_all()
    subprocess.run(["dropdb", "--if-exists", "--force", COPY], check=True, capture_output=True)
    subprocess.run(["createdb", "-T", ledger.DB, COPY], check=True)
    yield COPY
    subprocess.run(["dropdb", "--if-exists", "--force", COPY], check=True, capture_output=True)


def test_upgrade_uninstall_reinstall(copy, figures):
    before = psql(BALANCES)
    assert before, "the demo data bring accounts"

    run_odoo("server", "-u", "service_credits", "--stop-after-init")
    assert psql(BALANCES) == before
    assert psql("SELECT * FROM service_credit_reconcile(NULL)") == []

    uninstall = """
env["ir.module.module"].search([("name", "=", "service_credits")]).button_immediate_uninstall()
env.cr.commit()
"""
    run_odoo("shell", script=uninstall)
    assert psql(LEFT_OVERS % {"kept": KEPT}) == []

    run_odoo("server", "-i", "service_credits", "--stop-after-init")
    [anew] = psql(AVAILABLE)  # the demo firm's past is played again
    script = """
partner = env["res.partner"].create({"name": "Again"})
account = env["service.credit.account"]._for_partner(partner)
account._grant(5, "again")
account._reserve(2, "again hold")._consume(key="again use")
assert (account.available, account.held) == (3, 0), account.read()
env.cr.commit()
"""
    run_odoo("shell", script=script)
    assert psql(AVAILABLE) == [str(int(anew) + 3)]
    assert psql("SELECT * FROM service_credit_reconcile(NULL)") == []
    figures(accounts_kept_by_the_upgrade=len(before), left_by_the_uninstall=0)
