from odoo import api, fields, models
from odoo.exceptions import UserError

ORIGINS = [
    ("purchase", "Purchase"),
    ("loyalty", "Loyalty"),
    ("adjustment", "Adjustment"),
    ("opening", "Opening balance"),
    ("transfer", "Transfer"),
]


class ServiceCreditLot(models.Model):
    """Credits that came in together: one purchase line, one grant.

    ``quantity`` is what was granted less what was taken back, so that at any time
    ``quantity = available + held + spent``. ``value`` is the untaxed worth, in the company's
    currency, of the credits when they were granted (0 for free ones).
    """

    _name = "service.credit.lot"
    _inherit = "service.credit.ledger"
    _description = "Service Credit Lot"
    _order = "date desc, id desc"

    # Found by the unique index of the grant keys, which begins with the account.
    account_id = fields.Many2one(
        "service.credit.account", required=True, readonly=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(related="account_id.partner_id", string="Client")
    company_id = fields.Many2one(related="account_id.company_id")
    date = fields.Datetime(required=True, readonly=True)
    origin = fields.Selection(ORIGINS, required=True, readonly=True)
    quantity = fields.Integer(
        required=True, readonly=True, default=0, help="Credits granted, less those taken back."
    )
    available = fields.Integer(required=True, readonly=True, default=0)
    held = fields.Integer("Reserved", required=True, readonly=True, default=0)
    spent = fields.Integer("Used", required=True, readonly=True, default=0)
    currency_id = fields.Many2one("res.currency", readonly=True, ondelete="restrict")
    value = fields.Monetary(
        readonly=True, help="Untaxed worth of the credits when granted; 0 for free credits."
    )
    unit_price = fields.Float(
        "Price per credit",
        digits=(16, 6),
        readonly=True,
        aggregator=None,
        help="Untaxed value of one credit, in the company's currency.",
    )
    grant_key = fields.Char(required=True, readonly=True)
    invoice_line_id = fields.Many2one("account.move.line", readonly=True, index="btree_not_null")
    order_line_id = fields.Many2one("sale.order.line", readonly=True, index="btree_not_null")
    source_lot_id = fields.Many2one(
        "service.credit.lot",
        "Transferred from",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    entry_ids = fields.One2many("service.credit.entry", "lot_id", "Entries")

    _grant_key_uniq = models.UniqueIndex("(account_id, grant_key)")
    _open_idx = models.Index("(account_id, date, id) WHERE available > 0")
    _sums = models.Constraint("CHECK (quantity = available + held + spent)")
    _never_negative = models.Constraint("CHECK (available >= 0 AND held >= 0 AND spent >= 0)")
    _worth = models.Constraint("CHECK (value >= 0 AND unit_price >= 0)")

    @api.depends("origin", "date", "grant_key")
    def _compute_display_name(self):
        origins = dict(self._fields["origin"]._description_selection(self.env))
        for lot in self:
            day = lot.date and fields.Date.to_date(fields.Datetime.context_timestamp(lot, lot.date))
            lot.display_name = f"{origins.get(lot.origin, '')} {day or ''} #{lot.id}".strip()

    @api.model
    def _source_fields(self):
        """Names of the fields that say where a lot came from; `_grant` takes them as keywords."""
        return ("invoice_line_id", "order_line_id", "source_lot_id")

    def _revoke(self, quantity, key, reason=""):
        """Take `quantity` unused credits back from this lot.

        :param int quantity: credits, from 1 to what the lot has available
        :param str key: idempotency key of the operation
        :return: the entry
        :raises UserError: more than the lot has unused, or a key used for something else
        """
        self.ensure_one()
        account = self.account_id
        quantity = account._check_quantity(quantity)
        state = account._lock()
        done = account._replay(key, "revoke", quantity, lots=self)
        if done:
            return done
        self.invalidate_recordset()
        if quantity > self.available:
            raise UserError(
                self.env._(
                    "%(client)s: %(wanted)s service credits cannot be taken back from the lot "
                    "%(lot)s: %(available)s of its %(quantity)s are unused "
                    "(%(held)s reserved, %(spent)s used).",
                    client=account.partner_id.display_name,
                    wanted=quantity,
                    lot=self.display_name,
                    available=self.available,
                    quantity=self.quantity,
                    held=self.held,
                    spent=self.spent,
                )
            )
        return account._post(state, key, "revoke", [(self.id, quantity)], reason=reason)
