from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import formatLang


class ServiceCreditAccount(models.Model):
    """The statement of an account: what the client reads, page, PDF and spreadsheet alike.

    The ledger has one entry per operation and lot. A client thinks in operations ("8 credits
    reserved for that work"), so the statement has one line per operation.
    """

    _inherit = "service.credit.account"

    # ------------------------------------------------------------
    # Choices offered to the reader
    # ------------------------------------------------------------

    def _get_statement_sortings(self):
        """Return the orders a reader may choose; `order` is SQL over the lines."""
        return {
            "newest": {
                "label": self.env._("Newest first"),
                "order": SQL("date DESC, sequence DESC"),
            },
            "oldest": {"label": self.env._("Oldest first"), "order": SQL("date, sequence")},
        }

    def _get_statement_filters(self):
        """Return the kinds of movement a reader may choose, in words rather than ledger terms."""
        return {
            "all": {"label": self.env._("All movements"), "domain": Domain.TRUE},
            "bought": {
                "label": self.env._("Purchases"),
                "domain": Domain("kind", "=", "grant") & Domain("lot_id.origin", "=", "purchase"),
            },
            "received": {
                "label": self.env._("Free and other credits"),
                "domain": Domain("kind", "=", "grant") & Domain("lot_id.origin", "!=", "purchase"),
            },
            "reserved": {
                "label": self.env._("Reserved"),
                "domain": Domain("kind", "=", "reserve"),
            },
            "used": {"label": self.env._("Used"), "domain": Domain("kind", "=", "consume")},
            "given_back": {
                "label": self.env._("Given back to you"),
                "domain": Domain("kind", "in", ("release", "refund")),
            },
            "taken_back": {
                "label": self.env._("Taken back"),
                "domain": Domain("kind", "=", "revoke"),
            },
        }

    def _get_statement_search_domain(self, search):
        """Return the entries whose description holds `search`.

        Every criterion is true for all the entries of an operation or for none: a line of the
        statement is never cut in two.
        """
        documents = Domain("lot_id.order_line_id.order_id.name", "ilike", search) | Domain(
            "lot_id.invoice_line_id.move_id.name", "ilike", search
        )
        return (
            Domain("reason", "ilike", search)
            | (Domain("kind", "in", ("grant", "revoke")) & documents)
            | Domain("hold_id", "in", self._get_statement_search_holds(search))
        )

    def _get_statement_search_holds(self, search):
        """Return the ids of the account's holds whose intervention matches `search`."""
        interventions = self.env["service.intervention"].search(
            [
                ("commercial_partner_id", "in", self.partner_id.ids),
                "|",
                ("name", "ilike", search),
                ("subject", "ilike", search),
            ]
        )
        return interventions.hold_ids.ids

    # ------------------------------------------------------------
    # The statement
    # ------------------------------------------------------------

    def _get_statement(
        self,
        date_from=None,
        date_to=None,
        kind="all",
        search="",
        sortby="newest",
        limit=None,
        offset=0,
    ):
        """Return the statement of this account for a period.

        The number of queries does not depend on the number of lines.

        :param datetime date_from: first moment of the period (UTC), None for the beginning
        :param datetime date_to: first moment after the period (UTC), None for no end
        :param str kind: a key of `_get_statement_filters`
        :param str search: words to find in the description
        :param str sortby: a key of `_get_statement_sortings`
        :return: opening and closing balances of the period, number of lines and the lines asked for
        :rtype: dict
        """
        account = self.sudo()  # the caller has chosen an account of the reader
        Entry = account.env["service.credit.entry"]
        domain = Domain("account_id", "in", account.ids)
        domain &= account._get_statement_filters()[kind]["domain"]
        if search:
            domain &= account._get_statement_search_domain(search)
        period = SQL(
            "(%(begin)s::timestamp IS NULL OR date >= %(begin)s)"
            " AND (%(end)s::timestamp IS NULL OR date < %(end)s)",
            begin=date_from or None,
            end=date_to or None,
        )
        shown = SQL("id IN %s AND %s", Entry._search(domain).subselect(), period)
        summary = self.env.execute_query_dict(
            SQL(
                """
            WITH %(lines)s
            SELECT count(*) FILTER (WHERE %(shown)s) AS total,
                   coalesce(sum(available_change) FILTER (WHERE %(before)s), 0)
                       AS opening_available,
                   coalesce(sum(held_change) FILTER (WHERE %(before)s), 0) AS opening_held,
                   coalesce(sum(available_change) FILTER (WHERE %(period)s), 0) AS available,
                   coalesce(sum(held_change) FILTER (WHERE %(period)s), 0) AS held
              FROM line
            """,
                lines=account._get_statement_lines_sql(),
                shown=shown,
                before=SQL("date < %s", date_from or None),
                period=period,
            )
        )[0]
        rows = self.env.execute_query_dict(
            SQL(
                """
            WITH %(lines)s
            SELECT * FROM line WHERE %(shown)s ORDER BY %(order)s LIMIT %(limit)s OFFSET %(offset)s
            """,
                lines=account._get_statement_lines_sql(),
                shown=shown,
                order=account._get_statement_sortings()[sortby]["order"],
                limit=limit,
                offset=offset,
            )
        )
        opening = (int(summary["opening_available"]), int(summary["opening_held"]))
        return {
            "opening": {"available": opening[0], "held": opening[1]},
            "closing": {
                "available": opening[0] + int(summary["available"]),
                "held": opening[1] + int(summary["held"]),
            },
            "total": summary["total"],
            "lines": account._get_statement_lines(rows),
        }

    def _get_statement_lines_sql(self):
        """Return the CTE `line`: the account's operations, each with the balances after it.

        The balances are summed in the order of the dates, which is not that of the postings
        when a grant was dated back: read from top to bottom they always add up.
        """
        return SQL(
            """
            operation AS (
                SELECT max(id) AS id, max(sequence) AS sequence, max(date) AS date,
                       sum(available_change) AS available_change, sum(held_change) AS held_change
                  FROM service_credit_entry
                 WHERE account_id = ANY(%(accounts)s)
                 GROUP BY operation_key, kind
            ), line AS (
                SELECT *,
                       sum(available_change) OVER by_date AS available_after,
                       sum(held_change) OVER by_date AS held_after
                  FROM operation
                WINDOW by_date AS (ORDER BY date, sequence)
            )
            """,
            accounts=self.ids,
        )

    def _get_statement_lines(self, rows):
        """Return what a reader sees of `rows`, read from `_get_statement_lines_sql`."""
        entries = self.env["service.credit.entry"].browse([row["id"] for row in rows])
        documents = self._get_statement_documents(entries)
        lines = []
        for entry, row in zip(entries, rows, strict=True):
            change = {name: int(row[name]) for name in ("available_change", "held_change")}
            lines.append(
                {
                    **documents[entry],
                    **change,
                    "date": entry.date,
                    "kind": entry.kind,
                    "available_after": int(row["available_after"]),
                    "held_after": int(row["held_after"]),
                    "description": self._get_statement_text(
                        entry,
                        abs(change["available_change"] or change["held_change"]),
                        documents[entry],
                    ),
                }
            )
        return lines

    def _get_statement_documents(self, entries):
        """Return for each entry the document that explains it: `subject`, `url`, `transfer`."""
        revoked = entries.filtered(lambda entry: entry.kind == "revoke")
        transfers = (
            set(
                self.env["service.credit.lot"]
                .search(
                    [
                        ("source_lot_id", "in", revoked.lot_id.ids),
                        ("grant_key", "in", [f"{e.operation_key}:{e.lot_id.id}" for e in revoked]),
                    ]
                )
                .mapped("grant_key")
            )
            if revoked
            else set()
        )
        interventions = (
            {
                hold: intervention
                for intervention in self.env["service.intervention"].search(
                    [
                        ("hold_ids", "in", entries.hold_id.ids),
                    ]
                )
                for hold in intervention.hold_ids
            }
            if entries.hold_id
            else {}
        )
        result = {}
        for entry in entries:
            subject, url = "", ""
            lot = entry.lot_id
            if entry.hold_id:
                intervention = interventions.get(entry.hold_id)
                if intervention:
                    subject = intervention.display_name
                    url = f"/my/interventions/{intervention.id}"
            elif lot.order_line_id:
                order = lot.order_line_id.order_id
                subject = self.env._("order %(name)s", name=order.name)
                url = f"/my/orders/{order.id}"
            elif lot.invoice_line_id:
                move = lot.invoice_line_id.move_id
                subject = self.env._("invoice %(name)s", name=move.name)
                url = f"/my/invoices/{move.id}"
            result[entry] = {
                "subject": subject,
                "url": url,
                "transfer": f"{entry.operation_key}:{lot.id}" in transfers,
            }
        return result

    def _get_statement_text(self, entry, quantity, document):
        """Return the sentence that a client reads for one operation."""
        quantity = self._format_credits(quantity)
        about = document["subject"] or entry.reason or ""
        if entry.kind == "grant":
            text = self._get_statement_grant_text(entry, quantity)
        elif entry.kind == "reserve":
            text = self.env._("%(credits)s reserved", credits=quantity)
        elif entry.kind == "consume":
            text = self.env._("%(credits)s used", credits=quantity)
        elif entry.kind == "release":
            text = self.env._("%(credits)s no longer reserved", credits=quantity)
        elif entry.kind == "refund":
            text = self.env._("%(credits)s given back", credits=quantity)
        elif document["transfer"]:
            text = self.env._("Transfer of %(credits)s to another account", credits=quantity)
        else:
            text = self.env._("%(credits)s taken back", credits=quantity)
        return self.env._("%(what)s — %(about)s", what=text, about=about) if about else text

    def _get_statement_grant_text(self, entry, quantity):
        origin = entry.lot_id.origin
        if origin == "purchase":
            return self.env._("Purchase of %(credits)s", credits=quantity)
        if origin == "loyalty":
            return self.env._("%(credits)s free, for your loyalty", credits=quantity)
        if origin == "opening":
            return self.env._("Opening balance of %(credits)s", credits=quantity)
        if origin == "transfer":
            return self.env._("Transfer of %(credits)s received", credits=quantity)
        return self.env._("%(credits)s free", credits=quantity)

    def _format_credits(self, quantity):
        """Return "1 credit" or "12 credits" in the reader's language."""
        number = formatLang(self.env, quantity, digits=0)
        if quantity == 1:
            return self.env._("%(number)s credit", number=number)
        return self.env._("%(number)s credits", number=number)
