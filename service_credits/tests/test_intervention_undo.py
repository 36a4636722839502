from odoo.tests import tagged

from .common_intervention import InterventionCase


@tagged("post_install", "-at_install")
class TestInterventionUndo(InterventionCase):
    """Taking back the acceptance of a new revision leaves what was agreed before it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.service_credit_allow_undo = True

    def _revise(self, intervention, credits):
        intervention.action_revise()
        intervention.line_ids.credits = credits
        intervention._send_quotation()

    def _accept(self, intervention):
        intervention._accept(self.contact, intervention.revision)

    def test_first_agreement_stays(self):
        intervention = self._in_state("accepted", 8)
        self._revise(intervention, 10)
        self._accept(intervention)
        self.assertBalance(self.account, 0, 10)
        intervention._undo_acceptance(self.contact)
        self.assertEqual(intervention.state, "quoted")
        self.assertEqual((intervention.resume_state, intervention.held_credits), ("accepted", 8))
        self.assertBalance(self.account, 2, 8)
        self.assertSound()

    def test_then_refused(self):
        """The revision refused after all, the work goes on as first agreed, and can be undone."""
        intervention = self._in_state("accepted", 8)
        self._revise(intervention, 10)
        self._accept(intervention)
        intervention._undo_acceptance(self.contact)
        intervention._refuse(self.contact, intervention.revision)
        self.assertEqual((intervention.state, intervention.credits), ("accepted", 8))
        self.assertBalance(self.account, 2, 8)
        intervention._undo_acceptance(self.contact)
        self.assertEqual((intervention.state, intervention.resume_state), ("quoted", False))
        self.assertBalance(self.account, 10)
        self.assertSound()

    def test_then_accepted_again(self):
        intervention = self._in_state("accepted", 8)
        self._revise(intervention, 10)
        for _round in range(3):
            self._accept(intervention)
            self.assertBalance(self.account, 0, 10)
            intervention._undo_acceptance(self.contact)
        self._accept(intervention)
        intervention._deliver()
        self.assertBalance(self.account, 0)
        self.assertSound()

    def test_credits_gone_meanwhile(self):
        """The smaller revision freed credits that something else took: nothing is agreed then."""
        intervention = self._in_state("accepted", 8)
        self._revise(intervention, 3)
        self._accept(intervention)
        self._in_state("accepted", 7)
        self.assertBalance(self.account, 0, 10)
        intervention._undo_acceptance(self.contact)
        self.assertEqual((intervention.state, intervention.resume_state), ("quoted", False))
        self.assertFalse(intervention.hold_id)
        self.assertBalance(self.account, 3, 7)
        intervention._refuse(self.contact, intervention.revision)
        self.assertEqual(intervention.state, "refused")
        self.assertSound()

    def test_two_revisions(self):
        """Each undo takes back one acceptance, the newest that stands."""
        intervention = self._in_state("accepted", 4)
        for credits in (6, 9):
            self._revise(intervention, credits)
            self._accept(intervention)
        intervention._undo_acceptance(self.contact)
        self.assertBalance(self.account, 4, 6)
        intervention._refuse(self.contact, intervention.revision)
        self.assertEqual((intervention.state, intervention.credits), ("accepted", 6))
        intervention._undo_acceptance(self.contact)
        self.assertBalance(self.account, 6, 4)
        self.assertSound()

    def test_cancelled_and_begun_anew(self):
        """What was agreed before a cancellation does not come back."""
        intervention = self._in_state("accepted", 8)
        intervention.action_cancel()
        intervention.action_reopen()
        intervention._send_quotation()
        self._accept(intervention)
        intervention._undo_acceptance(self.contact)
        self.assertEqual((intervention.state, intervention.resume_state), ("quoted", False))
        self.assertBalance(self.account, 10)
