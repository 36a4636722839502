from odoo import fields, models


class ServiceCreditOpeningLine(models.TransientModel):
    """What the dry run says of one line of the spreadsheet."""

    _name = "service.credit.opening.line"
    _description = "Line of Opening Balances"
    _order = "number"

    opening_id = fields.Many2one("service.credit.opening", required=True, ondelete="cascade")
    number = fields.Integer("Line", readonly=True, aggregator=None)
    client = fields.Char("Client in the file", readonly=True)
    partner_id = fields.Many2one("res.partner", "Client", readonly=True)
    credits = fields.Integer(readonly=True)
    currency_id = fields.Many2one(related="opening_id.company_id.currency_id")
    value = fields.Monetary(readonly=True)
    reason = fields.Char(readonly=True)
    key = fields.Char(readonly=True)
    outcome = fields.Selection(
        [("new", "Will be imported"), ("done", "Already imported"), ("error", "Error")],
        required=True,
        readonly=True,
    )
    message = fields.Char(readonly=True)
