import base64
import logging
from datetime import datetime

import pytz
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import split_every
from odoo.tools.misc import format_date

from .first_moment import first_moment

_logger = logging.getLogger(__name__)

WINDOW = 1000  # accounts looked up at once
BATCH = 10  # statements per transaction: each PDF takes about half a second


class ServiceCreditStatementMail(models.Model):
    """The statement of one month was written to one client.

    The row goes in the transaction that queues the mails, and is unique: whatever crashes, and
    whoever else runs at the same moment, a client gets each month once. Only the last finished
    month is sent: after a long standstill nobody finds a year of statements in their mail.
    """

    _name = "service.credit.statement.mail"
    _inherit = "service.credit.notice"
    _description = "Monthly Statement Sent"
    _order = "month desc, id desc"
    _rec_name = "account_id"
    _log_access = False  # date says when; the scheduled action says who

    account_id = fields.Many2one(
        "service.credit.account", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(related="account_id.partner_id", string="Client")
    company_id = fields.Many2one(related="account_id.company_id")
    month = fields.Date(required=True, readonly=True, help="The first day of the month.")
    date = fields.Datetime("Written on", required=True, readonly=True)
    recipient_ids = fields.Many2many("res.partner", string="Written to", readonly=True)

    # An index, not a table constraint: a merge of partners must not delete rows.
    _month_uniq = models.UniqueIndex("(account_id, month)")

    # === Whose statement is due === #

    @api.model
    def _cron_statements(self):
        """Write last month's statements that are due, in batches that any worker can take over."""
        progress = self.env["ir.cron"]._commit_progress
        for company in self.env["res.company"].search([("active", "=", True)]):
            month = self._get_last_month(company)
            last = 0
            while due := self._find_due(company, month, last):
                last = due[-1]
                left = len(due)
                for batch in split_every(BATCH, due, list):
                    left -= len(batch)
                    # One more: the look at whoever comes after these.
                    if not progress(self._send_batch(batch, month), remaining=left + 1):
                        return
        progress(remaining=0)

    @api.model
    def _get_timezone(self, company):
        return pytz.timezone(company.partner_id.tz or "UTC")

    @api.model
    def _get_last_month(self, company):
        """First day of the last month that is over where `company` is."""
        today = datetime.now(pytz.utc).astimezone(self._get_timezone(company)).date()
        return today.replace(day=1) - relativedelta(months=1)

    @api.model
    def _get_period(self, company, month):
        """First moment of `month` and of the one after it, in UTC."""
        zone = self._get_timezone(company).zone
        return tuple(
            first_moment(day, zone) for day in (month, month + relativedelta(months=1))
        )

    @api.model
    def _find_due(self, company, month, last=0):
        """Ids of the accounts whose statement of `month` is wanted and was not written yet.

        Wanted: by the client, or by the company for all who did not say otherwise, since before
        the month was over. An account that had neither a movement in the month nor credits has
        nothing to say.
        """
        self.env.flush_all()
        begin, end = self._get_period(company, month)
        self.env.cr.execute(
            """
            SELECT a.id
              FROM service_credit_account a
              JOIN res_company c ON c.id = a.company_id
              JOIN res_partner client ON client.id = a.partner_id AND client.active
             WHERE a.company_id = %(company)s
               AND a.id > %(last)s
               AND a.merged_into_id IS NULL
               AND (a.statement_policy = 'yes' AND a.statement_since < %(end)s
                    OR a.statement_policy = 'company' AND c.service_credit_statement_mail
                       AND c.service_credit_statement_since < %(end)s)
               AND EXISTS (SELECT FROM service_credit_entry e
                            WHERE e.account_id = a.id AND e.date < %(end)s
                              AND (a.balance > 0 OR e.date >= %(begin)s))
               AND NOT EXISTS (SELECT FROM service_credit_statement_mail sent
                                WHERE sent.account_id = a.id AND sent.month = %(month)s)
             ORDER BY a.id
             LIMIT %(limit)s
            """,
            {
                "company": company.id,
                "month": month,
                "begin": begin,
                "end": end,
                "last": last,
                "limit": WINDOW,
            },
        )
        return [account_id for (account_id,) in self.env.cr.fetchall()]

    # === Writing it === #

    @api.model
    def _send_batch(self, account_ids, month):
        """Write these statements in one transaction; one by one when that fails.

        :return: how many were written
        """
        sent, _failed = self._write_batch(account_ids, lambda ids: len(self._send(ids, month)))
        return sent

    @api.model
    def _send(self, account_ids, month):
        """Record the statements of these accounts, mails with them; return them."""
        statements = self._record(account_ids, month)
        for statement in statements:
            statement._write_mails()
        return statements

    @api.model
    def _record(self, account_ids, month):
        """Insert the rows; those that another worker has written are left out."""
        self.env.cr.execute(
            """
            INSERT INTO service_credit_statement_mail (account_id, month, date)
            SELECT account_id, %s, %s FROM unnest(%s) AS new (account_id)
                ON CONFLICT DO NOTHING
            RETURNING id
            """,
            [month, fields.Datetime.now(), account_ids],
        )
        return self.browse(row_id for (row_id,) in self.env.cr.fetchall())

    def _write_mails(self):
        """Queue one mail for each recipient, in their language, with the client's PDF."""
        self.ensure_one()
        template = self.env.ref("service_credits.mail_template_statement", raise_if_not_found=False)
        recipients = self.account_id._get_stock_readers()
        if not template or not recipients:
            return
        self.recipient_ids = recipients
        pdf = self._render_pdf()
        for recipient in recipients:
            lang = recipient.lang or self.partner_id.lang
            attachments = (
                [(self.with_context(lang=lang)._get_filename(), base64.b64encode(pdf))]
                if pdf
                else []
            )
            template.with_context(service_credits_recipient_id=recipient.id).send_mail(
                self.id,
                email_values={"attachments": attachments},
                email_layout_xmlid="service_credits.mail_layout_bare",
            )

    def _get_options(self):
        """The arguments of `_get_statement` for this month."""
        self.ensure_one()
        begin, end = self._get_period(self.company_id, self.month)
        return {"date_from": begin, "date_to": end}

    def _render_pdf(self):
        """The month's statement, in the client's language; nothing where no PDF can be made:
        the mail has the figures and leads to the statement online."""
        self.ensure_one()
        Report = self.env["ir.actions.report"]
        if Report.get_wkhtmltopdf_state() == "install":
            _logger.warning("Monthly statements leave without PDF: wkhtmltopdf is not installed.")
            return b""
        pdf, _type = (
            Report.with_company(self.company_id)
            .with_context(tz=self._get_timezone(self.company_id).zone)
            ._render_qweb_pdf(
                "service_credits.action_report_statement",
                self.account_id.ids,
                data={"options": self._get_options()},
            )
        )
        return pdf

    # === What the mail says === #

    def _get_month_text(self):
        """ "October 2026", in the reader's language."""
        self.ensure_one()
        return format_date(self.env, self.month, date_format="MMMM yyyy")

    def _get_filename(self):
        return self.env._("Statement of credits %(month)s.pdf", month=self.month.strftime("%Y-%m"))

    def _get_figures(self):
        """Opening and closing balances of the month, and the number of movements."""
        self.ensure_one()
        return self.account_id._get_statement(**self._get_options(), limit=0)
