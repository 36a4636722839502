from odoo import fields, models
from odoo.exceptions import AccessError, UserError

MAX_REASON = 5000


class ServiceIntervention(models.Model):
    """What the client decides. Each decision waits for the row, reads it anew, checks, then acts.

    These methods trust their caller to have established who `partner` is: the portal by the
    session or the token, staff by the wizard. They check what that contact may do.
    """

    _inherit = "service.intervention"

    # === Decisions === #

    def _accept(self, partner, revision, way="portal", ip=None, chosen=None, reason=None):
        """Accept the quotation for the client: its credits are reserved.

        :param partner: the contact who accepts, of the client's company
        :param int revision: the revision that they saw
        :param way: a value of ``service.intervention.decision.way``
        :param chosen: the optional lines that they ticked (None: as they stand)
        :raises UserError: not to be decided (any more), changed meanwhile, too few credits
        :raises AccessError: a contact of another client, or without the right to decide
        """
        self.ensure_one()
        self._lock()
        self._check_decidable(revision)
        self._choose_lines(chosen)
        self._check_may_decide(partner, way)
        self._check_unclaimed()
        self._reserve_credits()
        self._record_decision("accepted", partner, way, ip, reason)
        intervention = self._as_decided()
        intervention.write(
            {"state": intervention.resume_state or "accepted", "resume_state": False}
        )
        self._post_decision(
            partner,
            self._in_client_lang().env._(
                "Revision %(revision)s accepted: %(credits)s credits are reserved.",
                revision=self.revision,
                credits=self.held_credits,
            ),
            way,
            reason,
        )

    def _refuse(self, partner, revision, reason=None, way="portal", ip=None):
        """Refuse the quotation for the client. The reason is optional, and shown to staff.

        Refusing a new revision of agreed work leaves that work as it was agreed.
        """
        self.ensure_one()
        self._lock()
        self._check_decidable(revision, expired_too=True)
        self._check_may_decide(partner, way, refusing=True)
        reason = (reason or "").strip()
        if len(reason) > MAX_REASON:
            raise UserError(
                self.env._(
                    "The reason is too long (%(length)s characters): at most %(most)s.",
                    length=len(reason),
                    most=MAX_REASON,
                )
            )
        self._record_decision("refused", partner, way, ip, reason)
        intervention = self._as_decided()
        intervention.refusal_reason = reason
        if intervention.resume_state:
            intervention._resume_agreed()
        else:
            intervention.state = "refused"
        self._post_decision(
            partner,
            self._in_client_lang().env._("Revision %(revision)s refused.", revision=revision),
            way,
            reason,
        )

    def _undo_acceptance(self, partner, way="portal", ip=None):
        """Take an acceptance back before the work starts, where the company allows it."""
        self.ensure_one()
        self._lock()
        if not self.company_id.service_credit_allow_undo:
            raise UserError(
                self.env._("An acceptance cannot be taken back here: please contact us.")
            )
        self._check_state(("accepted", "awaiting_credits"), self.env._("taken back"))
        self._check_may_decide(partner, way, refusing=True)
        self._record_decision("undone", partner, way, ip)
        # Waiting for credits, what is held belongs to the agreement before this revision.
        if self.state == "accepted":
            self._release_credits()
            self._hold_agreed_before()
        self._as_decided().write(
            {"state": "quoted", "awaiting_since": False, "sale_order_id": False}
        )
        self._post_decision(
            partner,
            self._in_client_lang().env._("Acceptance taken back: the quotation is open again."),
            way,
        )
        self._credits_released()

    def _withdraw(self, partner, way="portal", ip=None):
        """Cancel a request or a wait for credits, by the client who made it."""
        self.ensure_one()
        self._lock()
        self._check_state(("request", "awaiting_credits"), self.env._("cancelled by the client"))
        if self.resume_state or self.hold_id.remaining:
            raise UserError(
                self.env._("Work was agreed already: please contact us to cancel it.")
            )
        self._check_may_decide(partner, way, refusing=True)
        self._cancel("cancelled", partner, way, ip)
        self._post_decision(
            partner, self._in_client_lang().env._("Cancelled by the client."), way
        )

    # === Checks === #

    def _check_decidable(self, revision, expired_too=False):
        """Raise a clear error unless this revision of the quotation is open for a decision."""
        self._content_changed()
        if self.state == "quoted" and revision != self.revision:
            raise UserError(
                self.env._(
                    "The quotation changed meanwhile: it is now revision %(revision)s."
                    " Please read it again before deciding.",
                    revision=self.revision,
                )
            )
        messages = {
            "request": self.env._("This quotation is being prepared: it was not sent yet."),
            "awaiting_credits": self.env._("This quotation was accepted already."),
            "accepted": self.env._("This quotation was accepted already."),
            "in_progress": self.env._("This quotation was accepted already: work has begun."),
            "done": self.env._("This intervention was delivered already."),
            "refused": self.env._("This quotation was refused already."),
            "expired": self.env._("This quotation has expired: please ask for a new one."),
            "cancelled": self.env._("This intervention was cancelled."),
        }
        if self.state in messages:
            raise UserError(messages[self.state])
        if self._is_expired() and not expired_too:
            raise UserError(messages["expired"])

    def _is_expired(self):
        self.ensure_one()
        return bool(
            self.state == "quoted"
            and self.validity_date
            and self.validity_date < fields.Date.context_today(self)
        )

    def _choose_lines(self, chosen):
        """Take over which optional lines the client ticked."""
        if chosen is not None:
            # sudo: the client ticks, they write nothing else
            lines = self.sudo().line_ids
            if chosen.intervention_id - self or chosen - lines:
                raise UserError(self.env._("These lines are not part of the quotation."))
            chosen._check_selectable()
            optional = lines.filtered("optional")
            (optional & chosen).filtered(lambda line: not line.selected).selected = True
            (optional - chosen).filtered("selected").selected = False
        # sudo: the price is no field of the client's, who was let in to the intervention
        if not self.sudo().credits:
            raise UserError(self.env._("Nothing is chosen: tick at least one line."))

    def _check_may_decide(self, partner, way, refusing=False):
        """Whether that contact of the client may decide, up to their ceiling."""
        # sudo: a colleague's contact card is not for everyone to read
        partner = partner.sudo()
        if partner.commercial_partner_id != self.commercial_partner_id:
            raise AccessError(
                self.env._(
                    "%(contact)s does not belong to %(client)s.",
                    contact=partner.display_name,
                    client=self.sudo().commercial_partner_id.display_name,
                )
            )
        if way in ("staff", "office"):
            return
        if blocker := self._get_decision_blocker(partner, refusing):
            raise AccessError(blocker)

    def _get_decision_blocker(self, partner, refusing=False):
        """Why `partner` may not decide this one, in words for them; nothing when they may."""
        self.ensure_one()
        partner = partner.sudo()
        if not partner.service_credit_may_decide:
            return self.env._("Another contact of your company decides on quotations.")
        ceiling = partner.service_credit_ceiling
        # sudo: the price is no field of the client's, who was let in to the intervention
        credits = self.sudo().credits
        if not refusing and ceiling and credits > ceiling:
            return self.env._(
                "You decide on up to %(ceiling)s credits; this one costs %(credits)s:"
                " another contact of your company decides.",
                ceiling=ceiling,
                credits=credits,
            )
        return ""

    def _get_deciders(self):
        """The contacts of the client who may decide this one and can be written to."""
        self.ensure_one()
        # sudo: the client's contacts are not all for one contact to read
        client = self.sudo().commercial_partner_id
        contacts = client | client.child_ids.filtered(lambda child: child.type == "contact")
        return contacts.filtered(
            lambda contact: contact.email and not self._get_decision_blocker(contact)
        )

    # === Credits === #

    def _hold_agreed_before(self):
        """After an acceptance was taken back: what was agreed before it stays agreed, its credits
        held, as long as they are there. (If the client took them for something else in the
        meantime, by accepting a smaller revision, nothing is agreed.)"""
        self.ensure_one()
        # sudo: decisions and the ledger are not for clients; what they may do was checked
        intervention = self.sudo()
        agreed = intervention._get_agreement()
        account = intervention.env["service.credit.account"]._find(
            intervention.partner_id, intervention.company_id
        )
        if agreed and agreed.credits <= account.available:
            intervention._reserve_credits(agreed.credits)
            intervention.resume_state = "accepted"

    def _get_agreement(self):
        """The decision that stands as agreed: acceptances taken back do not count."""
        self.ensure_one()
        standing, ordered = [], False
        for decision in self.decision_ids.sorted("id"):
            if decision.decision in ("accepted", "reserved"):
                standing.append(decision)
            elif decision.decision == "undone" and standing and not ordered:
                standing.pop()
            elif decision.decision == "cancelled":
                standing = []
            ordered = decision.decision == "ordered"
        return standing[-1] if standing else self.env["service.intervention.decision"]

    def _reserve_credits(self, needed=None):
        """Reserve what is still needed; what an agreed revision held is put back first."""
        self.ensure_one()
        # sudo: the ledger is not for clients; what they may do was checked
        intervention = self.sudo()
        if needed is None:
            needed = intervention._get_credits_to_reserve()
        account = intervention.env["service.credit.account"]._for_partner(
            intervention.partner_id, intervention.company_id
        )
        intervention._release_credits()
        hold = intervention.env["service.credit.hold"]
        if needed:
            hold = account._reserve(
                needed, key=intervention._get_key("reserve"), reason=intervention.display_name
            )
        intervention.write({"hold_id": hold.id, "hold_ids": [fields.Command.link(hold.id)]}
                           if hold else {"hold_id": False})

    def _release_credits(self):
        # sudo: the ledger is not for clients; what they may do was checked
        intervention = self.sudo()
        hold = intervention.hold_id
        if hold.remaining:
            hold._release(key=intervention._get_key("release"), reason=intervention.display_name)
        intervention.hold_id = False

    def _credits_released(self):
        """Let those who wait have what came free."""
        for intervention in self.sudo():
            account = intervention.env["service.credit.account"]._find(
                intervention.partner_id, intervention.company_id
            )
            account._credits_arrived()

    def _get_key(self, operation):
        """An idempotency key. The row is locked: the number of holds tells one round of accepting
        and taking back from the next."""
        return (
            f"intervention:{self.id}:revision:{self.revision}:{operation}:{len(self.hold_ids)}"
            f":{self.delivered_credits}"
        )

    # === What is kept === #

    def _as_decided(self):
        """For writing what was decided: the contact has no right to write it themselves."""
        return self.sudo()

    def _in_client_lang(self):
        # sudo: the language of the contact, read for any caller
        return self.with_context(lang=self.sudo().partner_id.lang or self.env.lang)

    def _record_decision(self, decision, partner, way, ip=None, reason=None):
        """Keep who decided what, when, from which address and by which way."""
        self.ensure_one()
        # sudo: decisions are kept by these methods alone
        intervention = self.sudo()
        lines = intervention.line_ids.sorted(lambda line: (line.sequence, line.id))
        record = intervention.env["service.intervention.decision"].create(
            {
                "intervention_id": intervention.id,
                "decision": decision,
                "way": way,
                "partner_id": partner.id,
                "user_id": self.env.uid,
                "ip": ip,
                "revision": intervention.revision,
                "credits": intervention.credits,
                "reason": reason,
                "chosen": [
                    index
                    for index, line in enumerate(lines)
                    if not line.optional or line.selected
                ],
            }
        )
        if decision in ("accepted", "ordered", "refused"):
            intervention.write(
                {
                    "decided_by_id": partner.id,
                    "decided_on": record.date,
                    "decision_way": way,
                    "decision_ip": ip,
                }
            )
        return record

    def _post_decision(self, partner, text, way, reason=None):
        """Tell in the chatter, as the contact who decided: staff who follow get it by mail."""
        body = text if not reason else self._join_reason(text, reason)
        # sudo: the client's decision is posted whoever records it
        self.sudo().message_post(
            body=body,
            author_id=partner.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def _join_reason(self, text, reason):
        return self._in_client_lang().env._(
            "%(decision)s Reason: %(reason)s", decision=text, reason=reason
        )

