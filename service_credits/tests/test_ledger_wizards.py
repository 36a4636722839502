import base64
import io

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import ServiceCreditsCase


@tagged("post_install", "-at_install")
class TestLedgerWizards(ServiceCreditsCase):
    """Adjustments, transfers and opening balances, as a manager makes them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_users()
        cls.account._grant(10, "g", "purchase", 850.0)

    def tearDown(self):
        self.assertSound()
        super().tearDown()

    def _wizard(self, action, user=None):
        account = self.account.with_user(user or self.manager)
        act = getattr(account, action)()
        return Form(
            self.env[act["res_model"]].with_user(account.env.user).with_context(**act["context"])
        )

    # === Adjust === #

    def test_adjust(self):
        form = self._wizard("action_adjust")
        form.quantity = 3
        form.reason = "For the delay of June"
        wizard = form.save()
        wizard.action_apply()
        self.assertBalance(self.account, 13)
        entry = self.account.entry_ids.sorted("sequence")[-1]
        self.assertEqual((entry.reason, entry.user_id), ("For the delay of June", self.manager))
        self.assertEqual(entry.lot_id.origin, "adjustment")
        wizard.action_apply()  # a double click
        self.assertBalance(self.account, 13)

    def test_adjust_takes_back(self):
        form = self._wizard("action_adjust")
        form.direction = "remove"
        form.quantity = 4
        form.reason = "Entered twice"
        form.save().action_apply()
        self.assertBalance(self.account, 6)

    def test_adjust_refused(self):
        for direction, quantity, reason, text in (
            ("remove", 11, "Why", "Acme has 10"),
            ("add", 0, "Why", "0 is not"),
            ("add", -1, "Why", "-1 is not"),
            ("add", 1, " ", "why"),
        ):
            with self.subTest(quantity=quantity), self.assertRaisesRegex(UserError, text):
                form = self._wizard("action_adjust")
                form.direction = direction
                form.quantity = quantity
                form.reason = reason
                form.save().action_apply()
        self.assertBalance(self.account, 10)

    def test_only_managers(self):
        values = {"account_id": self.account.id, "quantity": 1, "reason": "Why"}
        for user in (self.user, self.accountant, self.portal):
            for model in (
                "service.credit.adjust",
                "service.credit.transfer",
                "service.credit.opening",
            ):
                with self.assertRaises(AccessError):
                    self.env[model].with_user(user).create({})
            # Neither through a wizard that somebody else opened.
            wizard = self.env["service.credit.adjust"].create(values)
            with self.assertRaises(AccessError):
                wizard.with_user(user).action_apply()
            with self.assertRaises(AccessError):
                wizard.with_user(user).sudo().action_apply()

    # === Transfer === #

    def test_transfer(self):
        form = self._wizard("action_transfer")
        form.partner_id = self.other_client
        form.quantity = 4
        form.reason = "Same group"
        wizard = form.save()
        wizard.action_apply()
        wizard.action_apply()
        self.assertBalance(self.account, 6)
        self.assertBalance(self.other, 4)

    def test_transfer_to_oneself(self):
        form = self._wizard("action_transfer")
        form.partner_id = self.contact
        form.quantity = 4
        form.reason = "Why"
        with self.assertRaisesRegex(UserError, "Acme"):
            form.save().action_apply()

    # === Opening balances === #

    def _opening(self, rows, name="opening.csv"):
        if isinstance(rows, list):
            book = openpyxl.Workbook()
            for row in rows:
                book.active.append(row)
            data = io.BytesIO()
            book.save(data)
            data = data.getvalue()
        else:
            data = rows.encode() if isinstance(rows, str) else rows
        return (
            self.env["service.credit.opening"]
            .with_user(self.manager)
            .create({"file": base64.b64encode(data), "file_name": name})
        )

    def _outcomes(self, opening):
        return opening.line_ids.sorted("number").mapped(lambda line: (line.number, line.outcome))

    def test_opening_dry_run_then_import(self):
        self.other_client.ref = "B7"
        opening = self._opening("client;credits;value;reason\nAcme;12;1000,50;Contract\nB7;3\n\n")
        opening.action_check()
        self.assertEqual(self._outcomes(opening), [(2, "new"), (3, "new")])
        self.assertEqual((opening.line_count, opening.error_count, opening.credits), (2, 0, 15))
        self.assertBalance(self.account, 10)  # a dry run grants nothing
        opening.action_import()
        self.assertBalance(self.account, 22)
        self.assertBalance(self.other, 3)
        lot = self.account.lot_ids.filtered(lambda lot: lot.origin == "opening")
        self.assertEqual((lot.value, lot.entry_ids.reason), (1000.5, "Contract"))

    def test_opening_twice(self):
        rows = [["Client", "Crédits"], ["Acme", 5], ["Acme", 6], ["Beta", 7.0]]
        self._opening(rows, "opening.xlsx").action_import()
        self.assertBalance(self.account, 21)
        self.assertBalance(self.other, 7)
        again = self._opening(rows, "opening.xlsx")
        again.action_import()
        self.assertEqual(self._outcomes(again), [(2, "done"), (3, "done"), (4, "done")])
        self.assertBalance(self.account, 21)
        changed = self._opening([["Client", "Crédits"], ["Acme", 8]], "opening.xlsx")
        with self.assertRaisesRegex(UserError, "5 credits was imported before"):
            changed.action_import()

    def test_opening_is_all_or_nothing(self):
        self.env["res.partner"].create([{"name": "Twin"}, {"name": "Twin"}])
        opening = self._opening(
            "client,credits,value\nAcme,5,\nNobody,5,\n,5,\nTwin,5,\nBeta,1.5,\nBeta,0,\nBeta,-1,\n"
            "Beta,x,\nBeta,,\nBeta,5,-1\nBeta,5,x\nBeta,1e400,\nBeta,99999999999,\nBeta,5,\n"
        )
        opening.action_check()
        wrong = [(number, "error") for number in range(3, 15)]
        self.assertEqual(self._outcomes(opening), [(2, "new"), *wrong, (15, "new")])
        messages = opening.line_ids.sorted("number").mapped("message")
        self.assertIn("“Nobody”", messages[1])
        self.assertIn("2 clients", messages[3])
        self.assertIn("“1.5”", messages[4])
        with self.assertRaisesRegex(UserError, "12 of 14 lines.*Line 3"):
            opening.action_import()
        self.assertBalance(self.account, 10)
        self.assertBalance(self.other, 0)

    def test_opening_unreadable(self):
        for data, name, text in (
            (b"\xff\xfe\x00\x01", "a.csv", "UTF-8"),
            (b"not a zip", "a.xlsx", "a.xlsx cannot be read"),
            (b"", "a.csv", "Choose|empty"),
            (b"name;number\nAcme;5", "a.csv", "name, number"),
        ):
            with self.subTest(data=data), self.assertRaisesRegex(UserError, text):
                self._opening(data, name).action_check()

    def test_opening_file_with_script(self):
        """What the file says is shown as text; formulas are read as their values."""
        opening = self._opening("client,credits\n<script>alert(1)</script>,5\n=1+1,5\n")
        opening.action_check()
        self.assertEqual(opening.error_count, 2)
