from odoo import api, fields, models


class ServiceCreditLot(models.Model):
    _inherit = "service.credit.lot"

    program_id = fields.Many2one(
        "service.credit.program", "Loyalty program", readonly=True, ondelete="restrict"
    )
    period = fields.Char(
        readonly=True, help="The calendar year of a yearly grant; “once” for a single one."
    )
    seniority = fields.Integer(
        "Years of seniority", readonly=True, aggregator="avg",
        help="Whole years of seniority that the program counted.",
    )  # fmt: skip
    seniority_since = fields.Date(
        "Counted from", readonly=True, help="The client's start date when the grant was made."
    )
    seniority_date = fields.Date(
        "Due on", readonly=True, help="The day on which the years were counted."
    )

    # Led by the account: a program has too many lots for an index on it to be of use.
    _program_idx = models.Index("(account_id, program_id, period) WHERE program_id IS NOT NULL")

    @api.model
    def _source_fields(self):
        return (
            *super()._source_fields(),
            "program_id", "period", "seniority", "seniority_since", "seniority_date",
        )  # fmt: skip
