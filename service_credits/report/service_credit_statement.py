from odoo import api, fields, models


class ServiceCreditStatement(models.AbstractModel):
    """The statement as a PDF."""

    _name = "report.service_credits.report_statement"
    _description = "Service Credit Statement"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return the statement of each account, for the period and choices in `data`.

        Without choices: every movement, in the order of time.
        """
        options = dict((data or {}).get("options") or {}, sortby="oldest")
        accounts = self.env["service.credit.account"].browse(docids)
        # Reports are served by a route that checks nothing, and the statement reads as superuser.
        accounts.check_access("read")
        return {
            "doc_ids": docids,
            "doc_model": "service.credit.account",
            "docs": accounts,
            "options": options,
            "complete": options.get("kind", "all") == "all" and not options.get("search"),
            "today": fields.Date.context_today(self),
            "statement_of": lambda account: account._get_statement(**options),
        }
