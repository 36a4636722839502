from urllib.parse import urlencode

from markupsafe import escape

from odoo import api, fields, models
from odoo.exceptions import UserError

MAIL_LENGTH = 100_000  # of a mail's text, in characters of HTML, that becomes the description


class ServiceIntervention(models.Model):
    """What the client does in the portal and by mail, besides deciding."""

    _inherit = "service.intervention"

    # === Links === #

    def _get_mail_recipient(self):
        """Whom the mail being written is for: the contact, or a colleague who is to decide."""
        self.ensure_one()
        recipient = self.env.context.get("service_credits_recipient_id")
        return self.env["res.partner"].browse(recipient) if recipient else self.partner_id

    def _get_asking_contact(self):
        return self.env["res.partner"].browse(
            self.env.context.get("service_credits_asking_id") or self.partner_id.id
        )

    def _get_decision_url(self, decision, recipient=None):
        """The page with that decision ready to be confirmed. Opening it decides nothing.

        It says for whom it was written, signed, so that the decision bears their name.
        """
        self.ensure_one()
        recipient = recipient or self.partner_id
        query = {"access_token": self._portal_ensure_token()}
        if recipient:
            query.update(pid=recipient.id, hash=self.sudo()._sign_token(recipient.id))
        if decision != "see":
            query.update(decision=decision, revision=self.revision)
        return f"{self.get_base_url()}{self.access_url}?{urlencode(query)}"

    def _get_report_base_filename(self):
        """The name of the quotation's PDF, downloaded in the portal."""
        self.ensure_one()
        return self.name

    # === Seen === #

    def _mark_seen(self, partner):
        """Log once that the client looked at the quotation: the page reports it when shown."""
        self.ensure_one()
        self._lock()
        if self.state == "request" or self.seen_date:
            return False
        # sudo: the client writes nothing else
        self.sudo().write({"seen_date": fields.Datetime.now(), "seen_by_id": partner.id})
        staff = self.sudo().user_id
        self.sudo()._message_log(
            body=self.with_context(
                lang=staff.lang or self.sudo().company_id.partner_id.lang
            ).env._("Quotation seen by %(contact)s.", contact=partner.sudo().display_name),
            author_id=partner.id,
        )
        return True

    # === Files === #

    def _get_client_files(self):
        """The files that the client sent with the request: what staff attach is theirs alone."""
        self.ensure_one()
        # sudo: attachments are read through the intervention
        intervention = self.sudo()
        attachments = intervention.env["ir.attachment"].search(
            [("res_model", "=", intervention._name), ("res_id", "=", intervention.id)]
        )
        # what was sent in a message belongs to the chatter, internal notes too
        in_messages = intervention.env["mail.message"].search(
            [("model", "=", intervention._name), ("res_id", "=", intervention.id)]
        ).attachment_ids
        return (attachments - in_messages).filtered("create_uid.share")

    # === Requests === #

    def _request_received(self):
        """Acknowledge a request to the client, and put it on the list of the person in charge."""
        template = self.env.ref(
            "service_credits.mail_template_intervention_request", raise_if_not_found=False
        )
        for intervention in self:
            intervention.message_subscribe(partner_ids=intervention.partner_id.ids)
            if intervention.user_id:
                intervention.activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=intervention.with_context(
                        lang=intervention.user_id.lang
                    ).env._("Price this request"),
                    user_id=intervention.user_id.id,
                )
            if template and intervention.partner_id.email:
                intervention._portal_ensure_token()
                template.send_mail(
                    intervention.id, email_layout_xmlid="service_credits.mail_layout_bare"
                )

    def _ask_colleagues(self, partner):
        """Write to the contacts who may decide, in the name of one who may not.

        :return: the contacts written to
        """
        self.ensure_one()
        self._lock()
        self._check_state(("quoted",), self.env._("decided"))
        deciders = self._get_deciders() - partner
        if not deciders:
            raise UserError(
                self.env._("No other contact of your company may decide: please contact us.")
            )
        already = self.sudo().message_ids.filtered(
            lambda message: message.author_id == partner
            and message.subtype_id == self.env.ref("service_credits.mt_decision_asked")
            and message.date.date() == fields.Date.today()
        )
        if already:
            raise UserError(self.env._("They were asked today already."))
        template = self.env.ref("service_credits.mail_template_intervention_colleague")
        for decider in deciders:
            # sudo: a client's contact sends it, by the rules checked above
            template.sudo().with_context(
                service_credits_recipient_id=decider.id, service_credits_asking_id=partner.id
            ).send_mail(self.id, email_layout_xmlid="service_credits.mail_layout_bare")
        self.sudo().message_post(
            body=self._in_client_lang().env._(
                "%(contacts)s were asked to decide.", contacts=", ".join(deciders.mapped("name"))
            ),
            author_id=partner.id,
            message_type="comment",
            subtype_xmlid="service_credits.mt_decision_asked",
        )
        return deciders

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """A mail to the address of a type becomes a request."""
        values = dict(custom_values or {})
        partner = self.env["res.partner"].browse(msg_dict.get("author_id"))
        if not partner and msg_dict.get("email_from"):
            partner = self.env["mail.thread"]._partner_find_from_emails_single(
                [msg_dict["email_from"]], no_create=False
            )
            msg_dict["author_id"] = partner.id
        if not partner:
            raise UserError(self.env._("A mail without a sender cannot become a request."))
        values.setdefault("partner_id", partner.id)
        values.setdefault(
            "subject",
            (msg_dict.get("subject") or "")[: self._fields["subject"].size] or False,
        )
        body = msg_dict.get("body") or ""
        if len(body) > MAIL_LENGTH:  # the chatter keeps the whole mail
            rest = self.env._("The mail is longer: the whole of it is in the messages.")
            body = f"{body[:MAIL_LENGTH]}<p><em>{escape(rest)}</em></p>"
        values.setdefault("description", body)
        if kind := self.env["service.intervention.type"].browse(values.get("type_id")):
            values.setdefault("company_id", kind.company_id.id or self.env.company.id)
        intervention = super().message_new(msg_dict, custom_values=values)
        intervention._request_received()
        return intervention
