from psycopg2.errors import SerializationFailure

from odoo import Command
from odoo.tests import tagged

from .race_common import RaceCase


@tagged("post_install", "-at_install")
class TestInterventionRace(RaceCase):
    """Two people decide at once, in two real transactions that commit."""

    def _make(self, env):
        client = env["res.partner"].create({"name": self.name, "is_company": True})
        contacts = env["res.partner"].create(
            [{"name": f"{self.name} {n}", "parent_id": client.id} for n in (1, 2)]
        )
        self.contact_ids = contacts.ids
        env["service.credit.account"]._for_partner(client, env.company)._grant(
            10, key="race:start", reason="Start"
        )
        intervention = env["service.intervention"].create(
            {
                "partner_id": contacts[0].id,
                "company_id": env.company.id,
                "line_ids": [Command.create({"description": "Work", "credits": 8})],
            }
        )
        intervention._mark_quoted()
        self.intervention_id = intervention.id

    def _intervention(self, env):
        intervention = env["service.intervention"].browse(self.intervention_id)
        intervention.fetch(["state"])  # its page: the snapshot is taken
        return intervention

    def _contact(self, intervention, number):
        return intervention.env["res.partner"].browse(self.contact_ids[number])

    def _run_both(self, first, second):
        return self._race(self._intervention, first, second)

    def _assert_outcome(self, state, held, decisions):
        with self.db.cursor() as cr:
            intervention = self._intervention(self._env(cr))
            self.assertEqual(intervention.state, state)
            account = intervention.env["service.credit.account"]._find(
                intervention.partner_id, intervention.company_id
            )
            self.assertEqual((account.available, account.held), (10 - held, held))
            self.assertEqual(intervention.decision_ids.sorted("id").mapped("decision"), decisions)

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
            with_user.with_context(allowed_company_ids=[intervention.company_id.id]).line_ids.write(
                {"credits": 9}
            )

        with self.db.cursor() as cr:
            env = self._env(cr)
            env.ref("base.user_admin").company_ids = [Command.link(env.company.id)]
        met = self._run_both(self._accept(0), change)
        self.assertIn("new revision", str(met[-1]))
        self._assert_outcome("accepted", 8, ["accepted"])

    def test_cancelled_while_it_is_delivered(self):
        with self.db.cursor() as cr:
            self._accept(0)(self._intervention(self._env(cr)))
        met = self._run_both(
            lambda intervention: intervention._deliver(),
            lambda intervention: intervention.action_cancel(),
        )
        self.assertIn("cannot be cancelled", str(met[-1]))
        with self.db.cursor() as cr:
            self.assertEqual(self._intervention(self._env(cr)).delivered_credits, 8)
