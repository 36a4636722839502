from odoo import api, models
from odoo.fields import Command


class SaleOrder(models.Model):
    _inherit = "sale.order"

    @api.model
    def _quote_credit_packs(self, partner, quantities, company):
        """Quote packs to `partner`, at the client's own prices, to be confirmed on Odoo's page.

        :param dict quantities: {product.product: number of packs}
        :return: the quotation, sent
        :raises UserError: a quantity or product that cannot be ordered; nothing is created
        """
        order = (
            self.with_company(company)
            # Whoever is in charge gets an activity that names the quotation.
            .with_context(mail_auto_subscribe_no_notify=True)
            .create(
                {
                    "partner_id": partner.id,
                    "company_id": company.id,
                    "origin": self.with_context(lang=partner.lang).env._("Alert: few credits"),
                    "order_line": [
                        Command.create(line)
                        for line in self._prepare_pack_lines(quantities, company)
                    ],
                }
            )
        )
        if not (order.require_signature or order.require_payment):
            # Nothing else would let the client confirm it with a click.
            order.require_signature = True
        order.action_quotation_sent()
        return order.with_env(self.env)
