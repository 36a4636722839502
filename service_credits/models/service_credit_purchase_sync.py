from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError


class ServiceCreditPurchase(models.AbstractModel):
    """Posting the difference between what is due and what the ledger has."""

    _inherit = "service.credit.purchase"

    @api.model
    def _sync(self, order_lines=None, invoice_lines=None, why="order", moves=None):
        """Bring the ledger in line with the documents of these lines.

        Any event may call it at any time, as often as it likes: when nothing is due, nothing
        happens.

        :param str why: the event, for the messages: see `_get_event_label`
        :param moves: the invoices or credit notes concerned, to be told in their chatter
        """
        # sudo: the firm's documents decide, not the rights of who happens to change one of
        # them (a client who signs, a salesperson who reads no invoice).
        purchase = self.sudo()
        sources = purchase._get_sources(order_lines, invoice_lines)
        if not sources:
            return
        purchase._load_ledger(sources, lock=True)
        news = []
        for source in sources:
            news += purchase._sync_source(source, why)
        if news:
            purchase._tell(news, why, moves)
        if why == "payment":
            purchase._plan_cancelled_but_paid(sources)

    @api.model
    def _sync_source(self, source, why):
        """Grant or take back what one source is due, under the lock. Return what was done."""
        if source.is_note:
            return self._sync_note(source, why)
        figures = self._get_figures(source)
        have, target = source.granted(), self._get_target(source, figures)
        if target > have:
            return self._grant_due(source, figures, target - have)
        if target < have:
            return self._take_back(source, figures, have - target, why)
        return []

    # === Granting === #

    @api.model
    def _grant_due(self, source, figures, credits):
        """Grant `credits` of a source: a lot for each invoice line that brings them."""
        policy = source.company.service_credit_grant_on
        if not source.is_order_line and policy == "order":
            policy = "invoice"  # an invoice without an order is its own order
        account = self.env["service.credit.account"]._for_partner(source.partner, source.company)
        before = sum(lot.granted for lot in source.lots)
        news = []
        for line, share, value in self._share_out(source, figures, credits, policy):
            basis = policy if line._name == "account.move.line" or policy == "order" else "order"
            # Counts all that was ever granted for this source: under the account's lock, two
            # grants can never have the same key, and a repeated one changes nothing.
            key = f"{source.key}:{basis}:{before}"
            lot = account._grant(
                share,
                key,
                origin="purchase",
                value=value,
                reason=self._get_reason(source, line),
                **self._prepare_lot_sources(source, line),
            )
            before += share
            news.append({"source": source, "lot": lot, "credits": share, "basis": basis})
        return news

    @api.model
    def _prepare_lot_sources(self, source, line):
        sources = {}
        if source.is_order_line:
            sources["order_line_id"] = source.record.id
        if line._name == "account.move.line":
            sources["invoice_line_id"] = line.id
        return sources

    @api.model
    def _share_out(self, source, figures, credits, policy):
        """[(line, credits, value)] of a grant: on the invoice lines, the newest first, that have
        not brought their credits yet; what no invoice brings hangs on the order line."""
        shares = []
        for line, due in sorted(
            figures.by_line.items(), key=lambda item: item[0].id, reverse=True
        ):
            if line.move_id.state != "posted" or (policy == "payment" and not due.paid):
                continue
            share = min(credits, due.credits - source.granted(line=line))
            if share > 0:
                shares.append((line, share, self._get_worth(source, line, share)))
                credits -= share
        if credits:
            line = source.record
            shares.append((line, credits, self._get_worth(source, line, credits)))
        return shares[::-1]

    @api.model
    def _get_worth(self, source, line, credits):
        """Untaxed value of `credits` more of this line, in the company's currency.

        What the line's lots are worth together is always their part of the line's subtotal, to
        the cent, also when they came in several steps.
        """
        currency = source.company.currency_id
        if line._name == "account.move.line":
            lots = [lot for lot in source.lots if lot.invoice_line_id == line.id]
            total = -line.balance
        else:
            lots = [lot for lot in source.lots if not lot.invoice_line_id]
            total = line.currency_id._convert(
                line.price_subtotal, currency, source.company, line.order_id.date_order.date()
            )
        if line.service_credits <= 0 or total <= 0:
            return 0.0
        before = sum(currency.round(lot.net * float(lot.unit_price)) for lot in lots)
        after = total * (sum(lot.net for lot in lots) + credits) / line.service_credits
        return max(0.0, currency.round(currency.round(after) - before))

    # === Taking back === #

    @api.model
    def _take_back(self, source, figures, credits, why):
        """Take unused credits back: first those of the invoice lines that lost theirs."""
        taken, moved = defaultdict(int), []
        for only_excess in (True, False):
            for lot in source.lots:
                room = lot.available - taken[lot.id]
                if only_excess:
                    room = min(room, self._get_excess(source, figures, lot, taken))
                share = min(room, credits)
                if share > 0:
                    taken[lot.id] += share
                    credits -= share
        for lot in source.lots:
            if share := taken[lot.id]:
                record = self.env["service.credit.lot"].browse(lot.id)
                record._revoke(
                    share,
                    f"{source.key}:back:{lot.id}:{lot.taken}",
                    reason=self._get_reason(source, source.record, why),
                )
                moved.append({"source": source, "lot": record, "credits": -share, "basis": why})
        if credits:
            moved.append(
                {"source": source, "lot": None, "credits": 0, "left": credits, "basis": why}
            )
        return moved

    @api.model
    def _get_excess(self, source, figures, lot, taken):
        """Credits that a lot has beyond what its own invoice line still brings."""
        siblings = [other for other in source.lots if other.invoice_line_id == lot.invoice_line_id]
        have = sum(other.net - taken[other.id] for other in siblings)
        due = 0
        for line, share in figures.by_line.items():
            if line.id == lot.invoice_line_id and (share.paid or lot.basis != "payment"):
                due = share.credits
        if not lot.invoice_line_id and source.is_order_line:
            due = figures.kept["order"]
        return max(0, have - due)

    # === Credit notes that no sale is known for === #

    @api.model
    def _sync_note(self, source, why):
        """Take back for, or give back after, a credit note line that hangs on no invoice.

        It takes the client's unused credits of that product, the last bought first.
        """
        line = source.record
        wanted = 0 if why == "deleted" else self._get_wanted_by_note(source)
        reason = self._get_reason(source, line, why)
        gross, worth = self._get_taken_by_note(source)
        taken = gross - source.granted()
        news = []
        if wanted < taken:
            account = self.env["service.credit.account"]._for_partner(
                source.partner, source.company
            )
            credits = taken - wanted
            before = sum(lot.granted for lot in source.lots)
            lot = account._grant(
                credits,
                f"{source.key}:return:{before}",
                origin="purchase",
                value=worth * credits,
                reason=reason,
                invoice_line_id=line.id,
            )
            news.append({"source": source, "lot": lot, "credits": credits, "basis": why})
        elif wanted > taken:
            credits = wanted - taken
            for lot in source.lots:
                share = min(credits, lot.available)
                if share > 0:
                    record = self.env["service.credit.lot"].browse(lot.id)
                    record._revoke(
                        share, f"{source.key}:again:{lot.id}:{lot.taken}", reason=reason
                    )
                    news.append({"source": source, "lot": record, "credits": -share, "basis": why})
                    credits -= share
            for lot in self._get_lots_of_product(source):
                share = min(credits, lot.available)
                if share > 0:
                    lot._revoke(share, f"{source.key}:take:{lot.id}:{gross}", reason=reason)
                    news.append({"source": source, "lot": lot, "credits": -share, "basis": why})
                    credits -= share
        return news

    @api.model
    def _get_wanted_by_note(self, source, posting=None):
        move = source.record.move_id
        if move.service_credit_keep or not self._counts(move, posting, with_drafts=True):
            return 0
        return -source.record.service_credits

    @api.model
    def _get_taken_by_note(self, source):
        """(credits taken for this credit note line from others' lots, worth of one of them)."""
        self.env.cr.execute(
            """
            SELECT coalesce(-sum(e.available_change), 0)::int,
                   coalesce(sum(e.available_change * lot.unit_price)
                            / nullif(sum(e.available_change), 0), 0)::float
              FROM service_credit_entry e JOIN service_credit_lot lot ON lot.id = e.lot_id
              JOIN service_credit_account a ON a.id = e.account_id
             WHERE a.company_id = %s AND e.kind = 'revoke' AND e.operation_key LIKE %s
               AND e.account_id = ANY(%s)
            """,
            [
                source.company.id,
                f"{source.key}:take:%",
                self.env["service.credit.account"]
                .sudo()
                .search([("partner_id", "=", source.partner.id)])
                .ids,
            ],
        )
        return self.env.cr.fetchone()

    @api.model
    def _get_lots_of_product(self, source):
        """Lots that the client bought of the credited product, the newest first."""
        account = self.env["service.credit.account"]._find(source.partner, source.company)
        product = source.record.product_id
        return self.env["service.credit.lot"].search(
            [
                ("account_id", "=", account.id),
                ("origin", "=", "purchase"),
                "|",
                ("order_line_id.product_id", "=", product.id),
                ("invoice_line_id.product_id", "=", product.id),
            ],
            order="date desc, id desc",
        )

    # === Refusing === #

    @api.model
    def _check_still_covered(self, order_lines=None, invoice_lines=None, posting=None):
        """Refuse a change that would leave used credits without a sale.

        :param posting: credit notes about to be posted
        :raises UserError: naming the client and the numbers
        """
        # sudo: see `_sync`.
        purchase = self.sudo()
        sources = purchase._get_sources(order_lines, invoice_lines)
        purchase._load_ledger(sources, lock=True)
        for source in sources:
            if source.is_note:
                taken = purchase._get_taken_by_note(source)[0] - source.granted()
                wanted = purchase._get_wanted_by_note(source, posting) - taken
                lots = purchase._get_lots_of_product(source)
                bought, unused = sum(lots.mapped("quantity")), sum(lots.mapped("available"))
                if min(wanted, bought) > unused:
                    raise UserError(
                        purchase._get_refusal(source, wanted, unused, bought - unused, posting)
                    )
                continue
            sold = purchase._get_figures(source, posting).sold
            granted, unused = source.granted(), source.unused
            if granted - unused > sold:
                raise UserError(
                    purchase._get_refusal(source, granted - sold, unused, granted - unused, posting)
                )

    @api.model
    def _get_refusal(self, source, wanted, unused, used, posting):
        values = {
            "client": source.partner.display_name,
            "wanted": wanted,
            "unused": unused,
            "used": used,
            "product": source.record.product_id.display_name,
        }
        if posting:
            return self.env._(
                "%(client)s: this credit note takes %(wanted)s service credits of "
                "“%(product)s” back, but only %(unused)s are unused: %(used)s are already used or "
                "reserved. Credit %(unused)s at most, or let a manager tick “Refund without "
                "taking credits back”.",
                **values,
            )
        return self.env._(
            "%(client)s: this change takes %(wanted)s service credits of “%(product)s” back, but "
            "only %(unused)s are unused: %(used)s are already used or reserved.",
            **values,
        )

    @api.model
    def _forget_sources(self, order_lines=None, invoice_lines=None):
        """Called before lines are deleted: what they brought and is unused goes back."""
        # sudo: see `_sync`.
        purchase = self.sudo()
        news = []
        sources = purchase._get_sources(order_lines, invoice_lines)
        purchase._load_ledger(sources, lock=True)
        for source in sources:
            if source.is_note:
                news += purchase._sync_note(source, "deleted")
                continue
            deleted = (order_lines or ()) if source.is_order_line else (invoice_lines or ())
            if source.record in deleted:
                figures = purchase._get_figures(source)
                if have := source.granted():
                    news += purchase._take_back(source, figures, have, "deleted")
        if news:
            purchase._tell(news, "deleted", None)
