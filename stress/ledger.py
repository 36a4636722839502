"""What the stress tests share: a registry on the throw-away database, real transactions.

Workers are forked from the loaded registry, so that eight of them start at once; each opens its
own connections. Every transaction is committed for real.
"""

import contextlib
import os
import random
import time

import psycopg2.errors

import odoo
import odoo.sql_db
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

DB = os.environ["STRESS_DB"]


def registry():
    return Registry(DB)


@contextlib.contextmanager
def transaction():
    """An environment of the superuser in a transaction of its own, committed at the end."""
    with registry().cursor() as cr:
        yield api.Environment(cr, SUPERUSER_ID, {})


def attempt(operation, tries=200):
    """Run `operation(env)` in a transaction until it commits.

    As Odoo's own `retrying`, which tries five times with waits of seconds: here the number of
    conflicts is what is measured, and nothing may be given up. A deadlock is not tried again: it
    would be a fault of ours, for operations lock accounts in the order of their ids.

    :return: (result, number of conflicts)
    """
    for conflicts in range(tries):
        try:
            with transaction() as env:
                return operation(env), conflicts
        except psycopg2.errors.SerializationFailure:
            time.sleep(random.uniform(0, 0.002 * (conflicts + 1)))
    raise AssertionError(f"{tries} conflicts in a row")


def new_accounts(number, credits=0):
    """Ids of new accounts, each with `credits` credits."""

    def create(env):
        partners = env["res.partner"].create([{"name": f"Stress {i}"} for i in range(number)])
        accounts = env["service.credit.account"]._for_partners(partners)
        if credits:
            accounts._grant(credits, "opening")
        return accounts.ids

    return attempt(create)[0]


def account(env, account_id):
    return env["service.credit.account"].browse(account_id)


def balance(account_id):
    with transaction() as env:
        found = account(env, account_id)
        return found.available, found.held


def differences(account_ids=None):
    """What the reconciliation finds; [] when the ledger is sound."""
    with transaction() as env:
        env.cr.execute("SELECT * FROM service_credit_reconcile(%s)", [account_ids])
        return env.cr.fetchall()


def fork(work, arguments):
    """Run `work(*argument)` for each of `arguments` in a process of its own, all at once.

    :return: the pids
    """
    # A connection must not be shared by two processes.
    odoo.sql_db.close_all()
    pids = []
    for argument in arguments:
        pid = os.fork()
        if not pid:
            status = 1
            try:
                odoo.sql_db.close_all()
                random.seed()
                work(*argument)
                status = 0
            except BaseException:
                import traceback

                traceback.print_exc()
            finally:
                os._exit(status)
        pids.append(pid)
    return pids


def join(pids):
    """Wait for processes; their exit statuses (negative: killed by that signal)."""
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]


def connect_to(folder):
    """Talk to the PostgreSQL whose socket is in `folder` from now on."""
    odoo.sql_db.close_all()
    config["db_host"] = str(folder)
    registry()._db = odoo.sql_db.db_connect(DB)


def load():
    config.parse_config(
        ["-c", os.environ["ODOO_RC"], "-d", DB, "--log-level=critical"], setup_logging=True
    )
    registry()
