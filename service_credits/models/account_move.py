from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain


class AccountMove(models.Model):
    _inherit = "account.move"

    service_credit_keep = fields.Boolean(
        "Refund without taking credits back",
        copy=False,
        help="The client keeps the service credits although they are refunded. Only a manager of "
        "service credits may decide it.",
    )
    service_credits_bought = fields.Integer(
        "Service credits", compute="_compute_service_credits", compute_sudo=True,
        help="Service credits that this invoice brings, or takes back when negative.",
    )
    service_credits_granted = fields.Integer(
        "Granted service credits", compute="_compute_service_credits", compute_sudo=True,
        help="Service credits of this invoice that the client has received.",
    )
    service_credits_pending = fields.Integer(
        "Pending service credits", compute="_compute_service_credits", compute_sudo=True,
        help="Service credits bought that the client has not received yet.",
    )

    @api.depends(
        "state", "payment_state", "invoice_line_ids.service_credits",
        "invoice_line_ids.service_credit_lot_ids.quantity",
    )
    def _compute_service_credits(self):
        lines = self._get_service_credit_lines()
        figures = self.env["service.credit.purchase"]._figures_by_record(invoice_lines=lines)
        for move in self:
            own = lines & move.invoice_line_ids
            bought = sum(own.mapped("service_credits"))
            pending = granted = 0
            if bought > 0 and move.state == "posted":
                pending = sum(figures[line]["pending"] for line in own)
                granted = sum(figures[line]["granted"] for line in own)
            move.service_credits_bought = bought
            move.service_credits_pending = pending
            move.service_credits_granted = granted

    @api.model_create_multi
    def create(self, vals_list):
        moves = super().create(vals_list)
        moves.filtered("service_credit_keep")._check_may_keep_service_credits()
        return moves

    def write(self, vals):
        if vals.get("service_credit_keep"):
            self._check_may_keep_service_credits()
        res = super().write(vals)
        if "service_credit_keep" in vals:
            self.filtered(lambda move: move.state == "posted")._sync_service_credits(
                "credit_note"
            )
        if "matched_payment_ids" in vals:
            # A payment without an entry of its own was linked: no reconciliation follows.
            self._sync_service_credits("payment")
        return res

    def _check_may_keep_service_credits(self):
        if self and not self.env.su and not self.env.user.has_group(
            "service_credits.group_manager"
        ):
            raise AccessError(
                self.env._(
                    "Only a manager of service credits may refund %(documents)s without taking "
                    "the credits back.",
                    documents=", ".join(self.mapped("display_name")),
                )
            )

    # === Actions === #

    def action_view_service_credit_lots(self):
        """Open the lots of credits that this invoice brought."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "service_credits.service_credit_lot_action"
        )
        lines = self._get_service_credit_lines()
        action["domain"] = Domain("invoice_line_id", "in", lines.ids) | Domain(
            "order_line_id", "in", lines.sale_line_ids.ids
        )
        action["context"] = {}
        return action

    # `button_draft` moves nothing: what an invoice brought stays while it is being corrected,
    # and is settled when it is posted again, cancelled or deleted.

    def button_cancel(self):
        # An invoice that is cancelled loses its payments: that is no bounced payment.
        invoices = self._get_service_credit_lines().move_id
        if not invoices:
            return super().button_cancel()
        super(AccountMove, invoices.with_context(service_credits_wait=True)).button_cancel()
        if others := self - invoices:
            super(AccountMove, others).button_cancel()
        invoices._sync_service_credits("invoice_cancelled")

    # === Granting === #

    def _post(self, soft=True):
        to_post = self.filtered(
            lambda move: not soft or (move.date or fields.Date.today()) <= fields.Date.today()
        )
        lines = to_post._get_service_credit_lines()
        if lines:
            lines._check_service_credits()
            # Only credit notes take credits back, and only they can be refused.
            reducing = lines.filtered(
                lambda line: line.service_credits < 0 and not line.move_id.service_credit_keep
            )
            if reducing:
                self.env["service.credit.purchase"]._check_still_covered(
                    invoice_lines=reducing, posting=to_post
                )
        posted = super()._post(soft)
        notes = posted.filtered(lambda move: move.move_type == "out_refund")
        notes._sync_service_credits("credit_note")
        (posted - notes)._sync_service_credits("invoice")
        return posted

    def _invoice_paid_hook(self):
        res = super()._invoice_paid_hook()
        # A credit note that names no invoice, but was set off against this one, takes back now
        # what it could not find before.
        set_off = self.line_ids.matched_credit_ids.credit_move_id.move_id
        (self | set_off)._sync_service_credits("payment")
        return res

    def _reverse_moves(self, default_values_list=None, cancel=False):
        if not all(move.is_sale_document(include_receipts=True) for move in self):
            return super()._reverse_moves(default_values_list, cancel)
        # An invoice that is being credited is unpaid for a moment: that is no bounced payment.
        reverse_moves = super(
            AccountMove, self.with_context(service_credits_wait=True)
        )._reverse_moves(default_values_list, cancel)
        return reverse_moves.with_env(self.env)

    def _get_service_credit_lines(self):
        """The lines of these customer invoices and credit notes that carry credits."""
        return self.filtered(
            lambda move: move.is_sale_document(include_receipts=True)
        ).invoice_line_ids.filtered("service_credits_per_unit")

    def _is_paid_for_service_credits(self, with_drafts=False):
        """Whether these credits are paid for, in Odoo's words, except that a rejected payment
        does not count although Odoo leaves it on the invoice.

        :param bool with_drafts: whether a payment that is being corrected counts
        """
        self.ensure_one()
        if self.payment_state not in ("paid", "in_payment"):
            return False
        states = {"rejected"} if with_drafts else {"rejected", "draft"}
        return not self.reconciled_payment_ids.filtered(
            lambda payment: payment.move_id and payment.state in states
        )

    def _sync_service_credits(self, why):
        """Grant or take back what these invoices now bring: see `service.credit.purchase`."""
        lines = self._get_service_credit_lines()
        if lines:
            self.env["service.credit.purchase"]._sync(
                invoice_lines=lines, why=why, moves=self
            )
