from odoo import fields, models
from odoo.tools.misc import file_path

KINDS = [
    ("grant", "Granted"),
    ("reserve", "Reserved"),
    ("release", "Released"),
    ("consume", "Used"),
    ("revoke", "Taken back"),
    ("refund", "Given back"),
]

# Which sign each kind of entry must have: (change of available, change of held).
_SIGNS = """CHECK (CASE kind
    WHEN 'grant'   THEN available_change > 0 AND held_change = 0 AND hold_id IS NULL
    WHEN 'revoke'  THEN available_change < 0 AND held_change = 0 AND hold_id IS NULL
    WHEN 'reserve' THEN available_change < 0 AND held_change = -available_change
                        AND hold_id IS NOT NULL
    WHEN 'release' THEN available_change > 0 AND held_change = -available_change
                        AND hold_id IS NOT NULL
    WHEN 'consume' THEN available_change = 0 AND held_change < 0 AND hold_id IS NOT NULL
    WHEN 'refund'  THEN available_change > 0 AND held_change = 0 AND hold_id IS NOT NULL
    ELSE false END)"""


class ServiceCreditEntry(models.Model):
    """One line of the ledger: one operation on one lot. Never changed, never deleted.

    The entries are the only truth. The balances of accounts, lots and holds are derived from
    them by the trigger in ``sql/posting.sql``.
    """

    _name = "service.credit.entry"
    _inherit = "service.credit.ledger"
    _description = "Service Credit Entry"
    _order = "date desc, id desc"
    _rec_name = "operation_key"
    _log_access = False  # date and user_id say who and when; nothing is ever written later

    account_id = fields.Many2one(
        "service.credit.account", required=True, readonly=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(related="account_id.partner_id", string="Client")
    company_id = fields.Many2one(related="account_id.company_id")
    sequence = fields.Integer(
        "No.",
        required=True,
        readonly=True,
        aggregator=None,
        help="Rank of the entry in its account, without gaps.",
    )
    kind = fields.Selection(KINDS, required=True, readonly=True)
    lot_id = fields.Many2one(
        "service.credit.lot", required=True, readonly=True, index=True, ondelete="restrict"
    )
    hold_id = fields.Many2one("service.credit.hold", readonly=True, ondelete="restrict")
    available_change = fields.Integer("Change of available", required=True, readonly=True)
    held_change = fields.Integer("Change of reserved", required=True, readonly=True)
    available_after = fields.Integer(
        "Available after", required=True, readonly=True, aggregator=None
    )
    held_after = fields.Integer("Reserved after", required=True, readonly=True, aggregator=None)
    operation_key = fields.Char(
        required=True,
        readonly=True,
        help="Identifies the operation: repeated with the same key, it is done once.",
    )
    date = fields.Datetime(required=True, readonly=True, index=True)
    user_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="restrict")
    reason = fields.Char(readonly=True)
    hash = fields.Char(
        "Seal",
        readonly=True,
        help="SHA-256 over this entry and the seal of the one before it in the account.",
    )

    _sequence_uniq = models.UniqueIndex("(account_id, sequence)")
    _operation_uniq = models.UniqueIndex("(account_id, operation_key, kind, lot_id)")
    _hold_lot_idx = models.Index("(hold_id, lot_id) WHERE hold_id IS NOT NULL")
    _signs = models.Constraint(_SIGNS)
    _sequence_positive = models.Constraint("CHECK (sequence > 0)")
    _never_negative = models.Constraint("CHECK (available_after >= 0 AND held_after >= 0)")

    def init(self):
        # The tables of all four models must stand before functions and triggers name them.
        self.pool.post_init(self._load_ledger_sql)

    def _load_ledger_sql(self):
        """Load the ledger's columns, guards and triggers. Every statement can be repeated."""
        for name in ("columns", "guards", "posting", "reconcile"):
            path = file_path(f"service_credits/sql/{name}.sql")
            with open(path, encoding="utf-8") as file:
                self.env.cr.execute(file.read())
