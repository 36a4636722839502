from odoo import fields, models
from odoo.exceptions import UserError


class ServiceInterventionDecision(models.Model):
    """Who decided what about an intervention: when, from where and by which way. Never changed."""

    _name = "service.intervention.decision"
    _description = "Decision on an Intervention"
    _order = "date desc, id desc"
    _rec_name = "decision"

    intervention_id = fields.Many2one(
        "service.intervention", required=True, readonly=True, index=True, ondelete="cascade"
    )
    decision = fields.Selection(
        [
            ("accepted", "Accepted"),
            ("ordered", "Accepted, credits ordered"),
            ("reserved", "Credits arrived and reserved"),
            ("refused", "Refused"),
            ("undone", "Acceptance taken back"),
            ("cancelled", "Cancelled"),
            ("released", "Wait for credits ended"),
            ("expired", "Expired"),
        ],
        required=True,
        readonly=True,
    )
    way = fields.Selection(
        [
            ("portal", "Client portal, signed in"),
            ("link", "Link of the mail"),
            ("mail", "Straight from the mail"),
            ("staff", "Staff, on behalf of the client"),
            ("office", "Staff"),
            ("automatic", "Automatic"),
        ],
        required=True,
        readonly=True,
    )
    partner_id = fields.Many2one("res.partner", "Decided by", readonly=True, ondelete="restrict")
    user_id = fields.Many2one("res.users", "Recorded by", readonly=True)
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    ip = fields.Char("Address", readonly=True, help="The network address it came from.")
    revision = fields.Integer(readonly=True)
    credits = fields.Integer(readonly=True)
    reason = fields.Text(readonly=True)
    chosen = fields.Json(readonly=True, help="Which lines, by position, were part of it.")
    company_id = fields.Many2one(related="intervention_id.company_id")

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("A decision is kept as it was: it cannot be changed."))
