from odoo import fields, models

PROBLEMS = [
    ("sequence", "Missing or renumbered entry"),
    ("running_total", "Wrong running total"),
    ("seal", "Entry altered: the seal is broken"),
    ("sign", "Amounts that do not fit the kind of entry"),
    ("foreign_lot", "Entry on the lot of another account"),
    ("foreign_hold", "Entry on the reservation of another account"),
    ("hold_lot", "Reservation settled beyond what it held of a lot"),
    ("account", "Wrong balance of the account"),
    ("lot", "Wrong quantities of the lot"),
    ("hold", "Wrong quantities of the reservation"),
]


class ServiceCreditReconciliationLine(models.Model):
    _name = "service.credit.reconciliation.line"
    _description = "Difference found in the Ledger"
    _order = "id"

    reconciliation_id = fields.Many2one(
        "service.credit.reconciliation", required=True, index=True, ondelete="cascade"
    )
    problem = fields.Selection(PROBLEMS, required=True, readonly=True)
    # Without foreign keys' help: what is named here may itself be what is missing.
    account_id = fields.Many2one("service.credit.account", readonly=True, ondelete="set null")
    lot_id = fields.Integer(readonly=True, aggregator=None)
    hold_id = fields.Integer("Reservation", readonly=True, aggregator=None)
    entry_sequence = fields.Integer("Entry no.", readonly=True, aggregator=None)
    expected = fields.Char(readonly=True)
    found = fields.Char(readonly=True)
