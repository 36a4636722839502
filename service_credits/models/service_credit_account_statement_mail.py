from odoo import fields, models

from .service_credit_account_alert import STAFF


class ServiceCreditAccount(models.Model):
    """Whether the client receives the statement of each month: see
    ``service_credit_statement_mail.py``.
    """

    _inherit = "service.credit.account"

    statement_policy = fields.Selection(
        [
            ("company", "As the company does"),
            ("yes", "Each month"),
            ("no", "Never"),
        ],
        string="Statement by mail",
        required=True,
        default="company",
        help="Whether the client receives the statement of each month by mail.",
    )
    statement_since = fields.Datetime(
        readonly=True,
        help="When the client's own choice was made last: months that ended before are not sent.",
    )
    statement_mail_ids = fields.One2many(
        "service.credit.statement.mail", "account_id", "Statements sent", readonly=True,
        groups=STAFF,
    )  # fmt: skip

    def init(self):
        # Accounts are opened by a statement of the ledger that knows nothing of this column.
        self.env.cr.execute(
            "ALTER TABLE service_credit_account ALTER COLUMN statement_policy SET DEFAULT 'company'"
        )
        return super().init()

    def write(self, vals):
        if "statement_policy" in vals:
            vals = {**vals, "statement_since": fields.Datetime.now()}
        return super().write(vals)
