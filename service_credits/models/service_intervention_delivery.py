from odoo import fields, models
from odoo.exceptions import UserError

from .service_intervention import AGREED_STATES

CANCELLABLE_STATES = (
    "request", "quoted", "awaiting_credits", "accepted", "in_progress", "refused", "expired",
)  # fmt: skip


class ServiceIntervention(models.Model):
    """The work: begun, delivered in one or several parts, or cancelled."""

    _inherit = "service.intervention"

    # === Buttons === #

    def action_start(self):
        """The work begins: from now on the client cannot take the acceptance back."""
        self.check_access("write")
        self._lock()
        self._check_state(("accepted",), self.env._("started"))
        # sudo: the state moves by these methods alone
        self.sudo().state = "in_progress"

    def action_deliver(self):
        """Ask what was delivered: all that is reserved, less, or a first part."""
        self.check_access("write")
        self.ensure_one()
        self._check_state(AGREED_STATES, self.env._("delivered"))
        return {
            "name": self.env._("Deliver"),
            "type": "ir.actions.act_window",
            "res_model": "service.intervention.deliver",
            "view_mode": "form",
            "target": "new",
            "context": {"default_intervention_id": self.id},
        }

    def action_deliver_all(self):
        """Deliver each one in full: all the credits that it holds are spent."""
        self.check_access("write")
        self._deliver()

    def action_decide_on_behalf(self):
        """Record what the client decided by telephone or face to face, with a reason."""
        self.check_access("write")
        self.ensure_one()
        self._check_state(("quoted",), self.env._("decided"))
        return {
            "name": self.env._("Decide on Behalf of the Client"),
            "type": "ir.actions.act_window",
            "res_model": "service.intervention.decide",
            "view_mode": "form",
            "target": "new",
            "context": {"default_intervention_id": self.id},
        }

    def action_cancel(self):
        """Cancel each one; reserved credits are available again, delivered ones stay spent."""
        self.check_access("write")
        self._lock()
        self._check_state(CANCELLABLE_STATES, self.env._("cancelled"))
        for intervention in self:
            told = intervention.state != "request" or intervention.sent_date
            intervention._cancel("cancelled", self.env.user.partner_id, "office")
            if told:
                intervention._post_to_client(
                    intervention._in_client_lang().env._("Cancelled by us.")
                )

    def action_reopen(self):
        """Back to a request, to be priced and sent anew."""
        self.check_access("write")
        self._lock()
        self._check_state(("cancelled",), self.env._("opened again"))
        # sudo: the state moves by these methods alone
        for intervention in self.sudo():
            intervention.write(
                {
                    "state": "request",
                    "revision": intervention.revision + bool(intervention.sent_date),
                    "validity_date": False,
                }
            )
            intervention._content_changed()

    # === The work === #

    def _deliver(self, credits=None):
        """Deliver what was agreed: `credits` of what is held are spent, the rest is released.

        :param int credits: None for all that is held
        :raises UserError: more than is held: that needs a new revision which the client accepts
        """
        self._lock()
        self._check_state(AGREED_STATES, self.env._("delivered"))
        for intervention in self:
            spent = intervention._consume(
                intervention.hold_id.remaining if credits is None else credits
            )
            # sudo: the ledger's operations and the state are not for the users to write
            sudoed = intervention.sudo()
            if sudoed.hold_id.remaining:
                sudoed.hold_id._release(
                    key=sudoed._get_key("rest"), reason=sudoed.display_name
                )
            sudoed.write({"state": "done", "done_date": fields.Datetime.now()})
            sudoed._keep_spent(spent)
            intervention._post_to_client(
                intervention._in_client_lang().env._(
                    "Delivered: %(credits)s credits were spent in all.",
                    credits=sudoed.delivered_credits,
                )
            )
        self._credits_released()

    def _deliver_part(self, credits):
        """Deliver a part: `credits` of what is held are spent, the rest stays reserved."""
        self.ensure_one()
        self._lock()
        self._check_state(AGREED_STATES, self.env._("delivered"))
        if credits < 1:
            raise UserError(self.env._("A part spends at least one credit."))
        spent = self._consume(credits)
        # sudo: the state moves by these methods alone
        sudoed = self.sudo()
        sudoed.state = "in_progress"
        sudoed._keep_spent(spent)
        self._post_to_client(
            self._in_client_lang().env._(
                "A part was delivered: %(credits)s credits were spent, %(rest)s are still"
                " reserved.",
                credits=spent,
                rest=sudoed.hold_id.remaining,
            )
        )

    def _consume(self, credits):
        self.ensure_one()
        # sudo: the ledger's operations are for those who may work on the intervention
        intervention = self.sudo()
        held = intervention.hold_id.remaining
        if credits < 0 or int(credits) != credits:
            raise UserError(self.env._("Credits are whole numbers, not %(given)s.", given=credits))
        if credits > held:
            raise UserError(
                self.env._(
                    "%(intervention)s of %(client)s holds %(held)s credits, not %(wanted)s:"
                    " more work needs a new revision that the client accepts.",
                    intervention=intervention.display_name,
                    client=intervention.commercial_partner_id.display_name,
                    held=held,
                    wanted=credits,
                )
            )
        if credits:
            intervention.hold_id._consume(
                quantity=int(credits),
                key=intervention._get_key("deliver"),
                reason=intervention.display_name,
            )
        return int(credits)

    def _keep_spent(self, credits):
        """Add to what was spent so far (last: the operations' keys count on it)."""
        self.delivered_credits += credits

    def _cancel(self, decision, partner, way, ip=None, reason=None):
        """Release what is held and close, whoever decided it. The rows are locked already."""
        self.ensure_one()
        self._record_decision(decision, partner, way, ip, reason)
        self._release_credits()
        # sudo: the state moves by these methods alone
        self.sudo().write({"state": "cancelled", "resume_state": False, "awaiting_since": False})
        self.sudo().activity_unlink(["mail.mail_activity_data_todo"])
        self._credits_released()

    def _post_to_client(self, body):
        """A message that the client reads in the portal and gets by mail, as a follower."""
        self.message_post(body=body, message_type="comment", subtype_xmlid="mail.mt_comment")
