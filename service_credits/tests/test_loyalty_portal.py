from datetime import date

from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestLoyaltyPortal(HttpCase):
    def test_seniority_and_next_grant(self):
        """On /my/credits a client reads its seniority, its next grant and the day."""
        client = self.env["res.partner"].create(
            {"name": "Loyal", "is_company": True, "service_credit_since": date(2001, 12, 31)}
        )
        user = new_test_user(self.env, "sc_loyal", "base.group_portal", lang="en_US")
        user.partner_id.parent_id = client
        program = self.env.ref("service_credits.program_yearly")
        today = program._today()
        program.start_date = date(today.year + 1, 1, 1)
        self.authenticate("sc_loyal", "sc_loyal")
        page = " ".join(self.url_open("/my/credits").text.split())
        # Whatever the language of the page.
        line = page[page.index("o_sc_loyalty") :]
        line = line[: line.index("</p>")]
        self.assertIn(str(client.service_credit_seniority), line)
        self.assertIn("<strong>6</strong>", line)
        self.assertRegex(line, f"12/31/{today.year + 1}|31/12/{today.year + 1}")
