from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common_intervention import InterventionCase

BUTTONS = (
    "action_send", "action_start", "action_deliver", "action_deliver_all", "action_cancel",
    "action_revise", "action_reopen", "action_decide_on_behalf", "action_reserve_credits",
    "action_apply_suggestion", "action_remind",
)  # fmt: skip


@tagged("post_install", "-at_install")
class TestInterventionRights(InterventionCase):
    """Clients see their own and press no button of staff; strangers see nothing."""

    def test_portal_sees_own_client(self):
        mine = self._make_quotation(2, self.portal.partner_id)
        colleague = self._make_quotation(2)
        other = self._make_quotation(2, self.other_client.create(
            {"name": "Bob", "parent_id": self.other_client.id, "email": "bob@example.com"}
        ))
        Intervention = self.env["service.intervention"].with_user(self.portal)
        found = Intervention.search([("id", "in", (mine | colleague | other).ids)])
        self.assertEqual(found, mine | colleague)
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            other.with_user(self.portal).read(["name"])
        self.portal.partner_id.service_credit_may_see = False
        found = Intervention.search([("id", "in", (mine | colleague | other).ids)])
        self.assertEqual(found, mine)

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_portal_presses_no_button(self):
        intervention = self._make_quotation(2, self.portal.partner_id)
        for user in (self.portal, self.employee):
            for button in BUTTONS:
                with self.subTest(user=user.login, button=button), self.assertRaises(AccessError):
                    getattr(intervention.with_user(user), button)()
        with self.assertRaises(AccessError):
            intervention.with_user(self.portal).write({"subject": "X"})
        with self.assertRaises(AccessError):
            intervention.with_user(self.portal).copy()
        with self.assertRaises(AccessError):
            intervention.with_user(self.portal).read(["access_token"])
        # the guide to prices is the firm's own
        with self.assertRaises(AccessError):
            self.kind.with_user(self.portal).read(["credits_per_hour"])
        with self.assertRaises(AccessError):
            intervention.line_ids.with_user(self.portal).read(["credits"])
        with self.assertRaises(AccessError):
            intervention.with_user(self.portal).with_context(
                service_credits_mark_quoted=True
            ).message_post(body="x")
        self.assertEqual(intervention.state, "quoted")

    @mute_logger("odoo.addons.base.models.ir_model")
    def test_wizards_are_for_staff(self):
        intervention = self._make_quotation(2, self.portal.partner_id)
        for model in ("service.intervention.decide", "service.intervention.deliver"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.portal).create({"intervention_id": intervention.id})

    def test_portal_link_has_no_token(self):
        intervention = self._make_quotation(2, self.portal.partner_id)
        url = intervention.with_user(self.portal)._get_share_url()
        self.assertNotIn("access_token", url)

    def test_another_company(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        intervention = (
            self.env["service.intervention"]
            .create(
                {
                    "partner_id": self.contact.id,
                    "company_id": company.id,
                    "type_id": self.env.ref("service_credits.service_intervention_type_other").id,
                }
            )
        )
        found = self.env["service.intervention"].with_user(self.user).search(
            [("id", "=", intervention.id)]
        )
        self.assertFalse(found)
