from odoo import fields, models
from odoo.tools import SQL

from ..models.service_credit_lot import ORIGINS

MOVEMENTS = [
    ("sold", "Sold"),
    ("free", "Granted free"),
    ("opening", "Opening balance"),
    ("transfer", "Transferred"),
    ("used", "Used"),
    ("given_back", "Given back"),
    ("taken_back", "Taken back"),
]


class ServiceCreditReport(models.Model):
    """Credit analysis: the entries that changed how many credits clients own.

    Reservations move credits from available to reserved only, and are left out: over any set of
    clients, the sum of ``change`` up to a day is the number of credits outstanding that day.
    """

    _name = "service.credit.report"
    _description = "Service Credit Analysis"
    _auto = False
    _rec_name = "date"
    _order = "date desc, id desc"
    # The ledger's own tables are never written through the ORM: there is nothing to flush.
    _depends = {
        "account.move": ["invoice_user_id"],
        "account.move.line": ["product_id"],
        "product.product": ["product_tmpl_id"],
        "res.company": ["currency_id"],
        "res.partner": ["user_id"],
        "sale.order": ["user_id"],
        "sale.order.line": ["order_id", "product_id"],
        "service.intervention": ["hold_ids", "type_id", "user_id"],
    }

    date = fields.Datetime(readonly=True)
    movement = fields.Selection(MOVEMENTS, readonly=True)
    origin = fields.Selection(ORIGINS, readonly=True, help="How the credits came in.")
    account_id = fields.Many2one("service.credit.account", readonly=True)
    partner_id = fields.Many2one("res.partner", "Client", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    salesperson_id = fields.Many2one(
        "res.users", readonly=True,
        help="Of the order or invoice that brought the credits, otherwise the client's.",
    )  # fmt: skip
    product_id = fields.Many2one("product.product", "Pack Variant", readonly=True)
    product_tmpl_id = fields.Many2one("product.template", "Pack", readonly=True)
    lot_id = fields.Many2one("service.credit.lot", readonly=True)
    intervention_id = fields.Many2one("service.intervention", readonly=True)
    type_id = fields.Many2one("service.intervention.type", "Type of Intervention", readonly=True)
    responsible_id = fields.Many2one(
        "res.users", "Person in Charge", readonly=True, help="Of the intervention."
    )

    sold = fields.Integer(readonly=True)
    free = fields.Integer("Granted Free", readonly=True)
    used = fields.Integer(readonly=True)
    given_back = fields.Integer(
        readonly=True, help="Used credits that were given back to the client afterwards."
    )
    taken_back = fields.Integer(readonly=True)
    change = fields.Integer(
        "Change of Outstanding", readonly=True,
        help="By how much the credits that clients own rose or fell.",
    )  # fmt: skip
    sold_value = fields.Monetary("Value Sold", readonly=True)
    used_value = fields.Monetary(
        "Value Used", readonly=True, help="At the price of the lot that each credit came from."
    )
    change_value = fields.Monetary("Change of Value", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT *,
                   CASE movement WHEN 'sold' THEN change ELSE 0 END AS sold,
                   CASE movement WHEN 'free' THEN change ELSE 0 END AS free,
                   CASE movement WHEN 'used' THEN -change ELSE 0 END AS used,
                   CASE movement WHEN 'given_back' THEN change ELSE 0 END AS given_back,
                   CASE movement WHEN 'taken_back' THEN -change ELSE 0 END AS taken_back,
                   CASE movement WHEN 'sold' THEN change * unit_price ELSE 0 END AS sold_value,
                   CASE movement WHEN 'used' THEN -change * unit_price ELSE 0 END AS used_value,
                   change * unit_price AS change_value
              FROM (SELECT %s FROM %s WHERE %s) entry_change
            """,
            self._select(),
            self._from(),
            self._where(),
        )

    # To be extended. What a report does not show costs nothing: PostgreSQL drops the columns that
    # nobody reads, with their subqueries and joins.

    def _select(self):
        return SQL(
            """
            entry.id, entry.date, entry.account_id, entry.lot_id,
            entry.available_change + entry.held_change AS change,
            CASE entry.kind
                WHEN 'consume' THEN 'used'
                WHEN 'refund' THEN 'given_back'
                WHEN 'grant' THEN
                    CASE WHEN lot.origin = 'purchase' THEN 'sold'
                         WHEN lot.origin IN ('opening', 'transfer') THEN lot.origin
                         ELSE 'free' END
                ELSE
                    -- what a transfer takes from one client arrives at another under this key
                    CASE WHEN EXISTS (SELECT FROM service_credit_lot arrived
                                       WHERE arrived.source_lot_id = entry.lot_id
                                         AND arrived.grant_key
                                             = entry.operation_key || ':' || entry.lot_id)
                         THEN 'transfer' ELSE 'taken_back' END
            END AS movement,
            lot.origin, lot.unit_price,
            account.partner_id, account.company_id, company.currency_id,
            COALESCE(sale.user_id, move.invoice_user_id, partner.user_id) AS salesperson_id,
            product.id AS product_id, product.product_tmpl_id,
            intervention.id AS intervention_id, intervention.type_id,
            intervention.user_id AS responsible_id
            """
        )

    def _from(self):
        return SQL(
            """
            service_credit_entry entry
            JOIN service_credit_lot lot ON lot.id = entry.lot_id
            JOIN service_credit_account account ON account.id = entry.account_id
            LEFT JOIN res_company company ON company.id = account.company_id
            LEFT JOIN res_partner partner ON partner.id = account.partner_id
            LEFT JOIN sale_order_line sale_line ON sale_line.id = lot.order_line_id
            LEFT JOIN sale_order sale ON sale.id = sale_line.order_id
            LEFT JOIN account_move_line move_line ON move_line.id = lot.invoice_line_id
            LEFT JOIN account_move move ON move.id = move_line.move_id
            LEFT JOIN product_product product
                   ON product.id = COALESCE(sale_line.product_id, move_line.product_id)
            LEFT JOIN service_intervention intervention
                   ON intervention.id = (SELECT link.intervention_id
                                           FROM service_intervention_hold_rel link
                                          WHERE link.hold_id = entry.hold_id
                                          LIMIT 1)
            """
        )

    def _where(self):
        return SQL("entry.kind NOT IN ('reserve', 'release')")

    def action_open_source(self):
        """Open what is behind this row: the intervention, the lot, or else the client's account."""
        self.ensure_one()
        self.check_access("read")
        record = self.lot_id
        if self.intervention_id and self.intervention_id.has_access("read"):
            record = self.intervention_id
        return record._get_records_action()
