import logging
import time

from odoo import api, fields, models

_logger = logging.getLogger(__name__)


class ServiceCreditReconciliation(models.Model):
    """One run of the check of the whole ledger, and what it found."""

    _name = "service.credit.reconciliation"
    _description = "Service Credit Reconciliation"
    _order = "id desc"
    _rec_name = "date"

    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    user_id = fields.Many2one("res.users", readonly=True, default=lambda self: self.env.user)
    account_count = fields.Integer("Accounts", readonly=True)
    entry_count = fields.Integer("Entries", readonly=True)
    duration = fields.Float("Duration (s)", readonly=True)
    line_ids = fields.One2many(
        "service.credit.reconciliation.line", "reconciliation_id", "Differences", readonly=True
    )
    difference_count = fields.Integer("Number of differences", readonly=True)

    def action_run(self):
        """Reconcile the whole ledger now and show the report."""
        return self.env["service.credit.account"].action_reconcile()

    @api.model
    def _reconcile(self, accounts=None):
        """Check the ledger of `accounts` (default: all of them) and keep the report.

        :return: the report; ``difference_count`` is 0 when everything agrees
        """
        start = time.monotonic()
        self.env.flush_all()
        ids = accounts.ids if accounts else None
        if not accounts:
            # With stale statistics the same check takes many times as long.
            self.env.cr.execute("ANALYZE service_credit_account, service_credit_lot")
            self.env.cr.execute("ANALYZE service_credit_hold, service_credit_entry")
        self.env.cr.execute(
            """
            SELECT account_id, problem, lot_id, hold_id, entry_sequence, expected, found
              FROM service_credit_reconcile(%s)
             ORDER BY account_id, entry_sequence NULLS FIRST, problem
            """,
            [ids],
        )
        differences = self.env.cr.dictfetchall()
        self.env.cr.execute(
            """
            SELECT count(*), coalesce(sum(last_sequence), 0) FROM service_credit_account
             WHERE %(ids)s::integer[] IS NULL OR id = ANY(%(ids)s)
            """,
            {"ids": ids},
        )
        account_count, entry_count = self.env.cr.fetchone()
        # sudo: no one may write reports by hand, so that they can be believed.
        report = self.sudo().create(
            {
                "account_count": account_count,
                "entry_count": entry_count,
                "duration": time.monotonic() - start,
                "difference_count": len(differences),
                "line_ids": [fields.Command.create(vals) for vals in differences],
            }
        )
        if differences:
            _logger.error(
                "The ledger of service credits has %s difference(s): see reconciliation %s",
                len(differences),
                report.id,
            )
        return report.sudo(False)

    @api.model
    def _cron_reconcile(self):
        """Nightly: check everything, and tell each manager when something is wrong."""
        report = self._reconcile()
        if not report.difference_count:
            return
        managers = self.env.ref("service_credits.group_manager").user_ids
        for manager in managers.filtered(lambda user: user.active and user.email):
            self.env["mail.mail"].sudo().create(
                {
                    "subject": self.env._("Service credits: the ledger has differences"),
                    "email_to": manager.email_formatted,
                    "body_html": self.env._(
                        "The nightly reconciliation found %(count)s differences in the ledger of "
                        "service credits. Open Service Credits / Reporting / Reconciliations.",
                        count=report.difference_count,
                    ),
                }
            )
