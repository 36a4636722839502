from collections import defaultdict
from dataclasses import dataclass, field
from types import SimpleNamespace

from odoo import api, models

# What a grant may rest on, from the most to the least certain.
BASES = ("payment", "invoice", "order")


def whole_credits(credits):
    """`credits` as an int, or None when a fraction remains beyond rounding noise."""
    whole = round(credits)
    return whole if abs(credits - whole) < 1e-6 else None


@dataclass(eq=False)
class Source:
    """One thing that was sold, with all that happened to it.

    It is an order line with its invoice lines, or an invoice line that has no order with the
    credit notes and corrections that hang on it, or a credit note line that hangs on nothing.
    """

    record: models.BaseModel
    lines: models.BaseModel  # invoice lines, signed by their credits
    partner: models.BaseModel
    company: models.BaseModel
    lots: list = field(default_factory=list)  # what the ledger says: see `_load_ledger`

    @property
    def is_order_line(self):
        return self.record._name == "sale.order.line"

    @property
    def is_note(self):
        """A credit note line that no sale is known for."""
        return not self.is_order_line and self.record.service_credits < 0

    @property
    def key(self):
        if self.is_order_line:
            return f"sale-line:{self.record.id}"
        return f"{'credit-note' if self.is_note else 'invoice'}-line:{self.record.id}"

    def granted(self, basis=None, line=None):
        """Net credits that buying has brought and not taken back."""
        return sum(
            lot.net
            for lot in self.lots
            if basis in (None, lot.basis) and (line is None or lot.invoice_line_id == line.id)
        )

    @property
    def unused(self):
        return sum(lot.available for lot in self.lots)


class ServiceCreditPurchase(models.AbstractModel):
    """What is bought, against what the ledger has granted for it.

    Nothing here remembers what was granted: for each source, the credits that its documents say
    are due now are compared with those that the ledger's entries say were granted, under the
    account's lock, and the difference is posted (``service_credit_purchase_sync.py``). So no
    path can grant twice, and none is forgotten whatever the order of events.
    """

    _name = "service.credit.purchase"
    _description = "Service Credits Bought"

    # === Sources === #

    @api.model
    def _get_sources(self, order_lines=None, invoice_lines=None):
        """The sources of these lines, each once, in a stable order."""
        order_lines = (order_lines or self.env["sale.order.line"]).sudo()
        roots = self.env["account.move.line"].sudo()
        for line in (invoice_lines or roots).sudo():
            order_line, root = line._get_service_credit_source()
            order_lines |= order_line
            roots |= root
        alone = self._get_lines_alone(order_lines.invoice_lines | roots)
        sources = [
            Source(
                record=line,
                lines=self._get_lines_of(order_line=line, alone=alone),
                partner=line.order_id.partner_id.commercial_partner_id,
                company=line.order_id.company_id,
            )
            for line in order_lines.sorted("id")
        ]
        sources += [
            Source(
                record=root,
                lines=self._get_lines_of(root=root, alone=alone),
                partner=root.move_id.partner_id.commercial_partner_id,
                company=root.move_id.company_id,
            )
            for root in roots.sorted("id")
        ]
        # Credit notes that hang on nothing take what the others have brought.
        sources.sort(key=lambda source: source.is_note)
        return [source for source in sources if source.partner and source.company]

    @api.model
    def _get_lines_alone(self, lines):
        """Those of `lines` that no other line can hang on: most of them, found in three queries
        for all, so that many sources cost no more than one."""
        continued = lines.search(
            [("service_credit_origin_line_id", "in", lines.ids)]
        ).service_credit_origin_line_id
        credited = lines.move_id.search(
            [("reversed_entry_id", "in", lines.move_id.ids)]
        ).reversed_entry_id
        corrected = lines.search(
            [
                ("move_id", "in", lines.move_id.ids),
                ("service_credits_per_unit", ">", 0),
                ("quantity", "<", 0),
            ]
        ).move_id
        return (lines - continued).filtered(
            lambda line: line.move_id not in credited | corrected
            and line.move_id.move_type in ("out_invoice", "out_receipt")
        )

    @api.model
    def _get_lines_of(self, order_line=None, root=None, alone=None):
        """Every invoice line that hangs on an order line, or on an invoice line.

        :param alone: lines that are known to have nothing hanging on them
        """
        lines = order_line.invoice_lines if order_line else root
        if root and root.service_credits < 0:
            return root
        found = lines
        while lines and not (alone and lines <= alone):
            candidates = lines.search(
                [("service_credit_origin_line_id", "in", lines.ids), ("id", "not in", found.ids)]
            )
            # Lines typed by hand on the invoice, or on a credit note of it.
            moves = lines.move_id | lines.move_id.reversal_move_ids
            candidates |= moves.invoice_line_ids.filtered(
                lambda line: line.service_credits < 0 and not line.sale_line_ids
            )
            lines = (candidates - found).filtered(
                lambda line: line._get_service_credit_source()
                == ((order_line, line.browse()) if order_line else (line.sale_line_ids, root))
            )
            found |= lines
        if order_line:
            found = found.filtered(
                lambda line: line._get_service_credit_source()[0] == order_line
            )
        return found

    # === What the documents say === #

    @api.model
    def _get_figures(self, source, posting=None):
        """Credits due by `source`, for each moment of granting.

        ``due``: what the documents call for now. ``kept``: the same, where an invoice that is
        being corrected (posted, then reset to draft) still counts: it grants nothing new, and
        takes nothing back until it is posted again, cancelled or deleted. ``sold``: what the
        client has bought in the end, paid or not.

        :param posting: moves to be taken as posted already
        """
        order = source.record.order_id if source.is_order_line else None
        ordered = source.record.service_credits if order else 0
        if order and order.state != "sale":
            nothing = dict.fromkeys(BASES, 0)
            return SimpleNamespace(
                due=nothing, kept=nothing, waived=0, by_line={},
                sold=self._get_invoiced(source, posting) if order.state == "cancel" else 0,
            )
        figures = SimpleNamespace(due={}, kept={}, waived=0, by_line={}, sold=0)
        for name, with_drafts in (("due", False), ("kept", True)):
            tally = self._tally_lines(source, posting, with_drafts)
            # Credits left with the client at a refund are not brought again by the corrected
            # invoice.
            first = ordered if order else source.record.service_credits
            again = min(tally.waived, max(0, tally.invoiced - first))
            invoiced = tally.invoiced - again
            confirmed = min(ordered, max(invoiced, ordered) - tally.refunded)
            paid = max(0, tally.paid)
            invoiced = max(paid, invoiced - tally.refunded, 0)
            setattr(
                figures,
                name,
                {"payment": paid, "invoice": invoiced, "order": max(confirmed, invoiced)},
            )
            figures.waived = tally.waived
            figures.by_line = tally.by_line
        figures.sold = max(figures.kept["order"], figures.kept["invoice"])
        return figures

    @api.model
    def _tally_lines(self, source, posting, with_drafts):
        """Add the invoice lines of a source up: invoiced, refunded, waived, paid."""
        tally = SimpleNamespace(invoiced=0, refunded=0, waived=0, paid=0, by_line={})
        refunds = defaultdict(int)  # invoice line, or None: credits refunded
        for line in source.lines:
            credits, move = line.service_credits, line.move_id
            if not credits or not self._counts(move, posting, with_drafts or credits < 0):
                continue
            if credits > 0:
                if move.state == "draft":
                    # Being corrected: nothing is lost before it is posted again.
                    credits = max(credits, source.granted(line=line))
                tally.invoiced += credits
                tally.by_line[line] = SimpleNamespace(
                    credits=credits, paid=move._is_paid_for_service_credits(with_drafts)
                )
            elif move.service_credit_keep:
                tally.waived -= credits
            else:
                tally.refunded -= credits
                refunds[self._get_refunded_line(source, line)] -= credits
        for line, share in tally.by_line.items():
            share.credits = max(0, share.credits - refunds[line])
            if share.paid:
                tally.paid += share.credits
        tally.paid -= refunds[None]
        return tally

    @api.model
    def _counts(self, move, posting, with_drafts):
        return (
            move.state == "posted"
            or bool(posting and move in posting)
            or (with_drafts and move.state == "draft" and move.posted_before)
        )

    @api.model
    def _get_refunded_line(self, source, line):
        """The invoice line that a refund line reduces, None if it is not known."""
        origin = line.service_credit_origin_line_id or line._find_refunded_line()
        if not origin and line.move_id.reversed_entry_id:
            origin = source.lines.filtered(
                lambda other: other.move_id == line.move_id.reversed_entry_id
                and other.service_credits > 0
            )[:1]
        return origin if origin in source.lines else None

    @api.model
    def _get_invoiced(self, source, posting):
        tally = self._tally_lines(source, posting, with_drafts=True)
        return max(0, tally.invoiced - tally.refunded)

    @api.model
    def _get_target(self, source, figures):
        """Net credits that the source should have in the ledger.

        At least what the company's moment of granting calls for. Beyond that, credits that were
        granted at an earlier moment, under another setting, stay as long as that moment stands.
        """
        stays = 0
        for basis in BASES:
            stays = min(stays + source.granted(basis), figures.kept[basis])
        stays = max(stays, min(source.granted(), figures.waived))
        return max(stays, figures.due[source.company.service_credit_grant_on])

    # === What the ledger says === #

    @api.model
    def _load_ledger(self, sources, lock=False):
        """Fill the sources' lots from the ledger, optionally under the accounts' locks.

        Credits moved to another account are followed: they can still be taken back there.
        """
        if lock:
            accounts = self._read_ledger(sources)
            accounts |= self._find_accounts(sources)
            accounts = accounts.filtered(lambda account: not account.merged_into_id)
            if accounts:
                accounts._lock()
        self._read_ledger(sources)

    @api.model
    def _find_accounts(self, sources):
        accounts = self.env["service.credit.account"].sudo()
        for source in sources:
            accounts |= accounts._find(source.partner, source.company)
        return accounts

    @api.model
    def _read_ledger(self, sources):
        """Read the lots of each source; return the accounts that hold them."""
        by_order_line = {s.record.id: s for s in sources if s.is_order_line}
        by_invoice_line = {
            line.id: s for s in sources if not s.is_order_line for line in s.lines
        }
        for source in sources:
            source.lots = []
        self.env.cr.execute(
            """
            WITH RECURSIVE lots AS (
                SELECT id, id AS root_id
                  FROM service_credit_lot
                 WHERE origin = 'purchase'
                   AND (order_line_id = ANY(%(order_lines)s)
                        OR (order_line_id IS NULL AND invoice_line_id = ANY(%(invoice_lines)s)))
                UNION ALL
                SELECT lot.id, lots.root_id
                  FROM service_credit_lot lot JOIN lots ON lot.source_lot_id = lots.id
            )
            SELECT lot.id, lot.account_id, lot.available, root.id AS root_id, root.order_line_id,
                   root.invoice_line_id, root.grant_key, root.unit_price,
                   coalesce(sum(e.available_change)
                            FILTER (WHERE e.kind = 'grant' AND lot.id = root.id), 0)::int
                       AS granted,
                   coalesce(-sum(e.available_change)
                            FILTER (WHERE e.kind = 'revoke'
                                      AND (e.operation_key LIKE 'sale-line:%%:back:%%'
                                        OR e.operation_key LIKE 'invoice-line:%%:back:%%'
                                        OR e.operation_key LIKE 'credit-note-line:%%:again:%%')),
                            0)::int AS taken
              FROM lots
              JOIN service_credit_lot lot ON lot.id = lots.id
              JOIN service_credit_lot root ON root.id = lots.root_id
              JOIN service_credit_entry e ON e.lot_id = lot.id
             GROUP BY lot.id, root.id
             ORDER BY root.id DESC, lot.id DESC
            """,
            {"order_lines": list(by_order_line), "invoice_lines": list(by_invoice_line)},
        )
        accounts = set()
        for row in self.env.cr.dictfetchall():
            lot = SimpleNamespace(**row, net=row["granted"] - row["taken"])
            # "sale-line:<id>:<basis>:<n>": see `_grant_due`.
            lot.basis = lot.grant_key.split(":")[2]
            source = by_order_line.get(lot.order_line_id) or by_invoice_line.get(
                lot.invoice_line_id
            )
            source.lots.append(lot)
            accounts.add(lot.account_id)
        return self.env["service.credit.account"].sudo().browse(accounts)

    # === For the screens === #

    @api.model
    def _figures_by_record(self, order_lines=None, invoice_lines=None):
        """{line: {"granted", "pending"}}: what was granted for it, and what is bought only."""
        # `_origin`: a form that is being edited shows what is saved.
        sources = self.sudo()._get_sources(
            order_lines and order_lines._origin, invoice_lines and invoice_lines._origin
        )
        self.sudo()._read_ledger(sources)
        by_record = {}
        for source in sources:
            by_line = {}
            if source.is_note:
                figures = {"granted": 0, "pending": 0}
            else:
                granted, sold = source.granted(), 0
                if not source.is_order_line or source.record.order_id.state == "sale":
                    documents = self.sudo()._get_figures(source)
                    sold, by_line = documents.sold, documents.by_line
                figures = {"granted": granted, "pending": max(0, sold - granted)}
            by_record[source.record] = figures
            for line, share in by_line.items():
                pending = min(
                    figures["pending"], max(0, share.credits - source.granted(line=line))
                )
                by_record[line] = {"granted": share.credits - pending, "pending": pending}
        nothing = {"granted": 0, "pending": 0}
        return {
            line: by_record.get(line._origin, nothing)
            for lines in (order_lines, invoice_lines)
            for line in lines or ()
        }
