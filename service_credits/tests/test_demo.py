from odoo.tests import TransactionCase, tagged
from odoo.tools.convert import convert_file

from odoo.addons.service_credits.demo.story import SENIORITY

DEMO_FILES = (
    "demo/res_company_demo.xml",
    "demo/res_users_demo.xml",
    "demo/res_partner_demo.xml",
    "demo/res_users_portal_demo.xml",
)


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    """The demo firm, whether the database came with it or it is played now."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not cls.env.ref("service_credits.demo_company", raise_if_not_found=False):
            for path in DEMO_FILES:
                convert_file(cls.env, "service_credits", path, {}, mode="init", noupdate=True)
        cls.env["service.credit.demo"]._load()  # what an upgrade brought was not played
        cls.company = cls.env.ref("service_credits.demo_company")
        cls.interventions = cls.env["service.intervention"].search(
            [("company_id", "=", cls.company.id)]
        )

    def test_interventions_in_every_state(self):
        states = {state for state, _label in self.interventions._fields["state"].selection}
        self.assertEqual(set(self.interventions.mapped("state")), states)

    def test_clients_of_every_seniority(self):
        years = sorted(SENIORITY.values())
        self.assertEqual((years[0], years[-1]), (0, 20))
        self.assertGreaterEqual(len(years), 10)
        for xmlid in SENIORITY:
            self.assertTrue(self.env.ref(f"service_credits.{xmlid}").service_credit_since)

    def test_documents_are_real(self):
        lots = self.env["service.credit.lot"].search(
            [("account_id.company_id", "=", self.company.id), ("origin", "=", "purchase")]
        )
        self.assertGreater(len(lots), 10)
        orders = lots.order_line_id.order_id
        self.assertEqual(set(orders.mapped("state")), {"sale"})
        self.assertEqual(set(orders.invoice_ids.mapped("state")), {"posted"})
        self.assertEqual((lots.currency_id | orders.currency_id).mapped("name"), ["EUR"])
        unpaid = orders.invoice_ids.filtered(lambda move: move.amount_residual)
        self.assertFalse(unpaid)  # credits come when the invoice is paid

    def test_logins(self):
        staff = self.env.ref("service_credits.demo_user_staff")
        client = self.env.ref("service_credits.demo_user_client")
        self.assertEqual((staff.login, client.login), ("staff", "client"))
        self.assertTrue(staff.has_group("service_credits.group_manager"))
        self.assertTrue(client._is_portal())
        account = self.env["service.credit.account"]._find(client.partner_id, self.company)
        self.assertGreater(account.available, 0)
        self.assertGreater(account.held, 0)
        self.assertGreater(account.pending, 0)

    def test_next_grant_is_announced(self):
        client = self.env.ref("service_credits.demo_user_client").partner_id
        grant = self.env["service.credit.program"]._next_grant(client, self.company)
        self.assertEqual((grant["years"], grant["credits"]), (21, 6))
        programs = self.env["service.credit.program"].search(
            [("company_id", "=", self.company.id)]
        )
        self.assertEqual(len(programs), 1)
        self.assertFalse(programs._get_due(programs._today()), "nothing on the first day")

    def test_played_once(self):
        entries = self.env["service.credit.entry"].search_count([])
        self.env["service.credit.demo"]._load()
        self.assertEqual(self.env["service.credit.entry"].search_count([]), entries)

    def test_ledger_is_sound(self):
        self.env.cr.execute("SELECT * FROM service_credit_reconcile(NULL)")
        self.assertEqual(self.env.cr.fetchall(), [])
