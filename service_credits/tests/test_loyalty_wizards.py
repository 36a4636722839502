from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .loyalty_common import TODAY, LoyaltyCase


@tagged("post_install", "-at_install")
class TestLoyaltyWizards(LoyaltyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._make_users()

    # === Dry run === #

    def _dry_run(self, **values):
        wizard = self.env["service.credit.loyalty"].with_user(self.manager).create(values)
        return wizard, wizard.action_compute()

    def test_dry_run_and_real_run_are_the_same(self):
        clients = [self._client(self._years_ago(years)) for years in range(25)]
        wizard, _action = self._dry_run()
        shown = {
            (line.partner_id, line.program_id, line.period): line.credits
            for line in wizard.line_ids
        }
        self.assertFalse(self.env["service.credit.lot"].search([("program_id", "!=", False)]))
        self.assertEqual(len(shown), 24 + 20)
        self._run()
        granted = {
            (client, *what): credits
            for client in clients
            for what, credits in self._granted(client).items()
        }
        self.assertEqual(granted, shown)

    def test_why(self):
        self._client(self._years_ago(22), name="Old")
        self._client(self._years_ago(7), name="Young")
        wizard, action = self._dry_run(program_ids=self.yearly.ids)
        lines = {line.partner_id.name: line for line in wizard.line_ids}
        self.assertEqual(
            [(n, li.years, li.steps, li.capped, li.credits) for n, li in sorted(lines.items())],
            [("Old", 22, 4, True, 6), ("Young", 7, 1, False, 2)],
        )
        self.assertEqual(lines["Young"].reason, "7 years of seniority: 2 credits")
        self.assertEqual(action["domain"], [("wizard_id", "=", wizard.id)])
        # Exported as any list.
        rows = lines["Old"].with_user(self.env.user).export_data(["partner_id/name", "reason"])
        self.assertEqual(rows["datas"], [["Old", "22 years of seniority: 6 credits"]])

    def test_confirm(self):
        client = self._client(self._years_ago(12), email="acme@example.com")
        wizard, action = self._dry_run()
        lines = wizard.line_ids.with_context(**action["context"])
        triggered = [("cron_id", "=", self.env.ref("service_credits.cron_loyalty").id)]
        before = self.env["ir.cron.trigger"].search_count(triggered)
        lines.browse().action_confirm()
        self.assertEqual(self.env["ir.cron.trigger"].search_count(triggered), before + 1)
        self.assertEqual(self._available(client), 16)
        entry = self.Account._find(client).entry_ids[0]
        self.assertEqual(entry.user_id, self.manager)
        self.assertEqual(len(self.News.search([])), 2)  # told by the scheduled action
        self._run()
        self.assertEqual(self._available(client), 16)
        self.assertFalse(self.News.search([]))
        mails = self.env["mail.mail"].search([("recipient_ids", "in", client.ids)])
        self.assertEqual(len(mails), 1)

    def test_confirm_what_changed_meanwhile(self):
        """Nothing is granted that was not read."""
        client = self._client(self._years_ago(12))
        wizard, _action = self._dry_run()
        client.service_credit_since = self._years_ago(9)
        action = wizard.action_confirm()
        self.assertEqual(action["params"]["type"], "warning")
        self.assertEqual(self._granted(client), {})
        self.assertEqual(sum(wizard.line_ids.mapped("credits")), 9 + 2)
        wizard.action_confirm()
        self.assertEqual(self._available(client), 11)

    def test_a_list_that_is_gone(self):
        wizard, action = self._dry_run()
        lines = wizard.line_ids.browse().with_context(**action["context"])
        wizard.unlink()
        with self.assertRaisesRegex(UserError, "too old"):
            lines.action_confirm()
        lines = self.env["service.credit.seniority.line"].with_user(self.manager)
        with self.assertRaisesRegex(UserError, "too old"):
            lines.action_apply()

    def test_a_later_day_is_only_shown(self):
        self._client(date(2021, 12, 1))
        wizard, _action = self._dry_run(date=date(2026, 12, 1), program_ids=self.yearly.ids)
        self.assertEqual(wizard.line_ids.credits, 2)
        with self.assertRaisesRegex(UserError, "as of today"):
            wizard.action_confirm()

    def test_form(self):
        with Form(self.env["service.credit.loyalty"].with_user(self.manager)) as form:
            self.assertEqual(form.program_ids.ids, self.programs.ids)
        self.programs.start_date = False
        with self.assertRaisesRegex(UserError, "start date first"):
            self._dry_run()

    def test_rights(self):
        wizard, _action = self._dry_run()
        for user in (self.user, self.accountant, self.employee, self.portal):
            with self.assertRaises(AccessError):
                wizard.with_user(user).action_confirm()
            with self.assertRaises(AccessError):
                self.env["service.credit.seniority"].with_user(user).create({}).action_propose()
            with self.assertRaises(AccessError):
                self.yearly.with_user(user).write({"max_credits": 60})
            with self.assertRaises(AccessError):
                self.yearly.with_user(user).action_preview()
        # Whoever may use the windows, only managers grant and date clients.
        self._open_to_accountants(
            "service.credit.loyalty", "service.credit.loyalty.line", "service.credit.seniority",
            "service.credit.seniority.line",
        )  # fmt: skip
        seniority = self.env["service.credit.seniority"].with_user(self.accountant).create({})
        lines = self.env["service.credit.seniority.line"].with_user(self.accountant)
        for refused in (
            wizard.with_user(self.accountant).action_compute,
            wizard.with_user(self.accountant).action_confirm,
            seniority.action_propose,
            lines.with_context(service_credit_seniority_id=seniority.id).action_apply,
        ):
            with self.assertRaisesRegex(AccessError, "Only managers"):
                refused()
        action = self.yearly.with_user(self.manager).action_preview()
        self.assertEqual(action["context"]["default_program_ids"], self.yearly.ids)

    def _open_to_accountants(self, *models):
        """Access rights that a firm might give: the methods' own checks are left."""
        for model in models:
            self.env["ir.model.access"].create(
                {
                    "name": "test",
                    "model_id": self.env["ir.model"]._get_id(model),
                    "group_id": self.env.ref("service_credits.group_accountant").id,
                    "perm_read": True,
                    "perm_write": True,
                    "perm_create": True,
                    "perm_unlink": True,
                }
            )

    # === Seniority from invoices === #

    def _invoice(self, partner, day, move_type="out_invoice", post=True):
        move = self.env["account.move"].create(
            {
                "partner_id": partner.id,
                "move_type": move_type,
                "invoice_date": day,
                "invoice_line_ids": [(0, 0, {"name": "work", "price_unit": 10.0, "tax_ids": []})],
            }
        )
        if post:
            move.action_post()
        return move

    def test_seniority_from_the_first_posted_invoice(self):
        new, dated, earlier = (self._client(since) for since in (False, "2018-01-01", "2024-01-01"))
        contact = self.env["res.partner"].create({"name": "Ann", "parent_id": new.id})
        self._invoice(new, "2019-05-05", "out_refund")
        self._invoice(new, "2019-06-05", post=False)
        first = self._invoice(contact, "2020-03-04")
        self._invoice(new, "2020-03-05")
        self._invoice(dated, "2021-01-01")
        self._invoice(earlier, "2022-02-02")
        ours = new | dated | earlier
        wizard = self.env["service.credit.seniority"].with_user(self.manager).create({})
        action = wizard.action_propose()
        lines = wizard.line_ids.filtered(lambda line: line.partner_id in ours)
        self.assertEqual(
            [(line.partner_id, line.move_id, line.proposed_date) for line in lines],
            [(new, first, date(2020, 3, 4))],
        )
        self.assertFalse(new.service_credit_since)  # nothing before it is applied
        lines.proposed_date = "2020-03-01"
        lines.with_context(**action["context"]).action_apply()
        self.assertEqual(new.service_credit_since, date(2020, 3, 1))
        wizard.scope = "later"
        wizard.action_propose()
        lines = wizard.line_ids.filtered(lambda line: line.partner_id in ours)
        self.assertEqual(
            [(line.partner_id, line.current_date_, line.proposed_date) for line in lines],
            [(earlier, date(2024, 1, 1), date(2022, 2, 2))],
        )
        wizard.line_ids.browse().with_context(**action["context"]).action_apply()  # all
        self.assertEqual(earlier.service_credit_since, date(2022, 2, 2))
        self.assertFalse(wizard.line_ids)

    def test_seniority_of_whom(self):
        """Clients that are not archived, by the invoices of the companies that one works in."""
        archived, elsewhere = (self._client(False) for _n in range(2))
        company = self.env["res.company"].create({"name": "Elsewhere"})
        move = self._invoice(elsewhere, "2020-01-01")
        self._invoice(archived, "2020-01-01")
        archived.active = False
        self.env.flush_all()
        self.cr.execute(
            "UPDATE account_move SET company_id = %s WHERE id = %s", [company.id, move.id]
        )
        wizard = self.env["service.credit.seniority"].with_user(self.manager).create({})
        wizard.action_propose()
        self.assertFalse(wizard.line_ids.partner_id & (archived | elsewhere))

    # === Corrections === #

    def _pending(self, client):
        return self.env["service.credit.correction"].search(
            [("account_id.partner_id", "=", client.id), ("state", "=", "pending")]
        )

    def _corrected(self, years):
        """A client of 12 years, granted, whose date is put right to `years` years."""
        client = self._client(self._years_ago(12))
        self._run()
        client.service_credit_since = self._years_ago(years)
        self.assertEqual(self._available(client), 16)  # nothing by itself
        return client

    def test_too_little_was_granted(self):
        client = self._corrected(20)
        self._run()
        self.assertEqual(self._available(client), 16)
        offered = self._pending(client).with_user(self.manager)
        self.assertEqual(
            {c.program_id: (c.old_years, c.new_years, c.difference) for c in offered},
            {self.welcome: (12, 20, 3), self.yearly: (12, 20, 2)},
        )
        offered.action_apply()
        self.assertEqual(self._available(client), 21)
        self.assertFalse(self._pending(client))
        with self.assertRaisesRegex(UserError, "was decided by"):
            offered.action_apply()
        self._run()
        self.assertEqual(self._available(client), 21)
        # What a correction added is no grant of its own, to be corrected in its turn.
        client.service_credit_since = self._years_ago(22)
        self.assertFalse(self._pending(client))
        self.assertIn(
            "Yearly thanks 2026, seniority put right: 20 years instead of 12",
            self.Account._find(client).entry_ids.mapped("reason"),
        )

    def test_too_much_was_granted(self):
        client = self._corrected(4)
        self._pending(client).with_user(self.manager).action_apply()
        self.assertEqual(self._available(client), 4)
        # Put right again: the last decision is what counts.
        client.service_credit_since = self._years_ago(12)
        self.assertEqual(sorted(self._pending(client).mapped("difference")), [4, 8])
        self._pending(client).with_user(self.manager).action_apply()
        self.assertEqual(self._available(client), 16)
        self.assertSound()

    def test_used_credits_are_not_taken(self):
        client = self._corrected(4)
        account = self.Account._find(client)
        account._reserve(14, "work")  # all 12 of the welcome, 2 of the yearly 4
        offered = {c.program_id: c for c in self._pending(client).with_user(self.manager)}
        offered[self.yearly].action_apply()  # 4 too many, of which 2 are unused
        self.assertEqual(offered[self.yearly].settled, -2)
        self.assertBalance(account, 0, 14)
        with self.assertRaisesRegex(UserError, "Loyal has used the 12 credits of “Welcome”"):
            offered[self.welcome].action_apply()

    def test_corrected_to_the_future(self):
        """A date to come counts no years; it is said so, not with a number below zero."""
        client = self._corrected(-3)
        self.assertEqual(self._pending(client).mapped("new_years"), [0, 0])
        self.assertEqual(sorted(self._pending(client).mapped("difference")), [-12, -4])

    def test_correction_is_told_and_serves(self):
        """The reason is in the client's language, and work that waits gets the credits."""
        self.env["res.lang"]._activate_lang("fr_FR")
        client = self._corrected(20)
        client.lang = "fr_FR"
        served = []
        with patch.object(
            type(self.Account), "_credits_arrived", lambda accounts: served.extend(accounts.ids)
        ):
            self._pending(client).with_user(self.manager).action_apply()
        account = self.Account._find(client)
        self.assertEqual(set(served), set(account.ids))
        self.assertIn("20 ans au lieu de 12", " ".join(account.entry_ids.mapped("reason")))

    def test_left_as_it_is(self):
        client = self._corrected(20)
        self._pending(client).with_user(self.manager).action_leave()
        self.assertEqual(self._available(client), 16)
        client.name = "Renamed"
        client.service_credit_since = self._years_ago(20)
        self.assertFalse(self._pending(client))
        client.service_credit_since = False
        self.assertEqual(sorted(self._pending(client).mapped("difference")), [-15, -6])
        self._pending(client).with_user(self.manager).action_leave()
        client.service_credit_since = False
        self.assertFalse(self._pending(client))

    def test_put_back_before_a_decision(self):
        client = self._corrected(20)
        self.assertTrue(self._pending(client))
        client.service_credit_since = self._years_ago(12)
        self.assertFalse(self._pending(client))
        client.service_credit_since = self._years_ago(13)  # one year more: only the welcome
        self.assertEqual(self._pending(client).mapped("difference"), [1])

    def test_same_years_no_offer(self):
        client = self._client(date(2016, 3, 1))
        self.yearly._grant_clients(client.ids, TODAY)
        # On the day of the grant it would be nine years only; within 2026 it is ten all the same.
        client.service_credit_since = date(2016, 11, 30)
        self.assertFalse(self._pending(client))

    def test_only_managers_decide(self):
        client = self._corrected(20)
        for user in (self.user, self.accountant, self.employee):
            for action in ("action_apply", "action_leave"):
                with self.assertRaises(AccessError):
                    getattr(self._pending(client).with_user(user), action)()
        with self.assertRaises(AccessError):
            self._pending(client).with_user(self.manager).write({"difference": 100})
        self._open_to_accountants("service.credit.correction")
        for action in ("action_apply", "action_leave"):
            with self.assertRaisesRegex(AccessError, "Only managers"):
                getattr(self._pending(client).with_user(self.accountant), action)()
