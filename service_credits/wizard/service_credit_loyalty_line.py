from odoo import api, fields, models
from odoo.exceptions import UserError


class ServiceCreditLoyaltyLine(models.TransientModel):
    """One grant of a dry run."""

    _name = "service.credit.loyalty.line"
    _description = "Grant of a Loyalty Dry Run"
    _order = "id"
    _rec_name = "partner_id"

    wizard_id = fields.Many2one(
        "service.credit.loyalty", required=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one("res.partner", "Client", readonly=True, ondelete="cascade")
    program_id = fields.Many2one("service.credit.program", readonly=True, ondelete="cascade")
    period = fields.Char(readonly=True)
    date = fields.Date("Due on", readonly=True)
    since = fields.Date("Client since", readonly=True)
    years = fields.Integer("Years of seniority", readonly=True, aggregator=None)
    steps = fields.Integer("Whole steps", compute="_compute_why", aggregator=None)
    capped = fields.Boolean(
        "Limited", compute="_compute_why", help="The program's cap was reached."
    )
    credits = fields.Integer(readonly=True)
    reason = fields.Char("Why", compute="_compute_why")

    @api.depends("program_id", "years", "credits")
    def _compute_why(self):
        for line in self:
            program = line.program_id
            line.steps = line.years // program.years_per_step if program else 0
            line.capped = line.steps * program.credits_per_step > line.credits
            line.reason = program._get_reason(line.years, line.credits)

    def action_confirm(self):
        """The list's button: grant the whole list."""
        wizard = self.env["service.credit.loyalty"].browse(
            self.env.context.get("service_credit_loyalty_id")
        )
        if not wizard.exists():
            raise UserError(self.env._("This list is too old: make it again."))
        return wizard.action_confirm()
