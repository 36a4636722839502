from psycopg2.extensions import TransactionRollbackError

from odoo import api, fields, models
from odoo.tools import SQL

from .service_credit_account_alert import THRESHOLD

BATCH = 100  # accounts per transaction: a mail takes several milliseconds to write


class ServiceCreditAlert(models.Model):
    """A client was told, once, that few credits are left.

    The ledger itself says when: an account now at or below its threshold went down to it at the
    first entry that took credits out since the stock was last above. That entry's number, unique
    here, makes the alert happen once, whatever crashes and whoever else looks at the same moment;
    a later entry above the threshold arms it again. Therefore:

    - a dip that is over when the scheduled action looks is told to nobody;
    - a rise and a new descent between two looks are told: the client went down twice;
    - credits put back and reserved anew for one intervention, whose price was changed, are no rise;
    - a client who never had any credits, or to whom they were only given, is not alerted;
    - a threshold raised above the stock alerts when the next credits go, not by itself;
    - credits bought and on their way count: who has ordered is not told, unless the order fails.
    """

    _name = "service.credit.alert"
    _inherit = "service.credit.notice"
    _description = "Alert of Few Service Credits"
    _order = "date desc, id desc"
    _rec_name = "account_id"
    _log_access = False  # date says when; the scheduled action says who

    account_id = fields.Many2one(
        "service.credit.account", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(related="account_id.partner_id", string="Client")
    company_id = fields.Many2one(related="account_id.company_id")
    sequence = fields.Integer(
        "Entry No.", required=True, readonly=True, aggregator=None,
        help="The entry of the ledger that brought the stock down to the threshold.",
    )  # fmt: skip
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    available = fields.Integer("Credits left", required=True, readonly=True, aggregator=None)
    threshold = fields.Integer(required=True, readonly=True, aggregator=None)
    recipient_ids = fields.Many2many("res.partner", string="Written to", readonly=True)
    user_id = fields.Many2one("res.users", "Salesperson told", readonly=True, ondelete="set null")
    order_id = fields.Many2one(
        "sale.order", "Quotation", readonly=True, index="btree_not_null", ondelete="set null",
        help="The top-up that was prepared for the client to confirm.",
    )  # fmt: skip

    # An index, not a table constraint: a merge of partners must not delete rows.
    _crossing_uniq = models.UniqueIndex("(account_id, sequence)")

    # === Looking === #

    @api.model
    def _find_crossings(self, last=0):
        """Clients to be told, by the ledger alone.

        :param int last: only accounts with a greater id
        :return: [{"account_id": …, "sequence": …, "threshold": …, "available": …}]
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT low.id AS account_id, crossing.sequence, low.threshold, low.available
                  FROM (SELECT a.id, a.available, t.threshold,
                               greatest(a.alert_since, c.service_credit_alert_since) AS since
                          FROM service_credit_account a
                          JOIN res_company c
                            ON c.id = a.company_id AND c.active AND c.service_credit_alert
                          JOIN res_partner client ON client.id = a.partner_id AND client.active
                         CROSS JOIN LATERAL (
                               SELECT %(threshold)s AS threshold) t
                         WHERE a.id > %(last)s
                           AND a.last_sequence > 0
                           AND a.merged_into_id IS NULL
                           AND a.available <= t.threshold) low
                  LEFT JOIN LATERAL (
                       SELECT e.sequence
                         FROM service_credit_entry e
                        WHERE e.account_id = low.id
                          AND e.available_after > low.threshold
                          AND NOT (e.kind = 'release' AND EXISTS (
                              -- Put back and reserved anew by the same intervention.
                              SELECT FROM service_intervention_hold_rel before
                                JOIN service_intervention_hold_rel after
                                  ON after.intervention_id = before.intervention_id
                                JOIN service_credit_entry again
                                  ON again.hold_id = after.hold_id AND again.kind = 'reserve'
                               WHERE before.hold_id = e.hold_id
                                 AND after.hold_id > before.hold_id
                                 AND again.date - e.date < interval '10 seconds'))
                        ORDER BY e.sequence DESC LIMIT 1) above ON true
                 CROSS JOIN LATERAL (
                       SELECT e.sequence
                         FROM service_credit_entry e
                        WHERE e.account_id = low.id
                          AND e.sequence > coalesce(above.sequence, 0)
                          AND e.available_change < 0
                          AND (low.since IS NULL OR e.date >= low.since)
                        ORDER BY e.sequence LIMIT 1) crossing
                 WHERE NOT EXISTS (SELECT FROM service_credit_alert told
                                    WHERE told.account_id = low.id
                                      AND told.sequence > coalesce(above.sequence, 0))
                 ORDER BY low.id
                 LIMIT %(limit)s
                """,
                threshold=THRESHOLD,
                last=last,
                limit=BATCH,
            )
        )
        return self.env.cr.dictfetchall()

    @api.model
    def _cron_alerts(self):
        """Tell who is about to run out, in batches that any worker can take over."""
        progress = self.env["ir.cron"]._commit_progress
        last = 0
        while crossings := self._find_crossings(last):
            last = crossings[-1]["account_id"]
            # One more: the look at whoever comes after these.
            if not progress(self._tell_batch(crossings), remaining=1):
                return
        try:
            self._end_activities()
            self.env.flush_all()
        except TransactionRollbackError:
            # Someone works on one of them at this moment: the next run looks again.
            self.env.cr.rollback()
            self.env.invalidate_all(flush=False)
        progress(remaining=0)

    @api.model
    def _tell_batch(self, crossings):
        """Tell these clients in one transaction; one by one when that fails.

        :return: how many were told
        """
        told, _failed = self._write_batch(crossings, lambda rows: len(self._tell(rows)))
        return told

    @api.model
    def _tell(self, crossings):
        """Record the alerts of these crossings, mails, activities and quotations with them.

        :return: the alerts
        """
        Account = self.env["service.credit.account"]
        alerts = self._record(
            [
                crossing
                for crossing in crossings
                # Read one by one: only who has just gone down comes here.
                if crossing["available"] + Account.browse(crossing["account_id"]).pending
                <= crossing["threshold"]
            ]
        )
        for alert in alerts:
            alert._tell_one()
        return alerts

    @api.model
    def _record(self, crossings):
        """Insert alerts; those that another worker has recorded are left out."""
        if not crossings:
            return self
        self.env.cr.execute(
            """
            INSERT INTO service_credit_alert (account_id, sequence, date, available, threshold)
            SELECT account_id, sequence, %s, available, threshold
              FROM unnest(%s, %s, %s, %s) AS new (account_id, sequence, available, threshold)
                ON CONFLICT DO NOTHING
            RETURNING id
            """,
            [
                fields.Datetime.now(),
                *(
                    [crossing[name] for crossing in crossings]
                    for name in ("account_id", "sequence", "available", "threshold")
                ),
            ],
        )
        return self.browse(alert_id for (alert_id,) in self.env.cr.fetchall())
