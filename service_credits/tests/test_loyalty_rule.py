from datetime import date

from freezegun import freeze_time

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .loyalty_common import TODAY, LoyaltyCase


@tagged("post_install", "-at_install")
class TestLoyaltyRule(LoyaltyCase):
    def test_table_of_0_to_40_years(self):
        """Both shipped programs, from the rule and from the set-based computation."""
        welcome = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14] + 26 * [15]
        yearly = 5 * [0] + 5 * [2] + 5 * [4] + 26 * [6]
        clients = {years: self._client(self._years_ago(years)).id for years in range(41)}
        for program, table in ((self.welcome, welcome), (self.yearly, yearly)):
            self.assertEqual([program._credits_for_years(n) for n in range(41)], table)
            due = {r["partner_id"]: r["credits"] for r in program._get_due(TODAY)}
            self.assertEqual([due.get(clients[n], 0) for n in range(41)], table)

    def test_years_that_are_none(self):
        for years in (None, False, -1, -30):
            self.assertEqual(self.yearly._credits_for_years(years), 0)

    def test_another_rule(self):
        """Any rule of that form, without code; the summary says it in words."""
        program = self.Program.new(
            {"years_per_step": 3, "credits_per_step": 7, "max_credits": 20}
        )
        self.assertEqual(
            [program._credits_for_years(n) for n in (2, 3, 5, 6, 8, 9, 99)],
            [0, 7, 7, 14, 14, 20, 20],
        )
        self.assertEqual(program.summary, "7 from 3 years, 14 from 6 years, 20 from 9 years")
        self.assertEqual(
            self.welcome.summary,
            "1 from 1 year, 2 from 2 years, 3 from 3 years, …, 15 from 15 years",
        )

    # === Days === #

    def test_the_day_before_and_after_each_step(self):
        """4 years 364 days, 5 years, and one day more; also 10 and 15."""
        for years in (5, 10, 15):
            before, on, after = (self._client(self._years_ago(years, n)) for n in (1, 0, -1))
            due = {r["partner_id"]: r for r in self.yearly._get_due(TODAY)}
            # The anniversary of the first is tomorrow: nothing of this year is due.
            self.assertNotIn(before.id, due)
            self.assertEqual((due[on.id]["years"], due[on.id]["date"]), (years, TODAY))
            self.assertEqual(due[after.id]["years"], years)
            self.assertEqual(due[after.id]["date"], date(2026, 6, 14))
            due = {r["partner_id"]: r["years"] for r in self.welcome._get_due(TODAY)}
            self.assertEqual(
                [due[client.id] for client in (before, on, after)], [years - 1, years, years]
            )

    def test_29_february(self):
        """In common years the year is complete on 28 February, in leap years on the 29th."""
        client = self._client(date(2020, 2, 29))
        self.yearly.start_date = date(2020, 1, 1)
        first = {
            day: [r["date"] for r in self.yearly._get_due(day, client.ids)]
            for day in (date(2025, 2, 27), date(2025, 2, 28))
        }
        self.assertEqual(first, {date(2025, 2, 27): [], date(2025, 2, 28): [date(2025, 2, 28)]})
        due = self.yearly._get_due(date(2028, 2, 28), client.ids)
        self.assertEqual([r["period"] for r in due], ["2025", "2026", "2027"])
        due = self.yearly._get_due(date(2028, 2, 29), client.ids)
        self.assertEqual((due[-1]["date"], due[-1]["years"]), (date(2028, 2, 29), 8))
        for day, years in ((date(2025, 2, 27), 4), (date(2025, 2, 28), 5), (date(2024, 2, 28), 3)):
            self.assertEqual(self.Program._years_between(client.service_credit_since, day), years)

    def test_fixed_day(self):
        """The years complete on that day, whatever the client's own day."""
        self.yearly.write({"yearly_on": "fixed", "fixed_day": 1, "fixed_month": "6"})
        early, late = self._client(date(2021, 6, 1)), self._client(date(2021, 6, 2))
        due = {r["partner_id"]: r for r in self.yearly._get_due(date(2026, 6, 1))}
        self.assertEqual((due[early.id]["years"], due[early.id]["credits"]), (5, 2))
        self.assertNotIn(late.id, due)
        self.assertEqual(self.yearly._get_due(date(2026, 5, 31)), [])
        due = self.yearly._get_due(date(2027, 6, 1), late.ids)
        self.assertEqual([(r["period"], r["years"]) for r in due], [("2027", 5)])

    def test_fixed_29_february(self):
        self.yearly.write({"yearly_on": "fixed", "fixed_day": 29, "fixed_month": "2"})
        client = self._client(date(2020, 2, 29))
        self.assertEqual(self.yearly._get_due(date(2026, 2, 27)), [])
        due = self.yearly._get_due(date(2026, 2, 28), client.ids)
        self.assertEqual([(r["date"], r["years"]) for r in due], [(date(2026, 2, 28), 6)])

    def test_future_and_missing_dates(self):
        for since in (False, date(2027, 1, 1), TODAY, date(9999, 12, 31)):
            client = self._client(since)
            for program in self.programs:
                self.assertEqual(program._get_due(TODAY, client.ids), [])
            self.assertEqual(client.service_credit_seniority, 0)

    def test_time_zones(self):
        """The company's day counts, not the server's nor the user's."""
        client = self._client(date(2021, 6, 16))
        self.env.user.tz = "Pacific/Honolulu"
        with freeze_time("2026-06-15 23:30:00"):
            self.assertEqual(self.yearly._get_due(self.yearly._today(), client.ids), [])
            self.assertEqual(client.service_credit_seniority, 4)
            self.company.partner_id.tz = "Europe/Paris"  # it is 01:30 on the 16th there
            self.assertEqual(self.yearly._today(), date(2026, 6, 16))
            self.assertEqual(len(self.yearly._get_due(self.yearly._today(), client.ids)), 1)
            client.invalidate_recordset()
            self.assertEqual(client.service_credit_seniority, 5)
        self.company.partner_id.tz = "America/Los_Angeles"
        with freeze_time("2026-06-16 06:30:00"):  # still the 15th there
            self.assertEqual(self.yearly._get_due(self.yearly._today(), client.ids), [])

    # === What the portal announces === #

    def _next(self, client):
        found = self.Program._next_grant(client, self.company)
        return found and (found["date"], found["credits"], found["years"], found["program"])

    def test_next_grant(self):
        client = self._client(date(2020, 9, 1))
        # Welcome was due and waits for the run; then the yearly one of September.
        self.assertEqual(self._next(client), (TODAY, 5, 5, self.welcome))
        self._run()
        self.assertEqual(self._next(client), (date(2026, 9, 1), 2, 6, self.yearly))
        new = self._client(TODAY)
        self.assertEqual(self._next(new), (date(2027, 6, 15), 1, 1, self.welcome))
        contact = self.env["res.partner"].create({"name": "Ann", "parent_id": client.id})
        self.assertEqual(self._next(contact), self._next(client))
        self.assertEqual(contact.service_credit_seniority, 5)
        late = self._client(date(2016, 3, 1))  # fell due in March, waits for the run
        self.welcome._grant_clients(late.ids, TODAY)
        self.assertEqual(self._next(late), (TODAY, 4, 10, self.yearly))

    def test_next_grant_is_what_the_run_grants(self):
        """On the announced day, and not before, the run grants just that."""
        for since in (date(2019, 2, 28), date(2020, 2, 29), date(2023, 6, 16), date(2011, 12, 31)):
            client = self._client(since)
            for _year in range(4):
                day, credits, years, program = self._next(client)
                self._be(f"{day} 08:00:00")
                due = program._get_due(program._today(), client.ids)
                self.assertIn((years, credits), [(r["years"], r["credits"]) for r in due])
                self.assertEqual(self._next(client)[0], day)
                program._grant_clients(client.ids, program._today())
            self._be("2026-06-15 12:00:00")

    def test_next_grant_of_a_merged_client(self):
        """What the lost client had received is not announced again, nor granted."""
        kept, lost = self._client(date(2020, 9, 1)), self._client(date(2020, 9, 1))
        contact = self.env["res.partner"].create({"name": "Ann", "parent_id": kept.id})
        self.welcome._grant_clients(lost.ids, TODAY)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((contact | lost).ids, contact)
        self.assertEqual(self._next(kept)[3], self.yearly)
        self.assertFalse(self.welcome._get_due(TODAY, kept.ids))

    def test_next_grant_after_a_late_start(self):
        """What fell due earlier in the year of the start is not announced: it is never granted."""
        self.programs.start_date = date(2026, 6, 1)
        self.welcome.active = False
        client = self._client(date(2016, 3, 1))
        self.assertEqual(self._next(client), (date(2027, 3, 1), 4, 11, self.yearly))

    def test_no_next_grant(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.assertIsNone(self._next(self._client(date(2010, 1, 1), company_id=elsewhere.id)))
        self.assertIsNone(self._next(self._client(False)))
        self.assertIsNone(self._next(self._client(date(2010, 1, 1), active=False)))
        client = self._client(date(2020, 9, 1))
        self._run()
        self.yearly.end_date = date(2026, 8, 31)
        self.assertIsNone(self._next(client))
        self.yearly.write({"end_date": False, "domain": "[('name', '=', 'Nobody')]"})
        self.assertIsNone(self._next(client))
        self.programs.start_date = False
        self.assertIsNone(self._next(self._client(date(2010, 1, 1))))

    # === What is refused === #

    def assertRefused(self, words, **values):
        with self.assertRaisesRegex(ValidationError, words), self.cr.savepoint():
            self.Program.create(
                {
                    "name": "Bad",
                    "recurrence": "yearly",
                    "years_per_step": 1,
                    "credits_per_step": 1,
                    "max_credits": 5,
                    "domain": "[('name', '=', 'Someone else')]",
                    **values,
                }
            )

    def test_steps(self):
        for name in ("years_per_step", "credits_per_step"):
            for value in (0, -1):
                self.assertRefused("a step is at least 1 year and 1 credit", **{name: value})
        self.assertRefused("is less than one step", credits_per_step=5, max_credits=4)
        self.assertRefused("is less than one step", max_credits=-5)

    def test_steps_are_explained(self):
        program = self.yearly
        for values, words in (
            ({"years_per_step": 0}, "a step is at least 1 year and 1 credit .given: 0 years"),
            ({"credits_per_step": -2}, "given: 5 years, -2 credits"),
            ({"max_credits": 1}, "at most 1 credits is less than one step .2 credits"),
        ):
            with self.assertRaisesRegex(ValidationError, words), self.cr.savepoint():
                program.write(values)

    def test_days(self):
        fixed = {"yearly_on": "fixed"}
        self.assertRefused("no day 31 in month 4", fixed_day=31, fixed_month="4", **fixed)
        self.assertRefused("no day 30 in month 2", fixed_day=30, fixed_month="2", **fixed)
        self.assertRefused("no day 0 in month 1", fixed_day=0, fixed_month="1", **fixed)
        self.assertRefused("before it starts", start_date="2026-02-01", end_date="2026-01-31")

    def test_domains(self):
        for domain in (
            "[('no_such_field', '=', 1)]",
            "[('name', '~~', 1)]",
            "[(",
            "__import__('os')",
            "[('id', '=', 'x', 4)]",
        ):
            self.assertRefused("is not a condition on contacts", domain=domain)
        self.assertRefused("no client can ever meet", domain="[('id', 'in', [])]")
        self.assertRefused("no client can ever meet", domain="[(0, '=', 1)]")

    def test_overlap(self):
        self.assertRefused("Bad and Yearly thanks overlap", start_date="2030-01-01", domain="[]")
        self.assertRefused(
            "overlap", start_date="2026-02-01", end_date="2026-02-02", domain="[('id', '>', 0)]"
        )
        # Not started, other days, other clients, another company: they do not overlap.
        other = self.yearly.copy()
        self.assertFalse(other.start_date)
        self.yearly.end_date = date(2029, 12, 31)
        other.start_date = date(2030, 1, 1)
        with self.assertRaisesRegex(ValidationError, "overlap"), self.cr.savepoint():
            self.yearly.end_date = date(2030, 1, 1)
        other.active = False
        self.yearly.end_date = date(2030, 1, 1)
        other.start_date = date(2029, 1, 1)  # archived, it serves nobody
        self._client(TODAY, name="Gold", ref="gold")
        self.yearly.domain = "[('ref', '=', 'gold')]"
        other.write({"domain": "[('ref', '=', 'silver')]", "active": True})
        with self.assertRaisesRegex(ValidationError, "overlap"), self.cr.savepoint():
            other.domain = "[('name', '=', 'Gold')]"
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.yearly.copy({"company_id": company.id, "start_date": "2026-01-01", "domain": "[]"})

    def test_a_program_that_granted_is_kept(self):
        client = self._client(self._years_ago(5))
        self._run()
        self.assertTrue(self._granted(client))
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            self.yearly.unlink()
        with self.assertRaisesRegex(UserError, "how often it grants stay as they are"):
            self.yearly.recurrence = "once"
        self.yearly.write({"recurrence": "yearly", "company_id": self.company.id})
        self.assertEqual((self.yearly.lot_count, self.yearly.granted_credits), (1, 2))
        self.yearly.copy().unlink()
