from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    service_credit_validity_days = fields.Integer(
        "Validity of Quotations in Credits (Days)", default=30
    )
    service_credit_reminder_days = fields.Integer(
        "Reminder Before the Validity Ends (Days)", default=3, help="0: no reminder."
    )
    service_credit_allow_undo = fields.Boolean(
        "Clients May Take an Acceptance Back",
        default=True,
        help="Until the work starts.",
    )
    service_credit_decide_from_mail = fields.Boolean(
        "Decide Straight From the Mail",
        help="The buttons of the mail decide as soon as a person opens the page, without one more"
        " press. Mail scanners that only load the page decide nothing.",
    )

    _service_credit_days = models.Constraint(
        "CHECK (service_credit_validity_days >= 0 AND service_credit_reminder_days >= 0)",
        "Days cannot be negative.",
    )
