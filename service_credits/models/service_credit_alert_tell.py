import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)


class ServiceCreditAlert(models.Model):
    """What an alert brings: mails to the client, an activity, a quotation to confirm."""

    _inherit = "service.credit.alert"

    def _tell_one(self):
        self.ensure_one()
        account = self.account_id
        refusal = ""
        if account.alert_policy != "never":
            refusal = self._prepare_topup()
            self.recipient_ids = account._get_stock_readers(may_order=True)
            self._write_mails()
        self._plan_activity(refusal)

    # === The client === #

    def _get_stock_text(self):
        """ "no credits left", "1 credit left" or "12 credits left"."""
        self.ensure_one()
        if not self.available:
            return self.env._("no credits left")
        return self.env._(
            "%(credits)s left", credits=self.account_id._format_credits(self.available)
        )

    def _get_threshold_text(self):
        """The threshold in words: "3 credits"."""
        self.ensure_one()
        return self.account_id._format_credits(self.threshold)

    def _get_order_url(self):
        """Where the client confirms the quotation: Odoo's own page, whoever is logged in."""
        self.ensure_one()
        return self.get_base_url() + self.order_id.get_portal_url() if self.order_id else ""

    def _write_mails(self):
        """Queue one mail for each recipient, in their language."""
        template = self.env.ref(
            "service_credits.mail_template_credit_alert", raise_if_not_found=False
        )
        if not template or not self.recipient_ids:
            return
        for recipient in self.recipient_ids:
            template.with_context(service_credits_recipient_id=recipient.id).send_mail(
                self.id, email_layout_xmlid="service_credits.mail_layout_bare"
            )
        # Sent by the mail queue, which by itself may wait for an hour.
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    # === The quotation === #

    def _prepare_topup(self):
        """Prepare the top-up that the client asked for, unless one is open.

        :return: why there is none although one was asked for, else an empty text
        """
        self.ensure_one()
        account = self.account_id
        if not account.topup_product_id or not account.company_id.service_credit_topup:
            return ""
        self.order_id = self._get_open_topup()
        if self.order_id:
            return ""
        try:
            with self.env.cr.savepoint():
                self.order_id = self.env["sale.order"]._quote_credit_packs(
                    account.partner_id,
                    {account.topup_product_id: account.topup_quantity},
                    account.company_id,
                )
        except UserError as error:
            _logger.info("Service credit account %s: no quotation: %s", account.id, error)
            return str(error)
        return ""

    def _get_open_topup(self):
        """The quotation of an earlier alert that the client can still confirm."""
        orders = self.account_id.alert_ids.order_id
        return orders.filtered(
            lambda order: order.state in ("draft", "sent") and not order.is_expired
        )[:1]

    # === The salesperson === #

    def _plan_activity(self, refusal=""):
        """Put the client on the salesperson's list; an activity still open is renewed."""
        self.ensure_one()
        client = self.partner_id
        user = client.user_id
        activity_type = self._get_activity_type()
        if not user.active or not activity_type or not self._may_read(user, client):
            return
        self.user_id = user
        note = self.with_context(lang=user.lang)._get_activity_note(refusal)
        activity = self.env["mail.activity"].search(
            [
                ("activity_type_id", "=", activity_type.id),
                ("res_model", "=", client._name),
                ("res_id", "=", client.id),
                ("user_id", "=", user.id),
            ],
            limit=1,
        )
        if activity:
            activity.write({"note": note, "date_deadline": fields.Date.context_today(activity)})
        else:
            # Mails are queued: nobody waits for a mail server in the midst of a batch.
            client.with_context(mail_notify_force_send=False).activity_schedule(
                activity_type_id=activity_type.id, user_id=user.id, note=note
            )

    @api.model
    def _may_read(self, user, client):
        return (
            client.with_user(user)
            .with_context(allowed_company_ids=user.company_ids.ids)
            .has_access("read")
        )

    @api.model
    def _get_activity_type(self):
        return (
            self.env.ref(
                "service_credits.mail_activity_type_credit_alert", raise_if_not_found=False
            )
            or self.env["mail.activity.type"]
        )

    def _get_activity_note(self, refusal):
        self.ensure_one()
        note = self.env._(
            "%(client)s: %(left)s; the threshold is %(threshold)s.",
            client=self.account_id._get_html_link(),
            left=self._get_stock_text(),
            threshold=self._get_threshold_text(),
        )
        if self.order_id:
            note += " " + self.env._(
                "The quotation %(order)s waits for their confirmation.",
                order=self.order_id._get_html_link(),
            )
        if refusal:
            note += " " + self.env._("The top-up could not be quoted: %(reason)s", reason=refusal)
        return note

    @api.model
    def _end_activities(self):
        """Take the activities away whose clients have credits again."""
        activities = self.env["mail.activity"].search(
            [
                ("activity_type_id", "in", self._get_activity_type().ids),
                ("res_model", "=", "res.partner"),
            ]
        )
        if activities:
            low = self.env["service.credit.account"].search(
                [("partner_id", "in", activities.mapped("res_id")), ("is_low", "=", True)]
            )
            activities.filtered(lambda act: act.res_id not in low.partner_id.ids).unlink()
