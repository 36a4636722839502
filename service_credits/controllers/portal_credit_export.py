from odoo import fields, http
from odoo.http import content_disposition, request

from .portal import ServiceCreditPortal


class ServiceCreditExportPortal(ServiceCreditPortal):
    """The statement to keep, filtered and sorted like the page it was asked from."""

    @http.route(
        "/my/credits/statement.pdf", type="http", auth="user", website=True, readonly=True,
        sitemap=False,
    )  # fmt: skip
    def portal_credits_pdf(self, **kwargs):
        """The statement as a PDF with the company's layout."""
        return self._export_credit_statement("pdf", "application/pdf", **kwargs)

    @http.route(
        "/my/credits/statement.xlsx", type="http", auth="user", website=True, readonly=True,
        sitemap=False,
    )  # fmt: skip
    def portal_credits_xlsx(self, **kwargs):
        """The statement as a spreadsheet."""
        return self._export_credit_statement(
            "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", **kwargs
        )

    def _export_credit_statement(self, extension, mimetype, **kwargs):
        """Answer with the reader's statement as a file, or send those without account back."""
        account = self._get_credit_account()
        if not account:
            return request.redirect("/my/credits")
        arguments = self._get_credit_statement_arguments(self._get_credit_options(**kwargs))
        content = getattr(self, f"_make_credit_{extension}")(account, arguments)
        day = fields.Date.to_string(fields.Date.context_today(request.env.user))
        name = request.env._("Service credits %(day)s", day=day)
        return request.make_response(
            content,
            headers=[
                ("Content-Type", mimetype),
                ("Content-Length", len(content)),
                ("Content-Disposition", content_disposition(f"{name}.{extension}")),
            ],
        )

    def _make_credit_pdf(self, account, arguments):
        # sudo: a client may not read report actions; the account is the client's own.
        reports = request.env["ir.actions.report"].sudo().with_company(account.company_id)
        return reports._render_qweb_pdf(
            "service_credits.action_report_statement", account.ids, data={"options": arguments}
        )[0]

    def _make_credit_xlsx(self, account, arguments):
        return account._get_statement_xlsx(**arguments)
