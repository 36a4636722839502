from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from .service_intervention import AGREED_STATES

SENDABLE_STATES = ("request", "quoted", "refused", "expired")
DEFAULT_VALIDITY_DAYS = 30


class ServiceIntervention(models.Model):
    """Pricing an intervention and sending it as a quotation."""

    _inherit = "service.intervention"

    # === Buttons === #

    def action_apply_suggestion(self):
        """Write the credits that the guide suggests as the one line of an unpriced request."""
        self.check_access("write")
        for intervention in self:
            if not intervention.suggested_credits:
                raise UserError(self.env._("Estimate the hours first."))
            if intervention.line_ids:
                raise UserError(
                    self.env._("%(name)s has lines already.", name=intervention.display_name)
                )
            intervention.line_ids = [
                fields.Command.create(
                    {
                        "description": intervention.subject or intervention.type_id.name,
                        "credits": intervention.suggested_credits,
                    }
                )
            ]

    def action_send(self):
        """Open Odoo's composer with the quotation; several at once are written to each in turn."""
        self.check_access("write")
        self._prepare_to_send()
        context = {
            "default_model": self._name,
            "default_res_ids": self.ids,
            "default_template_id": self._get_quotation_template().id,
            "default_composition_mode": "comment" if len(self) == 1 else "mass_mail",
            "default_email_layout_xmlid": "service_credits.mail_layout_bare",
            "hide_mail_template_management_options": True,
            "service_credits_mark_quoted": True,
            "force_email": True,
        }
        return {
            "name": self.env._("Send the Quotation"),
            "type": "ir.actions.act_window",
            "view_mode": "form",
            "views": [(False, "form")],
            "res_model": "mail.compose.message",
            "target": "new",
            "context": context,
        }

    def action_remind(self):
        """Remind the clients of their open quotations now, whether or not they were before."""
        self.check_access("write")
        self._lock()
        self._check_state(("quoted",), self.env._("reminded of"))
        for intervention in self:
            if intervention._is_expired():
                raise UserError(
                    self.env._(
                        "%(intervention)s is past its validity: send it again instead.",
                        intervention=intervention.display_name,
                    )
                )
        self._check_sendable()
        for intervention in self.sudo():  # sudo: the date is not for the users to write
            intervention._remind()

    def action_revise(self):
        """Quote anew: what was refused or expired, or more work than was agreed."""
        self.check_access("write")
        self._revise()

    def action_preview(self):
        """Open the page that the client sees."""
        self.ensure_one()
        self.check_access("read")
        return {"type": "ir.actions.act_url", "target": "self", "url": self.access_url}

    # === Sending === #

    def _send_quotation(self):
        """Send each quotation at once, in the client's language, and mark it quoted."""
        self._prepare_to_send()
        for intervention in self:
            intervention.with_context(service_credits_mark_quoted=True).message_post_with_source(
                self._get_quotation_template(),
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                email_layout_xmlid="service_credits.mail_layout_bare",
            )

    def _get_quotation_template(self):
        return self.env.ref("service_credits.mail_template_intervention_quotation")

    def _prepare_to_send(self):
        """Check that each can be sent, and give it what the mail shows: a number and a validity."""
        self._lock()
        self._check_state(SENDABLE_STATES, self.env._("sent"))
        self._check_sendable()
        for intervention in self:
            if intervention.state in ("refused", "expired"):
                intervention._revise()
            today = fields.Date.context_today(intervention)
            if not intervention.validity_date or intervention.validity_date < today:
                # sudo: also where the caller may not write it any more (a quotation sent again)
                intervention.sudo().validity_date = today + timedelta(
                    days=intervention._get_validity_days()
                )
            intervention._portal_ensure_token()

    def _check_sendable(self):
        for intervention in self:
            if not sum(intervention.line_ids.mapped("credits")):
                raise UserError(
                    self.env._(
                        "%(intervention)s has no price: write at least one line with credits.",
                        intervention=intervention.display_name,
                    )
                )
            if not intervention.partner_id.email:
                raise UserError(
                    self.env._(
                        "%(client)s has no e-mail address: the quotation %(intervention)s cannot"
                        " be sent.",
                        client=intervention.partner_id.display_name,
                        intervention=intervention.display_name,
                    )
                )

    def _get_validity_days(self):
        self.ensure_one()
        return (
            self.type_id.validity_days
            or self.company_id.service_credit_validity_days
            or DEFAULT_VALIDITY_DAYS
        )

    def _mark_quoted(self):
        """The quotation left: from now on the client decides, until its validity ends."""
        for intervention in self:
            first = intervention.state != "quoted"
            # sudo: the state moves by these methods alone
            intervention.sudo().write(
                {
                    "state": "quoted",
                    "sent_date": fields.Datetime.now(),
                    "reminder_date": False,
                    "refusal_reason": False,
                    **({"seen_date": False, "seen_by_id": False} if first else {}),
                }
            )
            intervention._content_changed()
            intervention._keep_revision().sent_date = intervention.sent_date
            intervention.message_subscribe(partner_ids=intervention.partner_id.ids)
            intervention.activity_unlink(["mail.mail_activity_data_todo"])

    def message_post(self, **kwargs):
        """A quotation posted by the composer marks the intervention as quoted.

        The mail carries the links of the one it was sent to: it stays out of the client's chatter,
        which colleagues read as well.
        """
        marking = self.env.context.get("service_credits_mark_quoted")
        if not marking:
            return super().message_post(**kwargs)
        self.check_access("write")
        self._lock()
        self._check_state(SENDABLE_STATES, self.env._("sent"))
        self._check_sendable()
        unmarked = self.with_context(service_credits_mark_quoted=False)
        message = super(ServiceIntervention, unmarked).message_post(**kwargs)
        # sudo: a message belongs to its author, who may be another than the sender
        message.sudo().is_internal = True
        self._mark_quoted()
        return message

    # === Revisions === #

    def _revise(self):
        """Open the quotation again under a new number.

        Work agreed before stays agreed, its credits reserved, until the client accepts the new
        revision.
        """
        self._lock()
        self._check_state(
            ("quoted", "refused", "expired", *AGREED_STATES), self.env._("quoted anew")
        )
        # sudo: the state moves by these methods alone
        for intervention in self.sudo():
            vals = {"state": "request", "revision": intervention.revision + 1}
            if intervention.state in AGREED_STATES:
                intervention._keep_revision()
                vals["resume_state"] = intervention.state
            intervention.write({**vals, "validity_date": False})
            intervention._content_changed()

    def _resume_agreed(self):
        """Go on as agreed before the revision that the client did not want."""
        self.ensure_one()
        # sudo: the state and the agreed lines are not for the users to write
        intervention = self.sudo()
        agreed = intervention._get_agreement()
        kept = intervention.revision_ids.filtered(
            lambda revision: revision.number == agreed.revision
        )
        state = intervention.resume_state
        if kept:
            chosen = list(agreed.chosen or [])
            intervention.line_ids = [fields.Command.clear()] + [
                fields.Command.create(
                    {
                        **line,
                        "sequence": 10 + index,
                        "selected": not line["optional"] or index in chosen,
                    }
                )
                for index, line in enumerate(kept.content)
            ]
        intervention.write({"state": state, "resume_state": False})
        intervention.content_signature = intervention._get_content_signature()
