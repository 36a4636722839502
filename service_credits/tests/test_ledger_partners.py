from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import ServiceCreditsCase


@tagged("post_install", "-at_install")
class TestLedgerPartners(ServiceCreditsCase):
    """Merging, moving, archiving and deleting clients: the credits follow, or it is refused."""

    def tearDown(self):
        self.assertSound()
        super().tearDown()

    def _merge(self, partners, destination):
        wizard = self.env["base.partner.merge.automatic.wizard"].create(
            {
                "partner_ids": [fields.Command.set(partners.ids)],
                "dst_partner_id": destination.id,
            }
        )
        wizard.action_merge()
        self.env.invalidate_all()

    def test_merge_two_clients_with_accounts(self):
        self.account._grant(10, "a", "purchase", 850.0)
        paid = self.other._grant(5, "a", "purchase", 450.0)
        free = self.other._grant(2, "b", "loyalty")
        hold = self.other._reserve(4, "h")  # both free credits and 2 paid ones
        hold._consume(1, key="c")
        self._merge(self.client | self.other_client, self.client)
        self.assertFalse(self.other_client.exists())
        self.assertBalance(self.account, 13, 3)
        self.assertEqual(self.other.merged_into_id, self.account)
        self.assertEqual(self.other.partner_id, self.client)
        self.assertBalance(self.other, 0)
        self.assertEqual(self.Account._find(self.client), self.account)
        # The history stays, the lots keep their price, the reservation its credits.
        self.assertTrue(self.other.entry_ids)
        moved = self.account.lot_ids.filtered("source_lot_id").sorted("unit_price")
        self.assertEqual(moved.source_lot_id, free | paid)
        self.assertEqual(moved.mapped("unit_price"), [0.0, 90.0])
        new_hold = self.account.hold_ids
        self.assertEqual((new_hold.remaining, hold.remaining), (3, 0))
        self.assertEqual(new_hold.entry_ids.lot_id, moved)

    def test_merged_account_is_closed(self):
        self.other._grant(2, "b")
        self._merge(self.client | self.other_client, self.client)
        with self.assertRaisesRegex(UserError, "merged into"):
            self.other._grant(1, "again")

    def test_merge_three_clients(self):
        third = self.env["res.partner"].create({"name": "Gamma"})
        self.Account._for_partner(third)._grant(3, "a")
        self.account._grant(1, "a")
        self.other._grant(2, "a")
        self._merge(self.client | self.other_client | third, self.other_client)
        self.assertBalance(self.other, 6)

    def test_merge_into_a_client_without_account(self):
        third = self.env["res.partner"].create({"name": "Gamma"})
        self.account._grant(4, "a")
        self._merge(self.client | third, third)
        self.assertEqual(self.account.partner_id, third)
        self.assertBalance(self.account, 4)

    def test_merge_several_into_a_client_without_account(self):
        third = self.env["res.partner"].create({"name": "Gamma"})
        self.account._grant(4, "a")
        self.other._grant(5, "a")
        self._merge(self.client | self.other_client | third, third)
        self.assertBalance(self.Account._find(third), 9)

    def test_merge_into_a_contact_of_another_client(self):
        self.account._grant(4, "a")
        lone = self.env["res.partner"].create({"name": "Ann"})
        self.Account._for_partner(lone)._grant(3, "a")
        self._merge(self.contact | lone, self.contact)
        self.assertBalance(self.account, 7)

    def test_merge_in_several_companies(self):
        company = self.env["res.company"].create({"name": "Second company"})
        here, there = self.account, self.Account._for_partner(self.client, company)
        there_too = self.Account._for_partner(self.other_client, company)
        for account, credits in ((here, 1), (there, 2), (self.other, 4), (there_too, 8)):
            account._grant(credits, "a")
        self._merge(self.client | self.other_client, self.client)
        self.assertBalance(here, 5)
        self.assertBalance(there, 10)

    def test_merge_twice(self):
        third = self.env["res.partner"].create({"name": "Gamma", "is_company": True})
        last = self.Account._for_partner(third)
        self.other._grant(5, "a")
        self.other._reserve(2, "h")
        self._merge(self.client | self.other_client, self.client)
        self._merge(self.client | third, third)
        self.assertBalance(last, 3, 2)
        self.assertEqual((self.account | self.other).merged_into_id, last)

    def test_a_client_becomes_a_contact(self):
        lone = self.env["res.partner"].create({"name": "Ann"})
        account = self.Account._for_partner(lone)
        account._grant(3, "a")
        lone.parent_id = self.client
        self.assertBalance(self.account, 3)
        self.assertEqual(account.merged_into_id, self.account)
        # Leaving again leaves the credits with the company.
        lone.parent_id = False
        self.assertFalse(self.Account._find(lone))
        self.assertBalance(self.account, 3)

    def test_a_contact_moves_to_another_company(self):
        self.account._grant(3, "a")
        self.contact.parent_id = self.other_client
        self.assertBalance(self.account, 3)
        self.assertBalance(self.other, 0)
        self.assertEqual(self.Account._find(self.contact), self.other)

    def test_archive_keeps_the_credits(self):
        self.account._grant(3, "a")
        self.client.action_archive()
        self.assertBalance(self.Account._find(self.client), 3)
        self.assertEqual(self.Account._for_partner(self.client), self.account)

    def test_delete(self):
        self.account._grant(3, "a")
        self.contact.unlink()
        with self.assertRaisesRegex(UserError, "Acme cannot be deleted.*3 credits available"):
            self.client.unlink()
        self.assertTrue(self.client.exists())
        # An account that was never used does not keep its client.
        self.other_client.unlink()
        self.assertFalse(self.other.exists())

    def test_partner_figures(self):
        self.account._grant(3, "a")
        self.assertEqual((self.client | self.contact).mapped("service_credit_available"), [3, 3])
        self.assertEqual(self.contact.action_view_service_credits()["res_id"], self.account.id)
