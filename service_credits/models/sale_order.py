from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import str2bool


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # More packs than that in one portal order is a mistake; the firm can still sell them.
    _max_packs_per_order = 999

    service_credits_bought = fields.Integer(
        "Service credits", compute="_compute_service_credits", compute_sudo=True,
        help="Service credits that this order brings.",
    )
    service_credits_granted = fields.Integer(
        "Granted service credits", compute="_compute_service_credits", compute_sudo=True,
        help="Service credits of this order that the client has received.",
    )
    service_credits_pending = fields.Integer(
        "Pending service credits", compute="_compute_service_credits", compute_sudo=True,
        help="Service credits bought that the client has not received yet.",
    )

    @api.depends(
        "state", "order_line.service_credits", "order_line.invoice_lines.parent_state",
        "order_line.service_credit_lot_ids.quantity",
    )
    def _compute_service_credits(self):
        figures = self.env["service.credit.purchase"]._figures_by_record(
            order_lines=self.order_line.filtered("service_credits_per_unit")
        )
        for order in self:
            lines = order.order_line.filtered("service_credits_per_unit")
            order.service_credits_bought = sum(lines.mapped("service_credits"))
            order.service_credits_granted = sum(figures[line]["granted"] for line in lines)
            order.service_credits_pending = sum(figures[line]["pending"] for line in lines)

    def write(self, vals):
        if "state" not in vals:
            return super().write(vals)
        res = super().write(vals)
        self._sync_service_credits(
            why="order_cancelled" if vals["state"] == "cancel" else "order"
        )
        return res

    # === Actions === #

    def action_view_service_credit_lots(self):
        """Open the lots of credits that this order brought."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "service_credits.service_credit_lot_action"
        )
        action["domain"] = [("order_line_id", "in", self.order_line.ids)]
        action["context"] = {}
        return action

    # === Granting === #

    def _confirmation_error_message(self):
        return super()._confirmation_error_message() or self.order_line._service_credit_error()

    def _action_confirm(self):
        res = super()._action_confirm()
        self.filtered(lambda order: order._has_to_invoice_service_credits())._invoice_credit_packs()
        return res

    def _sync_service_credits(self, why):
        """Grant or take back what these orders now bring: see `service.credit.purchase`."""
        lines = self.order_line.filtered("service_credits_per_unit")
        if lines:
            self.env["service.credit.purchase"]._sync(order_lines=lines, why=why)

    def _has_to_invoice_service_credits(self):
        """Whether the invoice follows by itself. When an online payment confirms the order,
        Odoo's own automatic invoice, if it is on, does it and is not doubled here."""
        self.ensure_one()
        if not self.company_id.service_credit_auto_invoice:
            return False
        if not any(line.service_credits_per_unit for line in self.order_line):
            return False
        # sudo: neither is readable by every salesperson.
        paid_online = self.sudo().transaction_ids.filtered(lambda tx: tx.state == "done")
        odoo_invoices = str2bool(
            self.env["ir.config_parameter"].sudo().get_param("sale.automatic_invoice")
        )
        return not (paid_online and odoo_invoices)

    def _invoice_credit_packs(self):
        for order in self:
            # sudo: the company decided that the invoice follows, whoever confirms, be it the
            # client in the portal.
            order = order.sudo().with_company(order.company_id)
            invoices = order.with_context(raise_if_nothing_to_invoice=False)._create_invoices()
            if not invoices:
                continue
            invoices.action_post()
            for invoice in invoices:
                invoice._portal_ensure_token()
            # As Odoo does for orders paid online: sent by OdooBot, so that neither the client
            # nor the public user is its author.
            self.env["account.move.send"].with_user(SUPERUSER_ID).with_company(
                order.company_id
            )._generate_and_send_invoices(
                invoices.with_user(SUPERUSER_ID),
                allow_raising=False,
                allow_fallback_pdf=True,
            )

    # === Portal === #

    @api.model
    def _order_credit_packs(self, partner, quantities, company=None):
        """Order packs for `partner`, at the client's own prices, on Odoo's own path.

        The order waits for a signature or an online payment when the company asks for one;
        otherwise it is confirmed at once.

        :param partner: the contact who orders
        :param dict quantities: {product.product or product.template: number of packs}
        :return: the order
        :raises UserError: a quantity or product that cannot be ordered; nothing is created
        """
        partner.ensure_one()
        company = company or self.env.company
        lines = self._prepare_pack_lines(quantities, company)
        # sudo: a client may not create orders; this one holds nothing but packs on sale, at
        # prices that Odoo computes.
        order = self.sudo().with_company(company).create(
            {
                "partner_id": partner.id,
                "company_id": company.id,
                "order_line": [Command.create(line) for line in lines],
            }
        )
        if order._has_to_be_signed() or order._has_to_be_paid():
            order.action_quotation_sent()
        else:
            order._validate_order()
        return order.with_env(self.env)

    @api.model
    def _prepare_pack_lines(self, quantities, company):
        if not quantities:
            raise UserError(self.env._("Choose a pack of service credits to order."))
        packs = self.env["product.template"].sudo()._get_credit_packs(company)
        lines = []
        for product, quantity in quantities.items():
            if product._name == "product.template":
                product = product.sudo().product_variant_id
            product = product.sudo()
            if not product.exists() or product not in packs.product_variant_ids:
                raise UserError(
                    self.env._("This product is not a pack of service credits on sale.")
                )
            lines.append(
                {
                    "product_id": product.id,
                    "product_uom_qty": self._check_pack_quantity(product, quantity),
                }
            )
        return lines

    @api.model
    def _check_pack_quantity(self, product, quantity):
        """`quantity`, an int or its decimal text as a form sends it, as an int.

        :raises UserError: not a whole number from 1 to the most that one order may hold
        """
        if isinstance(quantity, str) and quantity.strip().isdecimal():
            quantity = int(quantity)
        if (
            isinstance(quantity, bool)
            or not isinstance(quantity, int)
            or not 1 <= quantity <= self._max_packs_per_order
        ):
            raise UserError(
                self.env._(
                    "“%(quantity)s” × %(product)s cannot be ordered: order from 1 to %(max)s "
                    "packs, a whole number.",
                    quantity=str(quantity)[:20],
                    product=product.display_name,
                    max=self._max_packs_per_order,
                )
            )
        return quantity
