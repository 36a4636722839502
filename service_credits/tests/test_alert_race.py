from datetime import date

from psycopg2 import OperationalError

from odoo.tests import tagged
from odoo.tools import mute_logger

from .race_common import RaceCase


@tagged("post_install", "-at_install")
class TestAlertRace(RaceCase):
    """Two schedulers at once, a posting in between, and a scheduler killed at work."""

    def _make(self, env):
        client = env["res.partner"].create(
            {"name": self.name, "is_company": True, "email": "race@example.com"}
        )
        account = env["service.credit.account"]._for_partner(client, env.company)
        account._grant(10, key=f"{self.name}:start")
        account._reserve(9, key=f"{self.name}:low")
        account.statement_policy = "yes"
        self.account_id = account.id

    def _clean(self):
        with self.db.cursor() as cr:
            env = self._env(cr)
            client = env["service.credit.account"].browse(self.account_id).partner_id
            # Nothing of a test may leave later.
            env["mail.mail"].search([("recipient_ids", "in", client.ids)]).unlink()
        return super()._clean()

    def _account(self, env):
        """The account; its snapshot is taken."""
        account = env["service.credit.account"].browse(self.account_id)
        account.fetch(["available"])
        return account

    def _tell(self, account):
        """One look, narrowed to this test's client."""
        Alert = account.env["service.credit.alert"]
        crossings = [row for row in Alert._find_crossings() if row["account_id"] == account.id]
        return Alert._tell(crossings)

    def _count(self):
        """(alerts, mails) of the client."""
        with self.db.cursor() as cr:
            env = self._env(cr)
            alerts = env["service.credit.alert"].search([("account_id", "=", self.account_id)])
            mails = env["mail.mail"].search(
                [("model", "=", alerts._name), ("res_id", "in", alerts.ids)]
            )
            return len(alerts), len(mails)

    def test_two_schedulers(self):
        """The second waits for the first's row and begins anew: nothing is left to tell."""
        told = []
        met = self._race(
            self._account, self._tell, lambda account: told.append(self._tell(account))
        )
        self.assertTrue(met)
        self.assertFalse(told[-1])
        self.assertEqual(self._count(), (1, 1))

    def test_a_batch_that_loses_leaves_the_rest_to_the_next_run(self):
        """As the scheduled action calls it: the conflict is caught, and nothing done twice."""
        results = []

        def batch(account):
            Alert = account.env["service.credit.alert"]
            rows = [row for row in Alert._find_crossings() if row["account_id"] == account.id]
            results.append(Alert._tell_batch(rows))

        met = self._race(self._account, batch, batch)
        self.assertEqual((met, results), ([], [1, 0]))
        self.assertEqual(self._count(), (1, 1))

    def test_posting_while_it_is_told(self):
        """An alert never makes a client wait or fail: it takes no lock that a posting takes."""

        def post(account):
            account._reserve(1, key=f"{self.name}:post")

        self.assertEqual(self._race(self._account, self._tell, post), [])
        self.assertEqual(self._count(), (1, 1))

    def test_told_while_credits_go(self):
        def post(account):
            account._reserve(1, key=f"{self.name}:post")

        self.assertEqual(self._race(self._account, post, self._tell), [])
        self.assertEqual(self._count(), (1, 1))

    def test_killed_at_work(self):
        """The connection is lost after the mails are written: nothing remains, all is done anew."""
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(OperationalError),
            self.db.cursor() as cr,
        ):
            account = self._account(self._env(cr))
            self.assertTrue(self._tell(account))
            account.env.flush_all()
            cr.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        self.assertEqual(self._count(), (0, 0))
        with self.db.cursor() as cr:
            self._tell(self._account(self._env(cr)))
        self.assertEqual(self._count(), (1, 1))

    # === Statements === #

    def _send(self, account):
        Statement = account.env["service.credit.statement.mail"]
        return Statement._send_batch([account.id], date(2026, 1, 1))

    def _count_statements(self):
        with self.db.cursor() as cr:
            env = self._env(cr)
            sent = env["service.credit.statement.mail"].search(
                [("account_id", "=", self.account_id)]
            )
            mails = env["mail.mail"].search(
                [("model", "=", sent._name), ("res_id", "in", sent.ids)]
            )
            return len(sent), len(mails)

    def test_two_schedulers_of_statements(self):
        results = []
        self.assertEqual(
            self._race(
                self._account, self._send, lambda account: results.append(self._send(account))
            ),
            [],
        )
        self.assertEqual(results, [0])
        self.assertEqual(self._count_statements(), (1, 1))

    def test_posting_while_a_statement_is_written(self):
        def post(account):
            account._reserve(1, key=f"{self.name}:post")

        self.assertEqual(self._race(self._account, self._send, post), [])
        self.assertEqual(self._count_statements(), (1, 1))
