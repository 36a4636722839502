from markupsafe import Markup

from odoo import SUPERUSER_ID, api, models


class ServiceCreditPurchase(models.AbstractModel):
    """Telling people what buying granted or took back, and why."""

    _inherit = "service.credit.purchase"

    @api.model
    def _tell(self, news, why, moves=None):
        """Chatter of the documents, mail to the client, activities, and who waits for credits.

        :param news: dicts with ``source``, ``lot``, ``credits`` (negative: taken back) and
            ``left`` (credits that were already used)
        """
        for model, names in (
            ("sale.order.line", ["service_credit_lot_ids"]),
            ("account.move.line", ["service_credit_lot_ids"]),
            ("sale.order", self._get_figure_fields()),
            ("account.move", self._get_figure_fields()),
            ("service.credit.account", ["pending"]),
        ):
            # The ledger writes by SQL.
            self.env[model].invalidate_model(names, flush=False)
        self._log_on_documents(news, moves)
        self._plan_activities(news, why)
        accounts = self.env["service.credit.account"]
        for item in news:
            if item["credits"] > 0:
                accounts |= item["lot"].account_id
        for account in accounts:
            self._mail_arrival(
                account, [n for n in news if n["credits"] > 0 and n["lot"].account_id == account]
            )
        if accounts:
            accounts._credits_arrived()

    @api.model
    def _get_figure_fields(self):
        return ["service_credits_bought", "service_credits_granted", "service_credits_pending"]

    @api.model
    def _get_event_label(self, why):
        return {
            "order": self.env._("the order is confirmed"),
            "invoice": self.env._("the invoice is posted"),
            "payment": self.env._("the invoice is paid"),
            "order_cancelled": self.env._("the order is cancelled"),
            "invoice_cancelled": self.env._("the invoice is cancelled"),
            "credit_note": self.env._("a credit note is posted"),
            "bounced": self.env._("the payment was cancelled"),
            "quantity": self.env._("the quantity was changed"),
            "deleted": self.env._("the invoice was deleted"),
        }.get(why, why)

    @api.model
    def _get_reason(self, source, line, why=None):
        """One line of the client's statement, in the client's language."""
        lang = source.partner.lang or self.env.lang
        env = self.with_context(lang=lang).env
        document = line.move_id if line._name == "account.move.line" else line.order_id
        values = {
            "document": document.name or "",
            "product": line.with_context(lang=lang).product_id.display_name,
        }
        reasons = {
            None: env._("Purchase %(document)s: %(product)s", **values),
            "order_cancelled": env._("Order cancelled %(document)s: %(product)s", **values),
            "invoice_cancelled": env._(
                "Invoice cancelled %(document)s: %(product)s", **values
            ),
            "credit_note": env._("Credit note %(document)s: %(product)s", **values),
            "bounced": env._("Payment cancelled %(document)s: %(product)s", **values),
            "quantity": env._("Quantity changed %(document)s: %(product)s", **values),
        }
        return reasons.get(why) or env._("Correction %(document)s: %(product)s", **values)

    @api.model
    def _log_on_documents(self, news, moves):
        notes = {}
        for item in news:
            message = self._get_message(item)
            source = item["source"]
            documents = [source.record.order_id] if source.is_order_line else []
            documents += item["lot"].invoice_line_id.move_id if item["lot"] else []
            documents += [
                move for move in moves or () if move.exists() and source.lines & move.line_ids
            ]
            if not documents and not source.is_order_line:
                documents = [source.record.move_id]
            for document in dict.fromkeys(documents):
                notes.setdefault(document, []).append(message)
        for document, messages in notes.items():
            document.sudo()._message_log(
                body=Markup("<br/>").join(messages),
                author_id=self.env.user.partner_id.id,
            )

    @api.model
    def _get_message(self, item):
        values = {
            "credits": abs(item["credits"]),
            "client": item["source"].partner.display_name,
            "why": self._get_event_label(item["basis"]),
            "lot": item["lot"] and item["lot"]._get_html_link() or "",
            "left": item.get("left"),
        }
        if item["credits"] > 0:
            return Markup("%s") % self.env._(
                "%(credits)s service credits granted to %(client)s (%(why)s): %(lot)s", **values
            )
        if item["credits"] < 0:
            return Markup("%s") % self.env._(
                "%(credits)s service credits taken back from %(client)s (%(why)s): %(lot)s",
                **values,
            )
        return Markup("%s") % self.env._(
            "%(left)s service credits could not be taken back from %(client)s (%(why)s): they are "
            "already used or reserved.",
            **values,
        )

    @api.model
    def _plan_activities(self, news, why):
        """Accounting must hear of credits that were used and are not paid for any more."""
        for item in news:
            source, left = item["source"], item.get("left")
            if not left or why in ("credit_note", "quantity"):
                continue
            document = (
                source.lines.filtered("service_credits").move_id.filtered(
                    lambda move: move.state == "posted" and move.move_type != "out_refund"
                )[-1:]
                or (source.is_order_line and source.record.order_id)
                or source.record.move_id
            )
            used = ", ".join(self._get_uses(source)) or self.env._("other uses")
            document.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=self._get_accounting_user(source, document).id,
                summary=self.env._("Service credits used but not paid"),
                note=self.env._(
                    "%(client)s: %(left)s service credits of “%(product)s” were already used or "
                    "reserved when %(why)s, and could not be taken back. Used by: %(used)s.",
                    client=source.partner.display_name,
                    left=left,
                    product=source.record.product_id.display_name,
                    why=self._get_event_label(why),
                    used=used,
                ),
            )

    @api.model
    def _plan_cancelled_but_paid(self, sources):
        """A client who pays for a cancelled order gets nothing: accounting must hear of it."""
        for source in sources:
            if not source.is_order_line or source.record.order_id.state != "cancel":
                continue
            tally = self._tally_lines(source, posting=None, with_drafts=False)
            paid = [line for line, share in tally.by_line.items() if share.paid and share.credits]
            if tally.paid <= 0 or not paid:
                continue
            invoice = paid[-1].move_id
            summary = self.env._("Paid, but the order is cancelled")
            if summary in invoice.activity_ids.mapped("summary"):
                continue
            invoice.activity_schedule(
                "mail.mail_activity_data_todo",
                user_id=self._get_accounting_user(source, invoice).id,
                summary=summary,
                note=self.env._(
                    "%(client)s paid for %(credits)s service credits of “%(product)s”, but has not "
                    "received them: the order %(order)s is cancelled. Credit the invoice, or set "
                    "the order to quotation and confirm it again.",
                    client=source.partner.display_name,
                    credits=tally.paid,
                    product=source.record.product_id.display_name,
                    order=source.record.order_id.name,
                ),
            )

    @api.model
    def _get_uses(self, source):
        """What the credits of this source were used or are reserved for, in words."""
        entries = self.env["service.credit.entry"].search(
            [
                ("lot_id", "in", [lot.id for lot in source.lots]),
                ("kind", "=", "reserve"),
            ],
            order="id",
        )
        uses = {}
        for entry in entries:
            hold = entry.hold_id
            if hold.consumed or hold.remaining:
                uses[hold] = entry.reason or hold.ref
        return list(uses.values())

    @api.model
    def _get_accounting_user(self, source, document):
        """Someone of accounting: who is at work, else whoever follows the invoice."""

        def counts(user):
            return (
                user.active
                and not user.share
                and user.has_group("account.group_account_invoice")
            )

        users = self.env.user | document.create_uid
        if document._name == "account.move":
            users |= document.invoice_user_id
        users |= self.env.ref("account.group_account_invoice").all_user_ids.filtered(
            lambda user: source.company in user.company_ids and user.id != SUPERUSER_ID
        ).sorted("id")
        return next((user for user in users if counts(user)), self.env.user)

    # === The client === #

    @api.model
    def _mail_arrival(self, account, news):
        """Tell who bought that the credits are there, in their language."""
        template = self.env.ref(
            "service_credits.mail_template_credits_arrived", raise_if_not_found=False
        )
        source = news[0]["source"]
        document = (
            source.record.order_id if source.is_order_line else source.record.move_id
        )
        recipient = document.partner_id
        if not template or not recipient.email:
            return
        credits = sum(item["credits"] for item in news)
        mail_id = template.with_context(
            lang=recipient.lang or account.partner_id.lang,
            recipient_lang=recipient.lang or account.partner_id.lang,
            credits=credits,
            document=document.name,
        ).send_mail(
            account.id,
            email_values={"recipient_ids": recipient.ids},
            email_layout_xmlid="mail.mail_notification_light",
        )
        # At once, but not before the credits are really there.
        self.env["mail.mail"].browse(mail_id).send_after_commit()
