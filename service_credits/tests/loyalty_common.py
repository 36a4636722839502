from datetime import date

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from .common import ServiceCreditsCase

TODAY = date(2026, 6, 15)


class LoyaltyCase(ServiceCreditsCase):
    """The two shipped programs, started on 1 January 2026; it is noon on 15 June 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.partner"].search([]).service_credit_since = False
        cls.company = cls.env.ref("base.main_company")
        cls.company.partner_id.write({"tz": "UTC", "lang": "en_US"})
        cls.Program = cls.env["service.credit.program"]
        cls.News = cls.env["service.credit.loyalty.news"]
        cls.welcome = cls.env.ref("service_credits.program_welcome")
        cls.yearly = cls.env.ref("service_credits.program_yearly")
        cls.programs = cls.welcome | cls.yearly
        (cls.Program.search([]) - cls.programs).active = False
        cls.programs.write({"active": True, "start_date": date(2026, 1, 1), "end_date": False})

    def setUp(self):
        super().setUp()
        self._be("2026-06-15 12:00:00")

    def _be(self, moment):
        """It is now `moment` (UTC)."""
        frozen = freeze_time(moment)
        frozen.start()
        self.addCleanup(frozen.stop)

    @classmethod
    def _client(cls, since, name="Loyal", **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "lang": "en_US",
                "service_credit_since": since,
                **values,
            }
        )

    @classmethod
    def _years_ago(cls, years, days=0):
        return TODAY - relativedelta(years=years) + relativedelta(days=days)

    def _run(self):
        """The scheduled action, as the scheduler runs it."""
        with self.enter_registry_test_mode():
            self.env.ref("service_credits.cron_loyalty").method_direct_trigger()

    def _granted(self, client):
        """{(program, period): credits granted} of a client."""
        lots = self.env["service.credit.lot"].search(
            [("account_id.partner_id", "=", client.id), ("program_id", "!=", False)]
        )
        return {(lot.program_id, lot.period): lot.quantity for lot in lots}

    def _available(self, client):
        return self.Account._find(client, self.company).available
