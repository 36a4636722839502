from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

MONTHS = 12  # of past use that the forecast looks at
SOON = 3  # months left below which a client is about to run out


class ServiceCreditForecast(models.Model):
    """How long each client's credits last at the pace of the last twelve months."""

    _name = "service.credit.forecast"
    _description = "Service Credit Forecast"
    _auto = False
    _rec_name = "partner_id"
    _order = "months_left, available, id"
    _depends = {"res.partner": ["user_id"]}

    account_id = fields.Many2one("service.credit.account", readonly=True)
    partner_id = fields.Many2one("res.partner", "Client", readonly=True)
    salesperson_id = fields.Many2one("res.users", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    available = fields.Integer(readonly=True)
    held = fields.Integer("Reserved", readonly=True)
    used = fields.Integer("Used in 12 Months", readonly=True)
    monthly_use = fields.Float(
        "Average Use per Month", digits=(16, 1), readonly=True,
        help="Over the last twelve months, or since the client's first credits.",
    )  # fmt: skip
    months_left = fields.Float(
        digits=(16, 1), readonly=True, aggregator="min",
        help="How long the available credits last if the client goes on like this. Empty when "
        "the client used none.",
    )  # fmt: skip
    last_use = fields.Datetime(readonly=True)
    alert_threshold = fields.Integer(related="account_id.alert_threshold", aggregator=None)
    is_low = fields.Boolean(
        "At or Below the Threshold", related="account_id.is_low",
        help="The available credits have come down to the threshold of the client or company.",
    )  # fmt: skip
    runs_out = fields.Boolean(
        "About to Run Out", compute="_compute_runs_out", search="_search_runs_out",
        help="At or below the threshold, or with less than three months left at this pace.",
    )  # fmt: skip

    @property
    def _table_query(self):
        now = fields.Datetime.now()
        return SQL(
            """
            SELECT id, id AS account_id, partner_id, salesperson_id, company_id, available, held,
                   used, last_use, round(used / months, 1) AS monthly_use,
                   CASE WHEN used > 0 THEN round(available * months / used, 1) END AS months_left
              FROM (SELECT account.id, account.partner_id, account.company_id, account.available,
                           account.held, partner.user_id AS salesperson_id,
                           GREATEST(COALESCE(past.used, 0), 0) AS used, past.last_use,
                           -- a new client's pace is that of the months since the first credits
                           LEAST(%(months)s, GREATEST(1, extract(
                               epoch FROM %(now)s::timestamp - first.date) / 2629800))::numeric
                               AS months
                      FROM service_credit_account account
                      LEFT JOIN res_partner partner ON partner.id = account.partner_id
                      JOIN service_credit_entry first
                        ON first.account_id = account.id AND first.sequence = 1
                      LEFT JOIN (SELECT COALESCE(owner.merged_into_id, owner.id) AS account_id,
                                        -sum(entry.available_change + entry.held_change) AS used,
                                        max(entry.date) AS last_use
                                   FROM service_credit_entry entry
                                   JOIN service_credit_account owner
                                     ON owner.id = entry.account_id
                                  WHERE entry.kind IN ('consume', 'refund')
                                    AND entry.date > %(since)s
                                  GROUP BY 1) past ON past.account_id = account.id
                     WHERE account.merged_into_id IS NULL) pace
            """,
            months=MONTHS,
            now=now,
            since=now - relativedelta(months=MONTHS),
        )

    def _compute_runs_out(self):
        for forecast in self:
            soon = forecast.used > 0 and forecast.months_left < SOON
            forecast.runs_out = forecast.is_low or soon

    def _search_runs_out(self, operator, value):
        if operator != "in":
            return NotImplemented
        return self._get_low_domain() if True in value else ~self._get_low_domain()

    @api.model
    def _get_low_domain(self):
        # An empty number of months is smaller than any to a search: hence the use.
        return Domain("is_low", "=", True) | (
            Domain("used", ">", 0) & Domain("months_left", "<", SOON)
        )

    def action_open_account(self):
        """Open the client's account."""
        self.ensure_one()
        self.check_access("read")
        return self.account_id._get_records_action()
