import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.fields import Domain

_logger = logging.getLogger(__name__)


class ServiceIntervention(models.Model):
    """What happens by itself: quotations expire, clients are reminded, waits are served."""

    _inherit = "service.intervention"

    @api.model
    def _cron_expire_quotations(self):
        """Expire what is past its validity, remind of what soon will be, serve who waits."""
        today = fields.Date.context_today(self)
        self._run_one_by_one(self._get_expired_domain(today), "_expire")
        for company in self.env["res.company"].search([("service_credit_reminder_days", ">", 0)]):
            self._run_one_by_one(self._get_reminder_domain(company, today), "_remind")
        self._run_one_by_one(Domain("state", "=", "awaiting_credits"), "_serve_one")

    def _get_expired_domain(self, today):
        return Domain("state", "=", "quoted") & Domain("validity_date", "<", today)

    def _get_reminder_domain(self, company, today):
        days = company.service_credit_reminder_days
        return (
            Domain("state", "=", "quoted")
            & Domain("company_id", "=", company.id)
            & Domain("reminder_date", "=", False)
            & Domain("validity_date", ">=", today)
            & Domain("validity_date", "<=", today + timedelta(days=days))
            # one sent a moment ago with a short validity needs no reminder
            & Domain("sent_date", "<", fields.Datetime.now() - timedelta(days=1))
        )

    def _run_one_by_one(self, domain, method):
        """Run `method` on each found, each in its own transaction: a broken one stops no other.

        A concurrent decision wins: its row is locked and skipped, or found changed and left for
        the next run (a scheduled action is not run again by Odoo after a serialization failure).
        """
        found = self.search(domain, order="id")
        self.env["ir.cron"]._commit_progress(remaining=len(found))
        for intervention in found:
            try:
                locked = intervention.try_lock_for_update().filtered_domain(domain)
                if locked:
                    getattr(locked, method)()
                    locked.env.flush_all()
                if not self.env["ir.cron"]._commit_progress(1):
                    break
            except psycopg2.OperationalError:
                self.env.cr.rollback()
                _logger.info("%s: %s changed meanwhile, left for later", method, intervention)
            except Exception:
                self.env.cr.rollback()
                _logger.exception("%s failed on %s", method, intervention)

    def _expire(self):
        """The validity is over; a revision of agreed work leaves that work as agreed."""
        self.ensure_one()
        self._record_decision("expired", self.env["res.partner"], "automatic")
        if self.resume_state:
            self._resume_agreed()
        else:
            self.state = "expired"
        self._post_to_client(
            self._in_client_lang().env._("The quotation has expired: ask us for a new one.")
        )

    def _remind(self):
        """Remind the client once that the validity ends."""
        self.ensure_one()
        self.reminder_date = fields.Date.context_today(self)
        if self.partner_id.email:
            self.env.ref("service_credits.mail_template_intervention_reminder").send_mail(
                self.id, email_layout_xmlid="service_credits.mail_layout_bare"
            )

    def _serve_one(self):
        """Credits may have come by a way that told nobody, or while another decided."""
        account = self.env["service.credit.account"]._find(self.partner_id, self.company_id)
        self._serve_waiting(account)
