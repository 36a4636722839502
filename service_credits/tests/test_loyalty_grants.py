from datetime import date
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import service_credit_program_grants as grants
from .loyalty_common import TODAY, LoyaltyCase


@tagged("post_install", "-at_install")
class TestLoyaltyGrants(LoyaltyCase):
    def test_once_per_client_program_and_period(self):
        client = self._client(self._years_ago(12))
        for _day in range(3):
            self._run()
            self.assertEqual(
                self._granted(client), {(self.welcome, "once"): 12, (self.yearly, "2026"): 4}
            )
        self.assertBalance(self.Account._find(client), 16)
        lot = self.env["service.credit.lot"].search([("program_id", "=", self.yearly.id)])
        self.assertEqual(
            (lot.origin, lot.value, lot.seniority, lot.seniority_since, lot.seniority_date),
            ("loyalty", 0, 12, client.service_credit_since, TODAY),
        )
        self.assertEqual(lot.grant_key, f"loyalty:{self.yearly.id}:2026")
        self.assertSound()

    def test_catch_up_after_weeks_off(self):
        """What fell due while nothing ran is granted, for the years of that day."""
        client = self._client(date(2016, 6, 20))
        self._run()
        self._be("2026-08-30 03:00:00")
        self._run()
        self.assertEqual(
            self._granted(client), {(self.welcome, "once"): 9, (self.yearly, "2026"): 4}
        )
        self._be("2029-03-01 03:00:00")
        self._run()
        del (granted := self._granted(client))[self.welcome, "once"]
        self.assertEqual({period: n for (_p, period), n in granted.items()},
                         {"2026": 4, "2027": 4, "2028": 4})  # fmt: skip

    def test_never_before_the_start(self):
        client = self._client(date(2010, 5, 1))
        self.programs.start_date = date(2026, 5, 2)
        self._run()
        self.assertEqual(self._granted(client), {(self.welcome, "once"): 15})
        self.programs.start_date = TODAY + relativedelta(days=1)
        other = self._client(date(2010, 6, 15))
        self._run()
        self.assertEqual(self._granted(other), {})
        self.programs.start_date = False
        self._run()
        self.assertEqual(self._granted(other), {})

    def test_a_new_client_is_welcomed_on_its_first_anniversary(self):
        client = self._client(TODAY)
        self._run()
        self.assertEqual(self._granted(client), {})
        self._be("2027-06-15 03:00:00")
        self._run()
        self.assertEqual(self._granted(client), {(self.welcome, "once"): 1})
        self._be("2036-06-15 03:00:00")
        self._run()
        self.assertEqual(self._granted(client)[self.welcome, "once"], 1)

    # === Who is a client === #

    def test_contacts_and_archived_clients(self):
        client = self._client(False)
        contact = self.env["res.partner"].create(
            {"name": "Ann", "parent_id": client.id, "service_credit_since": self._years_ago(20)}
        )
        archived = self._client(self._years_ago(20), active=False)
        self._run()
        self.assertFalse(self.Account._find(contact))
        self.assertFalse(self.Account._find(archived))
        archived.active = True
        self._run()
        self.assertEqual(self._available(archived), 21)

    def test_eligible_clients(self):
        self.yearly.domain = "[('category_id.name', '=', 'Gold')]"
        gold = self.env["res.partner.category"].create({"name": "Gold"})
        one = self._client(self._years_ago(5), category_id=gold.ids)
        other = self._client(self._years_ago(5))
        self._run()
        self.assertIn((self.yearly, "2026"), self._granted(one))
        self.assertNotIn((self.yearly, "2026"), self._granted(other))

    def test_several_companies(self):
        """Each company's programs grant on its own account, its day and its clients."""
        other = self.env["res.company"].create({"name": "Elsewhere"})
        theirs = self.yearly.copy({"company_id": other.id, "start_date": "2026-06-01"})
        client = self._client(self._years_ago(5))
        private = self._client(self._years_ago(5), company_id=other.id)
        self._run()
        self.assertEqual(self.Account._find(client, self.company).available, 7)
        self.assertEqual(self.Account._find(client, other).available, 2)
        self.assertEqual(self.Account._find(private, other).available, 2)
        self.assertFalse(self.Account._find(private, self.company))
        self.assertEqual(theirs.lot_count, 2)

    def test_merged_clients(self):
        """A client merged into another brings its history along: no period twice."""
        kept, lost = self._client(self._years_ago(10)), self._client(self._years_ago(10))
        self.yearly._grant_clients(lost.ids, TODAY)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((kept | lost).ids, kept)
        self._run()
        self.assertEqual(self._available(kept), 10 + 4)
        # Both have accounts, and the credits of one are spent.
        lost = self._client(self._years_ago(10))
        another = self._client(self._years_ago(10))
        self.welcome._grant_clients((lost | another).ids, TODAY)
        self.yearly._grant_clients(lost.ids, TODAY)
        account = self.Account._find(lost)
        account._reserve(14, "all")._consume(key="used")
        wizard._merge((another | lost).ids, another)
        self._run()
        self.assertEqual(self._available(another), 10)
        self.assertSound()

    def test_a_merge_is_noticed_though_no_credits_move(self):
        """What makes a concurrent run start anew: the surviving account's row changes."""
        source, target = self._client(TODAY), self._client(TODAY)
        accounts = [self.Account._for_partner(client) for client in (source, target)]
        self.cr.execute("SELECT ctid FROM service_credit_account WHERE id = %s", [accounts[1].id])
        (before,) = self.cr.fetchone()
        accounts[0]._merge_into(accounts[1])
        self.cr.execute("SELECT ctid FROM service_credit_account WHERE id = %s", [accounts[1].id])
        self.assertNotEqual(self.cr.fetchone()[0], before)

    # === Programs that change === #

    def test_changed_in_mid_year(self):
        """What was granted stays; the rule of the day of the run counts for the rest."""
        early, late = self._client(date(2016, 3, 1)), self._client(date(2016, 9, 1))
        self._run()
        self.yearly.write({"credits_per_step": 5, "max_credits": 20})
        self._be("2026-09-01 03:00:00")
        self._run()
        self.assertEqual(self._granted(early)[self.yearly, "2026"], 4)
        self.assertEqual(self._granted(late)[self.yearly, "2026"], 10)
        self.yearly.write({"yearly_on": "fixed", "fixed_day": 1, "fixed_month": "12"})
        self._be("2026-12-01 03:00:00")
        self._run()
        self.assertEqual(self._granted(early)[self.yearly, "2026"], 4)

    def test_stopped_in_mid_year(self):
        early, late = self._client(date(2016, 3, 1)), self._client(date(2016, 9, 1))
        self.yearly.end_date = date(2026, 8, 31)
        self._be("2026-10-01 03:00:00")
        self._run()
        self.assertIn((self.yearly, "2026"), self._granted(early))  # fell due before the end
        self.assertNotIn((self.yearly, "2026"), self._granted(late))
        self._be("2028-10-01 03:00:00")
        self._run()
        self.assertEqual(len(self._granted(early)), 2)

    def test_a_welcome_that_ended(self):
        self.welcome.end_date = TODAY
        client, new = self._client(self._years_ago(3)), self._client(self._years_ago(0))
        self._run()
        self.assertEqual(self._granted(client), {(self.welcome, "once"): 3})
        self._be("2027-06-15 03:00:00")
        self._run()
        self.assertEqual(self._granted(new), {})

    def test_archived_is_a_pause(self):
        client = self._client(date(2016, 3, 1))
        self.yearly.active = False
        self._run()
        self.assertNotIn((self.yearly, "2026"), self._granted(client))
        self.yearly.active = True
        self._run()
        self.assertEqual(self._granted(client)[self.yearly, "2026"], 4)

    # === The run === #

    def test_in_batches(self):
        clients = [self._client(self._years_ago(5)) for _n in range(7)]
        with patch.object(grants, "BATCH", 3), patch.object(grants, "ANALYZE_FROM", 2):
            self._run()
        self.assertEqual([self._available(client) for client in clients], 7 * [7])

    @mute_logger("odoo.addons.service_credits.models.service_credit_program_grants")
    def test_one_client_in_trouble(self):
        """A client that cannot be granted to keeps nobody from their credits."""
        clients = [self._client(self._years_ago(5)) for _n in range(3)]
        full = self.Account._for_partner(clients[1], self.company)
        full._grant(2**31 - 1, "full")
        self._run()
        self.assertEqual([self._available(client) for client in clients], [7, 2**31 - 1, 7])

    def test_serialization_failures(self):
        """Another transaction interferes: the batch starts anew, and succeeds."""
        client = self._client(self._years_ago(5))
        calls = []
        original = type(self.Account)._grant_many

        def interfered(accounts, wanted):
            calls.append(1)
            if len(calls) in (1, 3):
                raise SerializationFailure("could not serialize access")
            return original(accounts, wanted)

        with patch.object(type(self.Account), "_grant_many", interfered):
            self._run()
        self.assertEqual(len(calls), 4)
        self.assertEqual(self._available(client), 7)

    def test_left_to_others(self):
        """Clients that others hold for long are left; the scheduled action comes back to them."""
        held, free = (self._client(self._years_ago(5)) for _n in range(2))
        with (
            patch.object(
                type(self.env["res.partner"]), "try_lock_for_update",
                lambda partners, **_kwargs: partners - held,
            ),
            patch.object(type(self.env["ir.cron"]), "_commit_progress") as progress,
        ):  # fmt: skip
            self.assertEqual(self.yearly._grant_clients(held.ids, TODAY).ids, [])
            self.Program._cron_loyalty()
        self.assertEqual(self._granted(held), {})
        self.assertEqual(self._available(free), 7)
        # After the free one was told, the two grants of the held one are still to be made.
        self.assertEqual(progress.call_args.kwargs, {"remaining": 2})

    def test_the_ledger_refuses_a_second_grant(self):
        """Even if the computation were wrong: the key is unique in the account."""
        client = self._client(self._years_ago(5))
        due = self.yearly._get_due(TODAY, client.ids)
        lots = self.yearly._post_grants(due)
        self.assertEqual(self.yearly._post_grants(due), lots)
        with self.assertRaises(UserError):
            self.yearly._post_grants([{**due[0], "credits": 6}])
        self.assertEqual(self._available(client), 2)

    def test_as_many_queries_for_many_clients(self):
        few = [self._client(self._years_ago(5)).id for _n in range(2)]
        many = [self._client(self._years_ago(5)).id for _n in range(40)]
        self.env.flush_all()
        counts = []
        for ids in (few, many):
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.yearly._grant_clients(ids, TODAY)
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])
        self.assertEqual(self.yearly.lot_count, 42)
