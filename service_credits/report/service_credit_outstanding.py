from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.tools import SQL

from ..models.service_credit_lot import ORIGINS

AGES = [  # the keys sort as the ages do
    ("00-03", "Up to 3 months"),
    ("03-12", "3 to 12 months"),
    ("12-24", "12 to 24 months"),
    ("24-99", "More than 24 months"),
]


class ServiceCreditOutstanding(models.Model):
    """Credits that clients own and have not used, by age: one row per open lot."""

    _name = "service.credit.outstanding"
    _description = "Outstanding Service Credits"
    _auto = False
    _rec_name = "lot_id"
    _order = "date, id"
    _depends = {
        "account.move.line": ["product_id"],
        "product.product": ["product_tmpl_id"],
        "res.company": ["currency_id"],
        "res.partner": ["user_id"],
        "sale.order.line": ["product_id"],
    }

    lot_id = fields.Many2one("service.credit.lot", readonly=True)
    account_id = fields.Many2one("service.credit.account", readonly=True)
    partner_id = fields.Many2one("res.partner", "Client", readonly=True)
    salesperson_id = fields.Many2one("res.users", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    product_tmpl_id = fields.Many2one("product.template", "Pack", readonly=True)
    date = fields.Datetime("Received on", readonly=True)
    age = fields.Selection(AGES, readonly=True)
    origin = fields.Selection(ORIGINS, readonly=True)
    worth = fields.Selection([("paid", "Paid"), ("free", "Free")], "Paid or Free", readonly=True)
    available = fields.Integer(readonly=True)
    held = fields.Integer("Reserved", readonly=True)
    outstanding = fields.Integer(readonly=True, help="Available and reserved credits together.")
    unit_price = fields.Float("Price per Credit", digits=(16, 6), readonly=True, aggregator=None)
    value = fields.Monetary(
        "Outstanding Value", readonly=True,
        help="Untaxed value of the unused credits, at what the client paid for them.",
    )  # fmt: skip

    @property
    def _table_query(self):
        now = fields.Datetime.now()
        return SQL(
            """
            SELECT lot.id, lot.id AS lot_id, lot.account_id, account.partner_id,
                   partner.user_id AS salesperson_id, account.company_id, company.currency_id,
                   product.product_tmpl_id, lot.date, lot.origin,
                   CASE WHEN lot.date > %(three)s THEN '00-03'
                        WHEN lot.date > %(twelve)s THEN '03-12'
                        WHEN lot.date > %(twenty_four)s THEN '12-24'
                        ELSE '24-99' END AS age,
                   CASE WHEN lot.unit_price > 0 THEN 'paid' ELSE 'free' END AS worth,
                   lot.available, lot.held, lot.available + lot.held AS outstanding,
                   lot.unit_price,
                   round((lot.available + lot.held) * lot.unit_price, currency.decimal_places)
                       AS value
              FROM service_credit_lot lot
              JOIN service_credit_account account ON account.id = lot.account_id
              LEFT JOIN res_partner partner ON partner.id = account.partner_id
              LEFT JOIN res_company company ON company.id = account.company_id
              LEFT JOIN res_currency currency ON currency.id = company.currency_id
              LEFT JOIN sale_order_line sale_line ON sale_line.id = lot.order_line_id
              LEFT JOIN account_move_line move_line ON move_line.id = lot.invoice_line_id
              LEFT JOIN product_product product
                     ON product.id = COALESCE(sale_line.product_id, move_line.product_id)
             WHERE lot.available + lot.held > 0
            """,
            three=now - relativedelta(months=3),
            twelve=now - relativedelta(months=12),
            twenty_four=now - relativedelta(months=24),
        )

    def action_open_account(self):
        """Open the account of the client who owns these credits."""
        self.ensure_one()
        self.check_access("read")
        return self.account_id._get_records_action()
