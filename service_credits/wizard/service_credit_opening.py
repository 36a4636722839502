import base64
import csv
import io

import openpyxl

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools.float_utils import float_compare

MAX_LINES = 20_000
# Column titles that are understood, in English and French, without case.
COLUMNS = {
    "client": ("client", "customer", "partner"),
    "credits": ("credits", "crédits", "quantity", "quantité"),
    "value": ("value", "valeur", "amount", "montant"),
    "reason": ("reason", "motif", "raison"),
}


class ServiceCreditOpening(models.TransientModel):
    """Import opening balances from a spreadsheet: first a dry run, then all lines or none.

    Each line is one lot: a client (its reference, VAT number, e-mail or exact name), a number of
    credits, and optionally their untaxed value and a reason. The same file imported again changes
    nothing: a client's first line has the key ``opening:1``, its second ``opening:2``, and so on.
    """

    _name = "service.credit.opening"
    _description = "Opening Balances of Service Credits"

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company
    )
    file = fields.Binary("Spreadsheet", attachment=False)
    file_name = fields.Char()
    line_ids = fields.One2many("service.credit.opening.line", "opening_id", readonly=True)
    line_count = fields.Integer("Lines", compute="_compute_counts")
    error_count = fields.Integer("Errors", compute="_compute_counts")
    credits = fields.Integer("Credits to import", compute="_compute_counts")

    def _compute_counts(self):
        for opening in self:
            lines = opening.line_ids
            opening.line_count = len(lines)
            opening.error_count = len(lines.filtered(lambda line: line.outcome == "error"))
            opening.credits = sum(
                lines.filtered(lambda line: line.outcome == "new").mapped("credits")
            )

    def action_check(self):
        """Dry run: read the file and say of each line what would become of it."""
        self.ensure_one()
        self.env["service.credit.account"]._check_manager()
        self.line_ids.unlink()
        self.env["service.credit.opening.line"].create(self._check_rows(self._read_rows()))
        return self._reopen()

    def action_import(self):
        """Grant every line in one transaction; refused as long as one line has an error."""
        self.ensure_one()
        account_model = self.env["service.credit.account"]
        account_model._check_manager()
        self.action_check()
        errors = self.line_ids.filtered(lambda line: line.outcome == "error")
        if errors:
            raise UserError(
                self.env._(
                    "Nothing was imported: %(errors)s of %(lines)s lines have an error. "
                    "Line %(number)s: %(message)s",
                    errors=len(errors),
                    lines=len(self.line_ids),
                    number=errors[0].number,
                    message=errors[0].message,
                )
            )
        lines = self.line_ids.filtered(lambda line: line.outcome == "new")
        # sudo: the ledger's rows are nobody's to write; the manager's right was just checked.
        accounts = account_model.sudo()
        if lines:
            accounts = accounts._for_partners(lines.partner_id, self.company_id)
        by_partner = {account.partner_id: account.id for account in accounts}
        lots = account_model.sudo()._grant_many(
            [
                {
                    "account_id": by_partner[line.partner_id.commercial_partner_id],
                    "quantity": line.credits,
                    "key": line.key,
                    "origin": "opening",
                    "value": line.value,
                    "reason": line.reason or self.env._("Opening balance"),
                }
                for line in lines
            ]
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Imported opening balances"),
            "res_model": "service.credit.lot",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", lots.ids)],
        }

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Opening balances"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    # === Reading === #

    def _read_rows(self):
        """The file's rows as dicts by column, with empty rows left out."""
        if not self.file:
            raise UserError(self.env._("Choose a spreadsheet first: .xlsx or .csv."))
        data = base64.b64decode(self.file)
        name = (self.file_name or "").lower()
        try:
            table = self._read_xlsx(data) if name.endswith(".xlsx") else self._read_csv(data)
        except Exception as error:  # whatever a broken file makes its reader raise
            raise UserError(
                self.env._(
                    "%(name)s cannot be read as a spreadsheet: save it as .xlsx, or as .csv in "
                    "UTF-8. (%(error)s)",
                    name=self.file_name or self.env._("The file"),
                    error=error,
                )
            ) from error
        if not table:
            raise UserError(self.env._("The spreadsheet is empty."))
        if len(table) - 1 > MAX_LINES:
            raise UserError(
                self.env._(
                    "The spreadsheet has %(lines)s lines; import at most %(max)s at once.",
                    lines=len(table) - 1,
                    max=MAX_LINES,
                )
            )
        columns = self._find_columns(table[0])
        return [
            (number, {name: row[index] for name, index in columns.items() if index < len(row)})
            for number, row in enumerate(table[1:], start=2)
            if any(str(cell or "").strip() for cell in row)
        ]

    def _read_csv(self, data):
        text = data.decode("utf-8-sig")
        first = text.split("\n", 1)[0]
        delimiter = max(",;\t", key=first.count)
        return list(csv.reader(io.StringIO(text), delimiter=delimiter))

    def _read_xlsx(self, data):
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        return [list(row) for row in book.active.iter_rows(values_only=True)]

    def _find_columns(self, titles):
        found = {}
        for index, title in enumerate(titles):
            for name, known in COLUMNS.items():
                if str(title or "").strip().lower() in known:
                    found.setdefault(name, index)
        missing = {"client", "credits"} - set(found)
        if missing:
            raise UserError(
                self.env._(
                    "The first line must name the columns “client” and “credits”, and may name "
                    "“value” and “reason”. Found: %(titles)s",
                    titles=", ".join(str(title) for title in titles if title) or "–",
                )
            )
        return found

    # === Checking === #

    def _check_rows(self, rows):
        """Values of the lines, each with its outcome."""
        clients = self._find_clients({str(row.get("client") or "").strip() for _n, row in rows})
        rank = {}
        lines = []
        for number, row in rows:
            client = str(row.get("client") or "").strip()
            line = {
                "opening_id": self.id,
                "number": number,
                "client": client,
                "reason": str(row.get("reason") or "").strip(),
            }
            try:
                line["partner_id"] = self._check_client(client, clients).id
                line["credits"] = self._check_credits(row.get("credits"))
                line["value"] = self._check_value(row.get("value"))
                line["outcome"] = "new"
            except UserError as error:
                line.update(outcome="error", message=str(error))
                lines.append(line)
                continue
            rank[line["partner_id"]] = rank.get(line["partner_id"], 0) + 1
            line["key"] = f"opening:{rank[line['partner_id']]}"
            lines.append(line)
        self._check_imported(lines)
        return lines

    def _find_clients(self, texts):
        """{text: commercial partners that it may mean}."""
        texts = sorted(texts - {""})
        found = dict.fromkeys(texts, self.env["res.partner"])
        for field in ("ref", "vat", "email", "name"):
            left = [text for text in texts if not found[text]]
            partners = self.env["res.partner"].search(
                [(field, "in", left), ("company_id", "in", (False, self.company_id.id))]
            )
            for partner in partners:
                found[partner[field]] |= partner.commercial_partner_id
        return found

    def _check_client(self, text, clients):
        if not text:
            raise UserError(self.env._("No client."))
        partners = clients[text]
        if not partners:
            raise UserError(
                self.env._("No client has “%(text)s” as reference, VAT, e-mail or name.", text=text)
            )
        if len(partners) > 1:
            raise UserError(
                self.env._(
                    "“%(text)s” may be %(count)s clients: use the reference of one of them.",
                    text=text,
                    count=len(partners),
                )
            )
        return partners

    def _check_credits(self, cell):
        text = str(cell if cell is not None else "").strip()
        try:
            number = float(text.replace(",", "."))
            quantity = int(number)
        except (ValueError, OverflowError):
            quantity = number = None
        if quantity is None or quantity != number:
            raise UserError(self.env._("“%(text)s” is not a whole number of credits.", text=text))
        return self.env["service.credit.account"]._check_quantity(quantity)

    def _check_value(self, cell):
        text = str(cell if cell is not None else "").strip()
        if not text:
            return 0.0
        try:
            value = float(text.replace("\u202f", "").replace("\xa0", "").replace(",", "."))
        except ValueError:
            value = -1.0
        if not 0 <= value < 10**12:
            raise UserError(self.env._("“%(text)s” is not a value in money.", text=text))
        return self.company_id.currency_id.round(value)

    def _check_imported(self, lines):
        """Lines whose key was granted before: the same again is left out, another is an error."""
        lots = self.env["service.credit.lot"].search(
            [
                ("origin", "=", "opening"),
                ("account_id.company_id", "=", self.company_id.id),
                ("account_id.partner_id", "in", [line.get("partner_id") for line in lines]),
            ]
        )
        done = {(lot.partner_id.id, lot.grant_key): lot for lot in lots}
        for line in lines:
            lot = done.get((line.get("partner_id"), line.get("key")))
            if not lot:
                continue
            granted = lot.entry_ids.filtered(lambda entry: entry.kind == "grant").available_change
            same = granted == line["credits"] and not float_compare(
                lot.value, line["value"], precision_rounding=lot.currency_id.rounding
            )
            line["outcome"] = "done" if same else "error"
            line["message"] = (
                self.env._("Imported before: left out.")
                if same
                else self.env._(
                    "An opening balance of %(credits)s credits was imported before for this "
                    "client: adjust its account instead.",
                    credits=granted,
                )
            )
