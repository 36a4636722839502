import logging
import random
import time

from psycopg2.extensions import TransactionRollbackError

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL, split_every

_logger = logging.getLogger(__name__)

BATCH = 2000  # clients per transaction: measured best between 1,000 and 5,000
TRIES = 5
PASSES = 3
ANALYZE_FROM = 1000  # fewer grants hardly change the statistics that a run begins with


class ServiceCreditProgram(models.Model):
    """Granting what is due: once per client, program and period, whatever happens.

    - The grant's key (``loyalty:<program>:<period>``) is unique per account in the ledger, and what
      is due is computed anew in each transaction: a run that is killed anywhere has granted whole
      batches or nothing of them, and the next one does the rest.
    - Workers share the work: each locks the clients of its batch and skips those of others.
      Nothing depends on it: a worker that comes late to a client meets a serialization failure on
      the account, starts its batch anew and finds nothing left to do.
    """

    _inherit = "service.credit.program"

    @api.model
    def _cron_loyalty(self):
        """Grant all that is due, then write the mails. Called by the daily scheduled action."""
        left = self._grant_all()
        if left is None:
            return
        self.env["service.credit.loyalty.news"]._cron_tell()
        if left:  # others hold these clients: the scheduled action comes back to them soon
            self.env["ir.cron"]._commit_progress(0, remaining=left)

    @api.model
    def _grant_all(self):
        """Grant what is due, of all programs, in batches that are committed one by one.

        :return: how many clients are left because others hold them, None when time ran out
        """
        left = 0
        self._analyze_ledger()
        for _pass in range(PASSES):
            work = self._get_work()
            left = sum(len(partner_ids) for _program, _day, partner_ids in work)
            if not left:
                break
            # All those clients are to be granted and, afterwards, to be told.
            remaining = left + self.env["service.credit.loyalty.news"].search_count([])
            if not self.env["ir.cron"]._commit_progress(0, remaining=remaining):
                return None
            granted, analyze_at = 0, BATCH
            for program, day, partner_ids in work:
                for chunk in split_every(BATCH, partner_ids, list):
                    if left >= ANALYZE_FROM and granted >= analyze_at:
                        self._analyze_ledger()
                        analyze_at = 4 * granted
                    granted += program._grant_batch(chunk, day)
                    if not self.env["ir.cron"]._commit_progress(0, remaining=remaining):
                        return None
            left -= granted
            if not left:
                break
        return left

    @api.model
    def _get_work(self):
        """[(program, today, clients to whom something is due)]"""
        work = []
        for program in self.search([("start_date", "!=", False)]):
            day = program._today()
            due = program._get_due_sql(day)
            self.env.cr.execute(SQL("SELECT DISTINCT partner_id FROM (%s) due ORDER BY 1", due))
            partner_ids = [partner_id for (partner_id,) in self.env.cr.fetchall()]
            if partner_ids:
                work.append((program, day, partner_ids))
        return work

    @api.model
    def _analyze_ledger(self):
        """Refresh the planner's statistics: with stale ones a large run takes ten times as long."""
        self.env.cr.execute(
            "ANALYZE service_credit_account, service_credit_lot, service_credit_entry"
        )
        self.env["ir.cron"]._commit_progress(0)

    def _grant_batch(self, partner_ids, day):
        """Grant to these clients in one transaction, starting anew when another one interfered.

        :return: how many clients need no more attention in this run
        """
        self.ensure_one()
        for attempt in range(TRIES):
            try:
                return len(self._grant_clients(partner_ids, day))
            except TransactionRollbackError:
                # A scheduled action's transaction is not retried by Odoo.
                self._restart_transaction()
                time.sleep(random.uniform(0, 0.1 * attempt))
            except UserError as error:
                self._restart_transaction()
                if len(partner_ids) == 1:
                    _logger.warning(
                        "Loyalty program %s: client %s is left out: %s",
                        self.id, partner_ids[0], error,
                    )  # fmt: skip
                    return 1
                return sum(self._grant_alone(partner_id, day) for partner_id in partner_ids)
        _logger.info("Loyalty program %s: a batch is left for later, others work on it", self.id)
        return 0

    def _grant_alone(self, partner_id, day):
        """One client's trouble must not keep the others from their credits."""
        done = self._grant_batch([partner_id], day)
        self.env["ir.cron"]._commit_progress(0)
        return done

    def _restart_transaction(self):
        self.env.cr.rollback()
        self.env.invalidate_all(flush=False)

    def _grant_clients(self, partner_ids, day):
        """Grant what is due on `day` to those of these clients that nobody else works on.

        :return: the clients taken care of
        """
        self.ensure_one()
        partners = (
            self.env["res.partner"]
            .sudo()
            .browse(partner_ids)
            .try_lock_for_update(allow_referencing=True)
        )
        due = self._get_due(day, partners.ids)
        if due:
            self._post_grants(due)
        return partners

    def _post_grants(self, due):
        """Post grants (dicts of `_get_due`) in one go, and queue what the clients are told."""
        # sudo: the ledger's rows are nobody's to write; who calls has checked the rights.
        partners = self.env["res.partner"].sudo().browse({row["partner_id"] for row in due})
        partners.fetch(["commercial_partner_id", "lang"])
        accounts = self.env["service.credit.account"].sudo()._for_partners(
            partners, self.company_id
        )
        accounts.fetch(["partner_id", "company_id"])
        account_of = {account.partner_id.id: account.id for account in accounts}
        lang_of = {partner.id: partner.lang for partner in partners}
        reasons = {}
        grants = []
        for row in due:
            told = lang_of[row["partner_id"]], row["years"], row["credits"]
            if told not in reasons:
                lang, years, credits = told
                lang = lang or self.company_id.partner_id.lang
                reasons[told] = self.with_context(lang=lang)._get_reason(years, credits)
            grants.append(self._prepare_grant(row, account_of[row["partner_id"]], reasons[told]))
        lots = accounts._grant_many(grants)
        self.env["service.credit.loyalty.news"]._queue(
            [grant["account_id"] for grant in grants], lots.ids, self.notify
        )
        return lots

    def _prepare_grant(self, row, account_id, reason):
        """Arguments of `_grant_many` for one row of `_get_due`. To be extended."""
        return {
            "account_id": account_id,
            "quantity": row["credits"],
            "key": self._get_grant_key(row["period"]),
            "origin": "loyalty",
            "reason": reason,
            "program_id": self.id,
            "period": row["period"],
            "seniority": row["years"],
            "seniority_since": row["since"],
            "seniority_date": row["date"],
        }
