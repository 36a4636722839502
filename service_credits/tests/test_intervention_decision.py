from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .common_intervention import InterventionCase


@tagged("post_install", "-at_install")
class TestInterventionDecision(InterventionCase):
    """What is decided moves the credits, once, and only when it is open to be decided."""

    def test_the_way_of_one_credit(self):
        intervention = self._make_quotation(8)
        self.assertEqual(intervention.state, "quoted")
        self.assertEqual(intervention.credits, 8)
        self.assertEqual((intervention.stock_available, intervention.stock_after), (10, 2))
        intervention._accept(self.contact, intervention.revision)
        self.assertEqual(intervention.state, "accepted")
        self.assertEqual(intervention.hold_id.remaining, 8)
        self.assertBalance(self.account, 2, 8)
        intervention.action_start()
        intervention._deliver()
        self.assertEqual(intervention.state, "done")
        self.assertEqual(intervention.delivered_credits, 8)
        self.assertBalance(self.account, 2, 0)
        self.assertSound()

    def test_delivered_straight_from_accepted(self):
        intervention = self._in_state("accepted", 3)
        intervention._deliver()
        self.assertEqual(intervention.state, "done")
        self.assertBalance(self.account, 7)

    def test_less_delivered_releases_the_rest(self):
        intervention = self._in_state("accepted", 8)
        intervention._deliver(5)
        self.assertEqual((intervention.state, intervention.delivered_credits), ("done", 5))
        self.assertBalance(self.account, 5)
        self.assertSound()

    def test_nothing_delivered_releases_all(self):
        intervention = self._in_state("accepted", 8)
        intervention._deliver(0)
        self.assertBalance(self.account, 10)

    def test_parts(self):
        intervention = self._in_state("accepted", 8)
        intervention._deliver_part(3)
        self.assertEqual(intervention.state, "in_progress")
        self.assertBalance(self.account, 2, 5)
        intervention._deliver_part(3)
        self.assertBalance(self.account, 2, 2)
        with self.assertRaisesRegex(UserError, "holds 2 credits, not 3"):
            intervention._deliver_part(3)
        intervention._deliver(1)
        self.assertEqual((intervention.state, intervention.delivered_credits), ("done", 7))
        self.assertBalance(self.account, 3)
        self.assertSound()

    def test_more_than_held_is_refused(self):
        intervention = self._in_state("accepted", 8)
        for wrong in (9, -1, 1.5):
            with self.assertRaises(UserError):
                intervention._deliver(wrong)
        self.assertEqual(intervention.state, "accepted")
        self.assertBalance(self.account, 2, 8)

    def test_too_few_credits(self):
        intervention = self._make_quotation(11)
        with self.assertRaisesRegex(UserError, "Acme"):
            intervention._accept(self.contact, intervention.revision)
        self.assertEqual(intervention.state, "quoted")
        self.assertFalse(intervention.decision_ids)
        self.assertBalance(self.account, 10)

    def test_accepting_twice_and_refusing_after(self):
        intervention = self._in_state("accepted", 4)
        with self.assertRaisesRegex(UserError, "accepted already"):
            intervention._accept(self.contact, intervention.revision)
        with self.assertRaisesRegex(UserError, "accepted already"):
            intervention._refuse(self.contact, intervention.revision, "Too late")
        self.assertBalance(self.account, 6, 4)
        self.assertEqual(len(intervention.decision_ids), 1)

    def test_refused_with_reason(self):
        intervention = self._make_quotation(4)
        intervention._refuse(self.contact, intervention.revision, "Too <b>dear</b>")
        self.assertEqual(intervention.state, "refused")
        self.assertEqual(intervention.refusal_reason, "Too <b>dear</b>")
        self.assertIn("Too &lt;b&gt;dear&lt;/b&gt;", str(intervention.message_ids[0].body))
        self.assertEqual(intervention.message_ids[0].author_id, self.contact)
        self.assertBalance(self.account, 10)

    def test_refused_without_reason(self):
        intervention = self._make_quotation(4)
        intervention._refuse(self.contact, intervention.revision)
        self.assertEqual(intervention.state, "refused")

    def test_enormous_reason(self):
        intervention = self._make_quotation(4)
        with self.assertRaisesRegex(UserError, "too long"):
            intervention._refuse(self.contact, intervention.revision, "x" * 6000)
        self.assertEqual(intervention.state, "quoted")

    def test_stale_revision(self):
        intervention = self._make_quotation(4)
        seen = intervention.revision
        intervention.line_ids.credits = 6
        self.assertEqual(intervention.revision, seen + 1)
        for decide in (intervention._accept, intervention._refuse):
            with self.assertRaisesRegex(UserError, "changed meanwhile"):
                decide(self.contact, seen)
        self.assertEqual(intervention.state, "quoted")
        intervention._accept(self.contact, intervention.revision)
        self.assertBalance(self.account, 4, 6)

    def test_each_change_of_content_is_numbered(self):
        intervention = self._make_quotation(4)
        number = intervention.revision
        for vals in (
            {"line_ids": [Command.create({"description": "More", "credits": 1})]},
            {"description": "<p>Otherwise</p>"},
            {"subject": "Another"},
            {"validity_date": "2099-12-31"},
        ):
            intervention.write(vals)
            number += 1
            self.assertEqual(intervention.revision, number, vals)
        intervention.write({"deadline": "2099-12-31"})
        self.assertEqual(intervention.revision, number)
        self.assertEqual(
            sorted(intervention.revision_ids.mapped("number")), list(range(1, number + 1))
        )

    def test_a_change_that_told_nobody(self):
        """Lines changed behind the model's back are not accepted unseen."""
        intervention = self._make_quotation(4)
        seen = intervention.revision
        self.env.cr.execute(
            "UPDATE service_intervention_line SET description = 'Other' WHERE id = %s",
            intervention.line_ids.ids,
        )
        self.env.invalidate_all()
        with self.assertRaisesRegex(UserError, "changed meanwhile"):
            intervention._accept(self.contact, seen)

    def test_expired(self):
        intervention = self._make_quotation(4)
        intervention.sudo().validity_date = fields.Date.subtract(fields.Date.today(), days=2)
        with self.assertRaisesRegex(UserError, "has expired"):
            intervention._accept(self.contact, intervention.revision)
        self.assertBalance(self.account, 10)

    def test_another_client(self):
        intervention = self._make_quotation(4)
        stranger = self.other_portal.partner_id
        with self.assertRaises(AccessError):
            intervention._accept(stranger, intervention.revision)
        with self.assertRaises(AccessError):
            intervention._refuse(stranger, intervention.revision)
        self.assertEqual(intervention.state, "quoted")

    def test_undo_and_accept_again(self):
        intervention = self._in_state("accepted", 4)
        intervention._undo_acceptance(self.contact)
        self.assertEqual(intervention.state, "quoted")
        self.assertBalance(self.account, 10)
        intervention._accept(self.contact, intervention.revision)
        self.assertBalance(self.account, 6, 4)
        self.assertEqual(
            intervention.decision_ids.sorted("id").mapped("decision"),
            ["accepted", "undone", "accepted"],
        )
        intervention.action_start()
        with self.assertRaises(UserError):
            intervention._undo_acceptance(self.contact)
        self.assertSound()

    def test_undo_not_allowed(self):
        self.env.company.service_credit_allow_undo = False
        intervention = self._in_state("accepted", 4)
        with self.assertRaisesRegex(UserError, "contact us"):
            intervention._undo_acceptance(self.contact)
        self.assertBalance(self.account, 6, 4)

    def test_who_decided_is_kept(self):
        intervention = self._make_quotation(4)
        intervention._accept(self.contact, intervention.revision, way="link", ip="192.0.2.7")
        decision = intervention.decision_ids
        self.assertEqual(decision.partner_id, self.contact)
        self.assertEqual((decision.way, decision.ip), ("link", "192.0.2.7"))
        self.assertEqual((decision.credits, decision.revision), (4, 1))
        self.assertEqual(intervention.decided_by_id, self.contact)
        with self.assertRaises(UserError):
            decision.sudo().reason = "Other"

    def test_cancel_releases(self):
        for state in ("accepted", "in_progress"):
            intervention = self._in_state(state, 4)
            intervention.action_cancel()
            self.assertEqual(intervention.state, "cancelled")
            self.assertBalance(self.account, 10)
        self.assertSound()

    def test_cancel_keeps_what_was_delivered(self):
        intervention = self._in_state("accepted", 4)
        intervention._deliver_part(1)
        intervention.action_cancel()
        self.assertBalance(self.account, 9)

    def test_optional_lines(self):
        intervention = self._make_intervention(4)
        intervention.line_ids = [
            Command.create({"description": "Chart", "credits": 2, "optional": True}),
            Command.create({"description": "Map", "credits": 3, "optional": True}),
        ]
        intervention._send_quotation()
        self.assertEqual(intervention.credits, 9)
        chart = intervention.line_ids.filtered(lambda line: line.description == "Chart")
        revision = intervention.revision
        with self.assertRaises(UserError):
            intervention._accept(
                self.contact, revision, chosen=intervention.line_ids.filtered(
                    lambda line: not line.optional
                )
            )
        intervention._accept(self.contact, revision, chosen=chart)
        self.assertEqual((intervention.credits, intervention.revision), (6, revision))
        self.assertBalance(self.account, 4, 6)

    def test_all_optional_and_none_ticked(self):
        intervention = self._make_intervention(4)
        intervention.line_ids.optional = True
        intervention._send_quotation()
        with self.assertRaisesRegex(UserError, "at least one line"):
            intervention._accept(
                self.contact, intervention.revision, chosen=self.env["service.intervention.line"]
            )

    def test_lines_of_another_are_not_chosen(self):
        other = self._make_quotation(1)
        other.line_ids.optional = True
        intervention = self._make_quotation(4)
        with self.assertRaises(UserError):
            intervention._accept(self.contact, intervention.revision, chosen=other.line_ids)

    def test_revision_of_agreed_work(self):
        intervention = self._in_state("in_progress", 4)
        intervention._deliver_part(1)
        intervention.action_revise()
        self.assertBalance(self.account, 6, 3)
        intervention.line_ids = [Command.create({"description": "More", "credits": 3})]
        intervention._send_quotation()
        self.assertEqual((intervention.state, intervention.credits), ("quoted", 7))
        self.assertEqual(intervention.stock_after, 3)
        intervention._accept(self.contact, intervention.revision)
        self.assertEqual(intervention.state, "in_progress")
        self.assertBalance(self.account, 3, 6)
        intervention._deliver()
        self.assertEqual(intervention.delivered_credits, 7)
        self.assertBalance(self.account, 3)
        self.assertSound()

    def test_refused_revision_goes_on_as_agreed(self):
        intervention = self._in_state("accepted", 4)
        intervention.action_revise()
        intervention.line_ids = [Command.create({"description": "More", "credits": 3})]
        intervention._send_quotation()
        intervention._refuse(self.contact, intervention.revision, "No")
        self.assertEqual((intervention.state, intervention.credits), ("accepted", 4))
        self.assertEqual(intervention.line_ids.mapped("description"), ["Extraction"])
        self.assertBalance(self.account, 6, 4)

    def test_protected_fields(self):
        intervention = self._make_quotation(4)
        for vals in (
            {"state": "done"},
            {"revision": 7},
            {"hold_id": False},
            {"delivered_credits": 9},
            {"name": "X"},
        ):
            with self.assertRaises(UserError):
                intervention.write(vals)
        with self.assertRaises(UserError):
            self._make_intervention(4, state="accepted")
        with self.assertRaises(UserError):
            self.env["service.intervention"].with_user(self.user).with_context(
                default_state="done"
            ).create({"partner_id": self.contact.id, "type_id": self.kind.id})

    def test_agreed_content_is_fixed(self):
        intervention = self._in_state("accepted", 4)
        for change in (
            lambda: intervention.write({"partner_id": self.client.id}),
            lambda: intervention.write({"description": "Other"}),
            lambda: intervention.line_ids.write({"credits": 1}),
            intervention.line_ids.unlink,
            intervention.line_ids.copy,
        ):
            with self.assertRaisesRegex(UserError, "new revision"):
                change()

    def test_rights_of_contacts(self):
        intervention = self._make_quotation(6)
        self.contact.service_credit_may_decide = False
        with self.assertRaises(AccessError):
            intervention._accept(self.contact, intervention.revision)
        self.contact.service_credit_may_decide = True
        self.contact.service_credit_ceiling = 5
        with self.assertRaisesRegex(AccessError, "up to 5 credits"):
            intervention._accept(self.contact, intervention.revision)
        self.assertEqual(intervention.state, "quoted")
        self.contact.service_credit_ceiling = 6
        intervention._accept(self.contact, intervention.revision)
        self.assertEqual(intervention.state, "accepted")

    def test_columns_of_rights_are_empty(self):
        """Nothing was written to every partner at install."""
        self.env.cr.execute("""
            SELECT column_default FROM information_schema.columns
             WHERE table_name = 'res_partner' AND column_name LIKE 'service_credit_no_%'
        """)
        self.assertEqual({row[0] for row in self.env.cr.fetchall()}, {None})
        self.env.cr.execute("""
            SELECT count(*) FROM res_partner
             WHERE service_credit_no_see IS NOT NULL AND id = %s
        """, [self.env.ref("base.main_partner").id])
        self.assertEqual(self.env.cr.fetchone()[0], 0)

    def test_on_behalf(self):
        intervention = self._make_quotation(4)
        wizard = self.env["service.intervention.decide"].with_user(self.user).create(
            {"intervention_id": intervention.id, "reason": "By telephone"}
        )
        self.assertEqual(wizard.partner_id, self.contact)
        wizard.action_confirm()
        self.assertEqual(intervention.state, "accepted")
        decision = intervention.decision_ids
        self.assertEqual((decision.way, decision.user_id), ("staff", self.user))
        self.assertEqual(decision.reason, "By telephone")

    def test_on_behalf_of_what_changed(self):
        intervention = self._make_quotation(4)
        wizard = self.env["service.intervention.decide"].with_user(self.user).create(
            {"intervention_id": intervention.id, "reason": "By telephone"}
        )
        intervention.line_ids.credits = 9
        with self.assertRaisesRegex(UserError, "changed meanwhile"):
            wizard.action_confirm()

    def test_sending_needs_price_and_address(self):
        intervention = self._make_intervention(0)
        with self.assertRaisesRegex(UserError, "no price"):
            intervention._send_quotation()
        intervention.line_ids.credits = 1
        self.contact.email = False
        with self.assertRaisesRegex(UserError, "no e-mail"):
            intervention._send_quotation()
        self.assertEqual(intervention.state, "request")

    def test_seen_once(self):
        intervention = self._make_quotation(4)
        self.assertTrue(intervention._mark_seen(self.contact))
        self.assertFalse(intervention._mark_seen(self.contact))
        self.assertEqual(intervention.seen_by_id, self.contact)
        notes = intervention.message_ids.filtered(lambda m: "seen by" in str(m.body))
        self.assertEqual(len(notes), 1)

    def test_unlink(self):
        self._in_state("request").with_user(self.manager).unlink()
        for state in ("quoted", "accepted", "done"):
            with self.assertRaises(UserError):
                self._in_state(state, 1).with_user(self.manager).unlink()
