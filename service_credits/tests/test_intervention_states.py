from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common_intervention import InterventionCase

STATES = (
    "request", "quoted", "awaiting_credits", "accepted", "in_progress", "done", "refused",
    "expired", "cancelled",
)  # fmt: skip

# action: {state it is allowed in: state it leads to}. Whatever is not here is refused.
TABLE = {
    "send": dict.fromkeys(("request", "quoted", "refused", "expired"), "quoted"),
    "revise": dict.fromkeys(("quoted", "refused", "expired", "accepted", "in_progress"), "request"),
    "accept": {"quoted": "accepted"},
    "accept_and_order": {"quoted": "accepted"},  # the credits are there: nothing to order
    "refuse": {"quoted": "refused"},
    "decide_on_behalf": {"quoted": "quoted"},  # opens the window
    "remind": {"quoted": "quoted"},
    "ask_colleagues": {"quoted": "quoted"},
    "undo": {"accepted": "quoted", "awaiting_credits": "quoted"},
    "withdraw": {"request": "cancelled", "awaiting_credits": "cancelled"},
    "reserve": {"awaiting_credits": "accepted"},
    "start": {"accepted": "in_progress"},
    "deliver": {"accepted": "done", "in_progress": "done"},
    "deliver_part": {"accepted": "in_progress", "in_progress": "in_progress"},
    "cancel": {s: "cancelled" for s in STATES if s not in ("done", "cancelled")},
    "reopen": {"cancelled": "request"},
    "edit_lines": {"request": "request", "quoted": "quoted"},
}


@tagged("post_install", "-at_install")
class TestInterventionStates(InterventionCase):
    """Every action in every state: allowed and done, or refused and nothing changed."""

    def _act(self, action, intervention):
        staff = intervention.with_user(self.user)
        contact, revision = self.contact, intervention.revision
        return {
            "send": staff._send_quotation,
            "revise": staff.action_revise,
            "accept": lambda: intervention._accept(contact, revision),
            "accept_and_order": lambda: intervention._accept_and_order(contact, revision),
            "refuse": lambda: intervention._refuse(contact, revision),
            "decide_on_behalf": staff.action_decide_on_behalf,
            "remind": staff.action_remind,
            "ask_colleagues": lambda: intervention._ask_colleagues(contact),
            "undo": lambda: intervention._undo_acceptance(contact),
            "withdraw": lambda: intervention._withdraw(contact),
            "reserve": staff.action_reserve_credits,
            "start": staff.action_start,
            "deliver": staff.action_deliver_all,
            "deliver_part": lambda: staff._deliver_part(1),
            "cancel": staff.action_cancel,
            "reopen": staff.action_reopen,
            "edit_lines": lambda: staff.line_ids.write({"description": "Otherwise"}),
        }[action]()

    def _figures(self, intervention):
        self.env.invalidate_all()
        return (
            intervention.state, intervention.revision, intervention.held_credits,
            intervention.delivered_credits, intervention.refusal_reason,
            len(intervention.decision_ids), len(intervention.message_ids),
            self.account.available, self.account.held, self.account.last_sequence,
        )  # fmt: skip

    def test_table(self):
        self.assertEqual(
            set(STATES), set(dict(self.env["service.intervention"]._fields["state"].selection))
        )
        for action, allowed in TABLE.items():
            for state in STATES:
                with self.subTest(action=action, state=state):
                    intervention = self._in_state(state, 2)
                    before = self._figures(intervention)
                    held = intervention.held_credits
                    if state in allowed:
                        self._act(action, intervention)
                        self.assertEqual(intervention.state, allowed[state])
                        if allowed[state] in ("cancelled", "done", "refused"):
                            self.assertFalse(intervention.held_credits)
                        if held and action == "revise":
                            self.assertEqual(intervention.held_credits, held)
                    else:
                        with self.assertRaises(UserError), self.cr.savepoint():
                            self._act(action, intervention)
                        self.assertEqual(self._figures(intervention), before)
                    # the next one finds the stock as it was
                    if intervention.held_credits:
                        intervention.sudo()._release_credits()
                    self.account._grant(
                        max(1, 10 - self.account.available),
                        key=f"test:{action}:{state}", reason="Refill",
                    )  # fmt: skip
        self.assertSound()

    def test_buttons_of_the_form(self):
        """The form shows a button in the states of the table, and in no other."""
        arch = self.env["service.intervention"].get_view(
            self.env.ref("service_credits.service_intervention_view_form").id, "form"
        )["arch"]
        for action, button in {
            "start": "action_start", "deliver": "action_deliver", "reopen": "action_reopen",
            "revise": "action_revise", "decide_on_behalf": "action_decide_on_behalf",
            "reserve": "action_reserve_credits", "remind": "action_remind",
        }.items():  # fmt: skip
            [condition] = {
                line.split('invisible="')[1].split('"')[0]
                for line in arch.splitlines()
                if f'name="{button}"' in line
            }
            for state in STATES:
                hidden = safe_eval(condition, {"state": state})
                self.assertEqual(hidden, state not in TABLE[action], (button, state))


@tagged("post_install", "-at_install")
class TestInterventionCron(InterventionCase):
    """Quotations expire, clients are reminded once; a broken one stops no other."""

    def _run(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("service_credits.cron_expire_quotations").method_direct_trigger()
        self.env.invalidate_all()

    def test_expiry(self):
        late, today, agreed = (self._make_quotation(1) for _number in range(3))
        yesterday = fields.Date.today() - timedelta(days=1)
        late.sudo().validity_date = yesterday
        today.sudo().validity_date = fields.Date.today()
        agreed._accept(self.contact, agreed.revision)
        agreed.sudo().validity_date = yesterday
        self._run()
        self.assertEqual(
            (late.state, today.state, agreed.state), ("expired", "quoted", "accepted")
        )
        self.assertEqual(late.decision_ids.decision, "expired")
        self.assertBalance(self.account, 9, 1)
        self._run()
        self.assertEqual(len(late.decision_ids), 1)

    def test_expired_revision_of_agreed_work(self):
        intervention = self._in_state("in_progress", 4)
        intervention.action_revise()
        intervention.line_ids = [Command.create({"description": "More", "credits": 3})]
        intervention._send_quotation()
        intervention.sudo().validity_date = fields.Date.today() - timedelta(days=1)
        self._run()
        self.assertEqual((intervention.state, intervention.credits), ("in_progress", 4))
        self.assertBalance(self.account, 6, 4)

    def test_reminder(self):
        soon, later, fresh = (self._make_quotation(1) for _number in range(3))
        for quotation, days in ((soon, 2), (later, 10), (fresh, 2)):
            quotation.sudo().validity_date = fields.Date.today() + timedelta(days=days)
        (soon | later).sudo().sent_date = fields.Datetime.now() - timedelta(days=5)
        self._run()
        self.assertEqual(
            [bool(q.reminder_date) for q in (soon, later, fresh)], [True, False, False]
        )
        self._run()
        mails = self.env["mail.mail"].search(
            [("model", "=", soon._name), ("res_id", "=", soon.id)]
        )
        self.assertEqual(len(mails.filtered(lambda mail: "ends on" in mail.subject)), 1)

    def test_reminded_by_hand(self):
        quotations = self._make_quotation(1) | self._make_quotation(2)
        quotations.with_user(self.user).action_remind()
        mails = self.env["mail.mail"].search(
            [("model", "=", quotations._name), ("res_id", "in", quotations.ids)]
        )
        self.assertEqual(len(mails.filtered(lambda mail: "ends on" in mail.subject)), 2)
        self.assertEqual(set(quotations.mapped("reminder_date")), {fields.Date.today()})
        quotations[0].sudo().validity_date = fields.Date.today() - timedelta(days=1)
        with self.assertRaisesRegex(UserError, "past its validity"):
            quotations.with_user(self.user).action_remind()

    def test_no_reminder_wanted(self):
        self.env.company.service_credit_reminder_days = 0
        soon = self._make_quotation(1)
        soon.sudo().write(
            {
                "validity_date": fields.Date.today(),
                "sent_date": fields.Datetime.now() - timedelta(days=5),
            }
        )
        self._run()
        self.assertFalse(soon.reminder_date)

    def test_a_broken_one_stops_no_other(self):
        broken, late = self._make_quotation(1), self._make_quotation(1)
        (broken | late).sudo().validity_date = fields.Date.today() - timedelta(days=1)
        original = type(late)._expire

        def expire(intervention):
            if intervention.id == broken.id:
                raise ValueError("broken")
            return original(intervention)

        self.patch(type(late), "_expire", expire)
        with mute_logger("odoo.addons.service_credits.models.service_intervention_cron"):
            self._run()
        self.assertEqual((broken.state, late.state), ("quoted", "expired"))

    def test_waiting_ones_are_served(self):
        intervention = self._in_state("awaiting_credits", 4)
        self._run()
        self.assertEqual(intervention.state, "accepted")


@tagged("post_install", "-at_install")
class TestInterventionGuide(InterventionCase):
    """The guide suggests and never decides; past ones tell what such work cost."""

    def test_suggestion(self):
        self.kind.write(
            {"credits_per_hour": 1.25, "minimum_credits": 2, "factor_simple": 0.8,
             "factor_complex": 1.5}
        )  # fmt: skip
        for hours, complexity, wanted in (
            (0, "standard", 0), (-3, "standard", 0), (0.5, "standard", 2), (3, "simple", 3),
            (4, "standard", 5), (4, "complex", 8), (4.1, "standard", 6),
        ):  # fmt: skip
            self.assertEqual(
                self.kind._suggest_credits(hours, complexity), wanted, (hours, complexity)
            )

    def test_use_it(self):
        intervention = self._make_intervention(line_ids=[], estimated_hours=3)
        self.assertEqual(intervention.suggested_credits, 3)
        self.assertEqual(intervention.credits, 0)
        intervention.action_apply_suggestion()
        self.assertEqual(intervention.credits, 3)
        with self.assertRaises(UserError):
            intervention.action_apply_suggestion()

    def test_similar(self):
        self.assertEqual(self.kind.similar_count, 0)
        for credits in (1, 2, 6):
            self._in_state("done", credits)
        self.kind.invalidate_recordset()
        self.assertEqual(
            (self.kind.similar_count, self.kind.similar_median, self.kind.similar_min,
             self.kind.similar_max),
            (3, 2, 1, 6),
        )  # fmt: skip
        self.assertIn("median 2 credits", self._make_intervention(1).similar_hint)
        self._in_state("done", 1)
        self.kind.invalidate_recordset()
        french = self._make_intervention(1).with_context(lang="fr_FR")
        self.assertIn("médiane 1,5 crédits, de 1 à 6", french.similar_hint)

    def test_revisions_are_comparable(self):
        intervention = self._make_quotation(4)
        intervention.line_ids = [Command.create({"description": "<b>More</b>", "credits": 1})]
        [second, first] = intervention.revision_ids.sorted("number", reverse=True)
        self.assertEqual((first.credits, second.credits), (4, 5))
        self.assertFalse(first.changes_html)
        self.assertIn("+ &lt;b&gt;More&lt;/b&gt;: 1", second.changes_html)
        self.assertNotIn("Extraction", second.changes_html)
