from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    service_credit_grant_on = fields.Selection(
        [
            ("order", "The order is confirmed"),
            ("invoice", "The invoice is posted"),
            ("payment", "The invoice is paid"),
        ],
        string="Grant service credits when",
        default="payment",
        required=True,
        help="When the credits of a pack reach the client. Changing it never takes back credits "
        "that were granted, and never grants any twice.",
    )
    service_credit_auto_invoice = fields.Boolean(
        "Invoice credit packs by itself",
        help="When an order with credit packs is confirmed, its invoice is made, posted and sent "
        "to the client.",
    )
