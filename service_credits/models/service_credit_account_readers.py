from odoo import models
from odoo.fields import Domain


class ServiceCreditAccount(models.Model):
    _inherit = "service.credit.account"

    def _get_stock_readers(self, may_order=False):
        """Whom this client's stock is written to by mail: the contacts who follow it online.

        Contacts with an access to the portal who may see the credits (`may_order`: and order
        some). When there are none, the client itself, else its first contact with an address.
        """
        self.ensure_one()
        client = self.partner_id
        domain = Domain("commercial_partner_id", "=", client.id) & Domain("email", "!=", False)
        domain &= Domain("service_credit_no_see", "!=", True)
        if may_order:
            domain &= Domain("service_credit_no_order", "!=", True)
        # sudo: what a contact may do is not for everyone to read
        contacts = self.env["res.partner"].sudo().search(domain, order="id")
        return contacts.filtered("user_ids") or contacts & client or contacts[:1]
