import io

import xlsxwriter

from odoo import fields, models


class ServiceCreditAccount(models.Model):
    """The statement as a spreadsheet."""

    _inherit = "service.credit.account"

    def _get_statement_xlsx(self, **arguments):
        """Return the statement as the bytes of an .xlsx file.

        :param arguments: those of `_get_statement`, without paging
        """
        self.ensure_one()
        statement = self._get_statement(**arguments)
        complete = arguments.get("kind", "all") == "all" and not arguments.get("search")
        output = io.BytesIO()
        with xlsxwriter.Workbook(
            output, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}
        ) as workbook:
            bold = workbook.add_format({"bold": True})
            title = workbook.add_format({"bold": True, "font_size": 14})
            header = workbook.add_format({"bold": True, "bottom": 1, "text_wrap": True})
            number = workbook.add_format({"num_format": "#,##0"})
            total = workbook.add_format({"num_format": "#,##0", "bold": True})
            sheet = workbook.add_worksheet(self.env._("Statement")[:31])
            sheet.set_column(0, 0, 12)
            sheet.set_column(1, 1, 70)
            sheet.set_column(2, 5, 14)
            sheet.write_string(0, 0, self.env._("Service credits: statement"), title)
            # sudo: a client may read neither; both are printed on their invoices anyway.
            sheet.write_string(
                1, 0, f"{self.sudo().partner_id.name} – {self.sudo().company_id.name}"
            )
            for column, label in enumerate(self._get_statement_columns()):
                sheet.write_string(3, column, label, header)
            sheet.freeze_panes(4, 0)
            row = 4
            if complete:
                sheet.write_string(row, 1, self.env._("Opening balance"), bold)
                self._write_statement_balance(sheet, row, statement["opening"], total)
                row += 1
            if arguments.get("sortby", "newest") == "newest":
                # A spreadsheet is read downwards: the balances must add up.
                statement["lines"].reverse()
            for line in statement["lines"]:
                day = fields.Datetime.context_timestamp(self, line["date"]).date()
                sheet.write_datetime(row, 0, fields.Datetime.to_datetime(day))
                sheet.write_string(row, 1, line["description"])
                sheet.write_number(row, 2, line["available_change"], number)
                sheet.write_number(row, 3, line["available_after"], number)
                sheet.write_number(row, 4, line["held_change"], number)
                sheet.write_number(row, 5, line["held_after"], number)
                row += 1
            if complete:
                sheet.write_string(row, 1, self.env._("Closing balance"), bold)
                self._write_statement_balance(sheet, row, statement["closing"], total)
        return output.getvalue()

    def _get_statement_columns(self):
        return [
            self.env._("Date"),
            self.env._("Movement"),
            self.env._("Change of available"),
            self.env._("Available"),
            self.env._("Change of reserved"),
            self.env._("Reserved"),
        ]

    def _write_statement_balance(self, sheet, row, balance, style):
        sheet.write_number(row, 3, balance["available"], style)
        sheet.write_number(row, 5, balance["held"], style)
