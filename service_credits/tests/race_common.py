import threading
import uuid
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.orm.registry import DummyRLock, Registry
from odoo.sql_db import db_connect
from odoo.tests import BaseCase
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger


class RaceCase(BaseCase):
    """Two people at once, in two real transactions that commit.

    Subclasses make what they race for in `_make`. The ledger keeps what it was told, and so do
    these tests: one company, the same for all of them and all runs, and the clients stay behind,
    archived.
    """

    COMPANY = "Company of the races"

    def setUp(self):
        super().setUp()
        self.db = db_connect(get_db_name())
        self.name = f"Race {uuid.uuid4()}"
        with self.db.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            Company = env["res.company"].with_context(active_test=False)
            company = Company.search([("name", "=", self.COMPANY)], limit=1)
            if not company:
                company = Company.create({"name": self.COMPANY})
            company.write({"active": True, "service_credit_grant_on": "order"})
            self.company_id = company.id
            self._make(self._env(cr, tracking_disable=True))
        self.addCleanup(self._clean)

    def _make(self, env):
        """Make what this test races for, in the test's own company."""

    def _clean(self):
        with self.db.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            company = env["res.company"].browse(self.company_id)
            company.user_ids.company_ids -= company
            for model in ("product.template", "res.partner"):
                env[model].search([("name", "=like", f"{self.name}%")]).active = False
            company.active = False

    def _env(self, cr, **context):
        return api.Environment(
            cr, SUPERUSER_ID, {"allowed_company_ids": [self.company_id], **context}
        )

    def _race(self, read, first, second):
        """Start `second` while `first` is not committed. A conflict runs it anew, as Odoo does.

        :param read: what the page of `second` reads first, given an environment: its snapshot
            is taken; what it returns is the argument of `first` and `second`
        :return: what `second` met: serialization failures, and at the end its refusal
        """
        met = []
        started = threading.Event()

        def work():
            for _attempt in range(5):
                with self.db.cursor() as cr:
                    record = read(self._env(cr))
                    started.set()
                    try:
                        second(record)
                        cr.commit()  # pylint: disable=invalid-commit
                        return
                    except SerializationFailure as error:
                        met.append(error)
                        cr.rollback()
                    except UserError as error:
                        met.append(error)
                        cr.rollback()
                        return

        thread = threading.Thread(target=work)
        # The test runner holds the registry's lock; the thread needs none of it.
        with mute_logger("odoo.sql_db"), patch.object(Registry, "_lock", DummyRLock()):
            with self.db.cursor() as cr:
                first(read(self._env(cr)))
                thread.start()
                started.wait(10)
                thread.join(0.5)  # it waits for the lock, or has finished
                cr.commit()  # pylint: disable=invalid-commit
            thread.join(20)
        self.assertFalse(thread.is_alive())
        return met
