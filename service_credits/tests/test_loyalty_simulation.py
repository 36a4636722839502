import random
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from odoo.tests import tagged

from . import loyalty_rule
from .loyalty_common import LoyaltyCase

FIRST, LAST = date(2026, 1, 1), date(2065, 12, 31)


@tagged("post_install", "-at_install")
class TestLoyaltySimulation(LoyaltyCase):
    """Forty years of a thousand clients against an independent rule that goes day by day.

    The independent rule looks at each of the 14,610 days. Here the add-on runs on some 150 of them
    and catches up between; ``benchmarks/loyalty_simulation.py`` runs it on every day.
    """

    def test_forty_years_of_a_thousand_clients(self):
        seed = random.randrange(2**32)
        randomness = random.Random(seed)
        dates = [loyalty_rule.some_date(randomness, 1985, 2062) for _n in range(50)]
        clients = self.env["res.partner"].create(
            [
                {"name": f"Client {n}", "is_company": True, "service_credit_since": dates[n % 50]}
                for n in range(1000)
            ]
        )
        rules = {since: loyalty_rule.expected(since, FIRST, LAST) for since in set(dates)}
        self.programs.notify = False
        for number, day in enumerate(self._get_days(randomness, dates)):
            if number % 20 == 0:  # as each real run does
                self._analyze()
            for program in self.programs:
                due = program._get_due(day)
                if due:
                    self.assertLessEqual(max(row["date"] for row in due), day)
                    program._post_grants(due)
        names = {self.welcome.id: "welcome", self.yearly.id: "yearly"}
        self.cr.execute(
            """
            SELECT a.partner_id, lot.program_id, lot.period, lot.quantity,
                   lot.seniority_date
              FROM service_credit_lot lot JOIN service_credit_account a ON a.id = lot.account_id
             WHERE lot.program_id = ANY(%s)
            """,
            [self.programs.ids],
        )
        granted = {client.id: {} for client in clients}
        for partner_id, program_id, period, credits, day in self.cr.fetchall():
            granted[partner_id][names[program_id], period] = (credits, day)
        wrong = {
            client.name: (str(client.service_credit_since), granted[client.id])
            for client in clients
            if granted[client.id] != rules[client.service_credit_since]
        }
        self.assertEqual(wrong, {}, f"seed {seed}")
        self.assertGreater(sum(len(got) for got in granted.values()), 15000)
        # Without statistics the reconciliation of so many entries takes minutes.
        self._analyze()
        self.assertSound()

    def _analyze(self):
        self.cr.execute("ANALYZE service_credit_account, service_credit_lot, service_credit_entry")

    def _get_days(self, randomness, dates):
        """When welcomes fall due (those count the years of the run's day), and days at random."""
        days = {FIRST, LAST}
        for since in dates:
            day = since + relativedelta(years=1)
            days.update({day, day - timedelta(days=1)})
        span = (LAST - FIRST).days
        days.update(FIRST + timedelta(days=randomness.randrange(span)) for _n in range(60))
        return sorted(day for day in days if FIRST <= day <= LAST)
