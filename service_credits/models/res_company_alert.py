from odoo import fields, models


class ResCompany(models.Model):
    """What the company does when a client is about to run out of credits."""

    _inherit = "res.company"

    service_credit_alert = fields.Boolean(
        "Tell Who Runs Out of Credits",
        default=True,
        help="Once each time the stock of a client comes down to the threshold: a mail to the "
        "client, and an activity for their salesperson.",
    )
    # 3: below the smallest pack of the catalogue (5), so that any purchase lifts the stock above
    # it and the next descent is told again.
    service_credit_alert_threshold = fields.Integer(
        "Threshold of Available Credits",
        default=3,
        help="A client is about to run out when that many credits, or fewer, are left; 0: when "
        "none is left. A client may have another threshold.",
    )
    service_credit_alert_since = fields.Datetime(
        default=fields.Datetime.now,
        readonly=True,
        help="When alerts were switched on or the threshold changed last: credits that went before "
        "that moment alert nobody.",
    )
    service_credit_topup = fields.Boolean(
        "Prepare a Quotation With the Alert",
        default=True,
        help="Clients may choose a pack: when they are about to run out, a quotation for it is "
        "ready for them to confirm.",
    )

    _service_credit_alert_threshold = models.Constraint(
        "CHECK (service_credit_alert_threshold >= 0)",
        "A threshold is a number of credits, 0 or more.",
    )

    def write(self, vals):
        if not {"service_credit_alert", "service_credit_alert_threshold"}.isdisjoint(vals):
            changed = self.filtered(
                lambda company: any(
                    name in vals and company[name] != vals[name]
                    for name in ("service_credit_alert", "service_credit_alert_threshold")
                )
            )
            # An alert tells of credits that go, not of a setting that changed: lowering the
            # threshold or switching alerts on must not write to every client at once.
            super(ResCompany, changed).write({"service_credit_alert_since": fields.Datetime.now()})
        return super().write(vals)
