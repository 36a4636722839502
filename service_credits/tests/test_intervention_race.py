import threading
import uuid
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import UserError
from odoo.orm.registry import DummyRLock, Registry
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger


@tagged("post_install", "-at_install")
class TestInterventionRace(BaseCase):
    """Two people decide at once, in two real transactions that commit.

    The ledger keeps what it was told: the company and the client of this test stay behind,
    archived.
    """

    def setUp(self):
        super().setUp()
        self.db = db_connect(get_db_name())
        name = f"Race {uuid.uuid4()}"
        with self.db.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
            company = env["res.company"].create({"name": name})
            client = env["res.partner"].create({"name": name, "is_company": True})
            contacts = env["res.partner"].create(
                [{"name": f"{name} {n}", "parent_id": client.id} for n in (1, 2)]
            )
            env["service.credit.account"]._for_partner(client, company)._grant(
                10, key="race:start", reason="Start"
            )
            intervention = env["service.intervention"].create(
                {
                    "partner_id": contacts[0].id,
                    "company_id": company.id,
                    "line_ids": [Command.create({"description": "Work", "credits": 8})],
                }
            )
            intervention._mark_quoted()
            self.ids = (company.id, client.id, contacts.ids, intervention.id)
        self.addCleanup(self._clean)

    def _clean(self):
        company_id, client_id, contact_ids, _intervention = self.ids
        with self.db.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env.ref("base.user_admin").company_ids = [Command.unlink(company_id)]
            env["res.partner"].browse([*contact_ids, client_id]).active = False
            env["res.company"].browse(company_id).active = False

    def _intervention(self, cr):
        company_id, *_ids, intervention_id = self.ids
        env = api.Environment(cr, SUPERUSER_ID, {"allowed_company_ids": [company_id]})
        return env["service.intervention"].browse(intervention_id)

    def _contact(self, intervention, number):
        return intervention.env["res.partner"].browse(self.ids[2][number])

    def _run_both(self, first, second):
        """Start `second` while `first` is not committed. A conflict runs it anew, as Odoo does.

        :return: what the second met: serialization failures, and at the end its refusal
        """
        met = []
        started = threading.Event()

        def work():
            for _attempt in range(5):
                with self.db.cursor() as cr:
                    intervention = self._intervention(cr)
                    intervention.fetch(["state"])  # its page: the snapshot is taken
                    started.set()
                    try:
                        second(intervention)
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
                first(self._intervention(cr))
                thread.start()
                started.wait(10)
                thread.join(0.5)  # it waits for the row
                cr.commit()  # pylint: disable=invalid-commit
            thread.join(20)
        self.assertFalse(thread.is_alive())
        return met

    def _assert_outcome(self, state, held, decisions):
        with self.db.cursor() as cr:
            intervention = self._intervention(cr)
            self.assertEqual(intervention.state, state)
            account = intervention.env["service.credit.account"]._find(
                intervention.partner_id, intervention.company_id
            )
            self.assertEqual((account.available, account.held), (10 - held, held))
            self.assertEqual(
                intervention.decision_ids.sorted("id").mapped("decision"), decisions
            )

    def _accept(self, number):
        return lambda intervention: intervention._accept(self._contact(intervention, number), 1)

    def _refuse(self, number):
        return lambda intervention: intervention._refuse(self._contact(intervention, number), 1)

    def test_both_accept(self):
        met = self._run_both(self._accept(0), self._accept(1))
        self.assertIsInstance(met[0], SerializationFailure)
        self.assertIn("accepted already", str(met[-1]))
        self._assert_outcome("accepted", 8, ["accepted"])

    def test_opposite_ways(self):
        met = self._run_both(self._accept(0), self._refuse(1))
        self.assertIn("accepted already", str(met[-1]))
        self._assert_outcome("accepted", 8, ["accepted"])

    def test_opposite_ways_refused_first(self):
        met = self._run_both(self._refuse(0), self._accept(1))
        self.assertIn("refused already", str(met[-1]))
        self._assert_outcome("refused", 0, ["refused"])

    def test_changed_while_it_is_accepted(self):
        """The price rises at the moment of the acceptance: it is not accepted unseen."""

        def change(intervention):
            intervention.line_ids.credits = 9

        met = self._run_both(change, self._accept(0))
        self.assertIn("changed meanwhile", str(met[-1]))
        self._assert_outcome("quoted", 0, [])

    def test_a_line_comes_while_it_is_accepted(self):
        def change(intervention):
            intervention.env["service.intervention.line"].create(
                {"intervention_id": intervention.id, "description": "For free", "credits": 0}
            )

        met = self._run_both(change, self._accept(0))
        self.assertIn("changed meanwhile", str(met[-1]))
        self._assert_outcome("quoted", 0, [])

    def test_accepted_while_it_is_changed(self):
        def change(intervention):
            with_user = intervention.with_user(intervention.env.ref("base.user_admin"))
            with_user.with_context(
                allowed_company_ids=[intervention.company_id.id]
            ).line_ids.write({"credits": 9})

        company_id, *_ids = self.ids
        with self.db.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env.ref("base.user_admin").company_ids = [Command.link(company_id)]
        met = self._run_both(self._accept(0), change)
        self.assertIn("new revision", str(met[-1]))
        self._assert_outcome("accepted", 8, ["accepted"])

    def test_cancelled_while_it_is_delivered(self):
        with self.db.cursor() as cr:
            self._accept(0)(self._intervention(cr))
        met = self._run_both(
            lambda intervention: intervention._deliver(),
            lambda intervention: intervention.action_cancel(),
        )
        self.assertIn("cannot be cancelled", str(met[-1]))
        with self.db.cursor() as cr:
            self.assertEqual(self._intervention(cr).delivered_credits, 8)
