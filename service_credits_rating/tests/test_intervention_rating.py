from odoo.tests import tagged

from odoo.addons.service_credits.tests.common_intervention import InterventionCase


@tagged("post_install", "-at_install")
class TestInterventionRating(InterventionCase):
    """A delivered intervention asks its client once how it was."""

    def _rating_mails(self, intervention):
        return self.env["mail.mail"].search(
            [("res_id", "=", intervention.id), ("subject", "like", "how was")]
        )

    def test_asked_and_answered(self):
        intervention = self._in_state("in_progress", 2)
        self.assertFalse(self._rating_mails(intervention))
        intervention._deliver()
        mail = self._rating_mails(intervention)
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.recipient_ids, self.contact)
        intervention.rating_apply(5, token=intervention._rating_get_access_token())
        self.assertEqual(intervention.rating_count, 1)
        self.assertEqual(intervention.rating_ids.partner_id, self.contact)

    def test_a_part_does_not_ask(self):
        intervention = self._in_state("accepted", 3)
        intervention._deliver_part(1)
        self.assertFalse(self._rating_mails(intervention))

    def test_button(self):
        intervention = self._in_state("done", 1)
        action = intervention.with_user(self.user).action_open_ratings()
        self.assertEqual(action["res_model"], "rating.rating")
