from contextlib import contextmanager

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ServiceCreditsCase


@tagged("post_install", "-at_install")
class TestLedgerReconcile(ServiceCreditsCase):
    """Every kind of damage, done with the triggers disabled as only the database's owner can,
    is found and named; nothing is corrected."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lot = cls.account._grant(10, "g", "purchase", 850.0)
        cls.second = cls.account._grant(5, "g2")
        cls.hold = cls.account._reserve(8, "h")
        cls.hold._consume(3, key="c")
        cls.hold._release(2, key="r")
        cls.other_lot = cls.other._grant(4, "g")
        cls.other_hold = cls.other._reserve(2, "oh")
        cls.env.flush_all()

    @contextmanager
    def _damage(self, *tables):
        tables = tables or ("entry",)
        for table in tables:
            self.env.cr.execute(f"ALTER TABLE service_credit_{table} DISABLE TRIGGER USER")
        yield
        for table in tables:
            self.env.cr.execute(f"ALTER TABLE service_credit_{table} ENABLE TRIGGER USER")

    def _reconcile(self):
        with self.assertLogs("odoo.addons.service_credits", "ERROR"):
            report = self.env["service.credit.reconciliation"]._reconcile()
        self.assertEqual(report.difference_count, len(report.line_ids))
        return report

    def assertFound(self, *problems):
        report = self._reconcile()
        self.assertEqual(set(report.line_ids.mapped("problem")), set(problems))
        return report.line_ids

    def _sql(self, query, *params):
        self.env.cr.execute(query, params)

    def test_no_difference(self):
        with self.assertNoLogs("odoo.addons.service_credits", "ERROR"):
            report = self.env["service.credit.reconciliation"]._reconcile()
        self.assertEqual(report.difference_count, 0)
        self.assertGreaterEqual(report.account_count, 2)
        self.assertGreaterEqual(report.entry_count, 8)

    def test_changed_amount(self):
        with self._damage():
            self._sql(
                "UPDATE service_credit_entry SET available_change = 12"
                " WHERE lot_id = %s AND kind = 'grant'",
                self.lot.id,
            )
        lines = self.assertFound("running_total", "seal", "account", "lot")
        account = lines.filtered(lambda line: line.problem == "account")
        self.assertEqual(account.account_id, self.account)
        self.assertEqual((account.expected, account.found), ("11 / 3 (6)", "9 / 3 (6)"))
        self.assertEqual(lines.filtered(lambda line: line.problem == "lot").lot_id, self.lot.id)

    def test_missing_entry_in_the_middle(self):
        with self._damage():
            self._sql(
                "DELETE FROM service_credit_entry WHERE lot_id = %s AND kind = 'consume'",
                self.second.id,
            )
            deleted = self.env.cr.rowcount
        self.assertEqual(deleted, 1)
        self.assertFound("sequence", "running_total", "seal", "account", "lot", "hold")

    def test_missing_last_entry(self):
        with self._damage():
            self._sql(
                "DELETE FROM service_credit_entry WHERE account_id = %s AND sequence = %s",
                self.other.id,
                self.other.last_sequence,
            )
        lines = self.assertFound("account", "lot", "hold")
        self.assertEqual(lines.account_id, self.other)

    def test_wrong_running_total(self):
        with self._damage():
            self._sql(
                "UPDATE service_credit_entry SET held_after = held_after + 1"
                " WHERE account_id = %s AND sequence = 2",
                self.account.id,
            )
        lines = self.assertFound("running_total", "seal")
        self.assertEqual(lines.mapped("entry_sequence"), [2, 2])

    def test_gap_in_the_sequence(self):
        with self._damage():
            self._sql(
                "UPDATE service_credit_entry SET sequence = sequence + 1"
                " WHERE account_id = %s AND sequence = %s",
                self.other.id,
                self.other.last_sequence,
            )
        self.assertFound("sequence", "seal")

    def test_wrong_lot(self):
        with self._damage():
            self._sql(
                "UPDATE service_credit_entry SET lot_id = %s WHERE lot_id = %s AND kind = 'grant'",
                self.second.id,
                self.lot.id,
            )
        self.assertFound("seal", "lot")

    def test_lot_of_another_account(self):
        with self._damage():
            self._sql(
                "UPDATE service_credit_entry SET lot_id = %s WHERE lot_id = %s AND kind = 'grant'",
                self.other_lot.id,
                self.lot.id,
            )
        self.assertFound("seal", "lot", "foreign_lot")

    def test_wrong_hold(self):
        with self._damage():
            self._sql(
                "UPDATE service_credit_entry SET hold_id = %s"
                " WHERE hold_id = %s AND kind = 'consume'",
                self.other_hold.id,
                self.hold.id,
            )
        # The other hold never had anything of this lot: settled beyond what it held.
        self.assertFound("seal", "hold", "foreign_hold", "hold_lot")

    def test_signs(self):
        with self._damage():
            self._sql("ALTER TABLE service_credit_entry DROP CONSTRAINT service_credit_entry_signs")
            self._sql(
                "UPDATE service_credit_entry SET kind = 'revoke'"
                " WHERE lot_id = %s AND kind = 'grant'",
                self.other_lot.id,
            )
        self.assertFound("sign", "seal")

    def test_balances(self):
        for table, record, problem in (
            ("account", self.account, "account"),
            ("lot", self.lot, "lot"),
            ("hold", self.hold, "hold"),
        ):
            with self.subTest(problem), self.env.cr.savepoint():
                column = "quantity" if table == "hold" else "available"
                more = ", quantity = quantity + 1" if table == "lot" else ""
                with self._damage(table):
                    self._sql(
                        f"UPDATE service_credit_{table} SET {column} = {column} + 1 {more}"
                        " WHERE id = %s",
                        record.id,
                    )
                self.assertFound(problem)
                with self._damage(table):
                    more = more.replace("+", "-")
                    self._sql(
                        f"UPDATE service_credit_{table} SET {column} = {column} - 1 {more}"
                        " WHERE id = %s",
                        record.id,
                    )

    def test_an_account_without_entries(self):
        with self._damage("account"):
            self._sql(
                "INSERT INTO service_credit_account (partner_id, company_id, available)"
                " VALUES (%s, %s, 7)",
                self.env["res.partner"].create({"name": "Gamma"}).id,
                self.env.company.id,
            )
        self.assertEqual(self.assertFound("account").found, "7 / 0 (0)")

    def test_a_consistent_forgery_breaks_the_seal(self):
        """The owner alters an entry and every total that follows: only the seal tells."""
        with self._damage("entry", "account", "lot"):
            self._sql(
                "UPDATE service_credit_entry SET available_change = available_change + 90"
                " WHERE account_id = %s AND sequence = 1",
                self.account.id,
            )
            self._sql(
                "UPDATE service_credit_entry SET available_after = available_after + 90"
                " WHERE account_id = %s",
                self.account.id,
            )
            self._sql(
                "UPDATE service_credit_account SET available = available + 90 WHERE id = %s",
                self.account.id,
            )
            self._sql(
                "UPDATE service_credit_lot SET available = available + 90,"
                " quantity = quantity + 90 WHERE id = %s",
                self.lot.id,
            )
        self.assertFound("seal")

    def test_a_forgery_with_new_seals_changes_the_last_seal(self):
        """Even a whole chain computed anew no longer ends in the seal on the client's statement."""
        before = self.account.seal
        self.assertEqual(len(before), 64)
        with self._damage():
            self._sql(
                "UPDATE service_credit_entry SET reason = 'other'"
                " WHERE account_id = %s AND sequence = 1",
                self.account.id,
            )
            previous = ""
            self._sql(
                "SELECT id FROM service_credit_entry WHERE account_id = %s ORDER BY sequence",
                self.account.id,
            )
            for (entry_id,) in self.env.cr.fetchall():
                self._sql(
                    "UPDATE service_credit_entry e SET hash = service_credit_entry_hash(%s, e)"
                    " WHERE id = %s RETURNING hash",
                    previous,
                    entry_id,
                )
                (previous,) = self.env.cr.fetchone()
        self.assertEqual(self.env["service.credit.reconciliation"]._reconcile().difference_count, 0)
        self.env.invalidate_all()
        self.assertNotEqual(self.account.seal, before)

    def test_nothing_is_corrected(self):
        with self._damage("account"):
            self._sql(
                "UPDATE service_credit_account SET held = held + 1 WHERE id = %s", self.account.id
            )
        self.assertFound("account")
        self.assertFound("account")

    def test_only_these_accounts(self):
        with self._damage("account"):
            self._sql(
                "UPDATE service_credit_account SET held = held + 1 WHERE id = %s", self.account.id
            )
        report = self.env["service.credit.reconciliation"]._reconcile(self.other)
        self.assertEqual((report.difference_count, report.account_count), (0, 1))
        with self.assertLogs("odoo.addons.service_credits", "ERROR"):
            action = self.account.action_reconcile()
        report = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(report.difference_count, 1)

    def test_scheduled_action(self):
        cron = self.env.ref("service_credits.cron_reconcile")
        mails = self.env["mail.mail"]
        before = mails.search_count([])
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(mails.search_count([]), before)
        self.env.ref("base.user_admin").email = "admin@example.com"
        with self._damage("account"):
            self._sql(
                "UPDATE service_credit_account SET held = held + 1 WHERE id = %s", self.account.id
            )
        with (
            self.enter_registry_test_mode(),
            self.assertLogs("odoo.addons.service_credits", "ERROR"),
        ):
            cron.method_direct_trigger()
        mail = mails.search([], order="id desc", limit=1)
        self.assertIn("differences", mail.subject)

    def test_reports_are_nobodys_to_write(self):
        self._make_users()
        report = self.env["service.credit.reconciliation"]._reconcile()
        with self.assertRaises(UserError):
            report.with_user(self.manager).write({"difference_count": 0})
        with self.assertRaises(UserError):
            report.with_user(self.manager).unlink()
        self.assertEqual(report.with_user(self.manager).difference_count, 0)
