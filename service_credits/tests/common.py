from odoo.tests import TransactionCase, new_test_user


class ServiceCreditsCase(TransactionCase):
    """A client with a contact, users of each group, and a few words to move credits."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = cls.env["res.partner"].create({"name": "Acme", "is_company": True})
        cls.contact = cls.env["res.partner"].create({"name": "Ann", "parent_id": cls.client.id})
        cls.other_client = cls.env["res.partner"].create({"name": "Beta", "is_company": True})
        cls.Account = cls.env["service.credit.account"]
        cls.Entry = cls.env["service.credit.entry"]
        cls.account = cls.Account._for_partner(cls.client)
        cls.other = cls.Account._for_partner(cls.other_client)

    @classmethod
    def _make_users(cls):
        cls.user = new_test_user(cls.env, "sc_user", "service_credits.group_user")
        cls.manager = new_test_user(cls.env, "sc_manager", "service_credits.group_manager")
        cls.accountant = new_test_user(cls.env, "sc_accountant", "service_credits.group_accountant")
        cls.employee = new_test_user(cls.env, "sc_employee", "base.group_user")
        cls.portal = new_test_user(cls.env, "sc_portal", "base.group_portal")
        cls.portal.partner_id.parent_id = cls.client
        cls.other_portal = new_test_user(cls.env, "sc_other_portal", "base.group_portal")
        cls.other_portal.partner_id.parent_id = cls.other_client

    def assertBalance(self, account, available, held=0):
        self.assertEqual((account.available, account.held), (available, held))
        self.assertEqual(account.balance, available + held)

    def assertSound(self):
        """The whole ledger agrees with its entries."""
        self.env.cr.execute("SELECT * FROM service_credit_reconcile(NULL)")
        self.assertEqual(self.env.cr.fetchall(), [])
