from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    service_credit_statement_mail = fields.Boolean(
        "Monthly Statement by Mail",
        help="At the beginning of each month, clients receive the statement of the month before.",
    )
    service_credit_statement_since = fields.Datetime(
        readonly=True,
        help="When monthly statements were switched on last: months that ended before are not "
        "sent.",
    )

    def write(self, vals):
        if vals.get("service_credit_statement_mail"):
            off = self.filtered(lambda company: not company.service_credit_statement_mail)
            super(ResCompany, off).write({"service_credit_statement_since": fields.Datetime.now()})
        return super().write(vals)
