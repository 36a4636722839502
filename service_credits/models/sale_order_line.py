from odoo import api, fields, models
from odoo.exceptions import UserError

from .service_credit_purchase import whole_credits


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # A line keeps the credits it was sold with, whatever becomes of the product: so this
    # depends on which product it is, not on what the product says later.
    service_credits_per_unit = fields.Integer(
        "Credits per unit",
        compute="_compute_service_credits_per_unit",
        store=True,
        precompute=True,
        help="Service credits of one unit of the product, in the product's own unit of measure.",
    )
    service_credits = fields.Integer(
        compute="_compute_service_credits",
        help="Service credits that this line brings.",
    )
    service_credit_lot_ids = fields.One2many(
        "service.credit.lot", "order_line_id", "Service Credit Lots", readonly=True
    )

    _service_credits_idx = models.Index("(order_id) WHERE service_credits_per_unit > 0")

    def _auto_init(self):
        # Lines that stand at installation brought no credits: an empty column says so, and
        # spares the computation of every line ever sold.
        self.env.cr.execute(
            "ALTER TABLE sale_order_line"
            " ADD COLUMN IF NOT EXISTS service_credits_per_unit integer"
        )
        return super()._auto_init()

    @api.depends("product_id")
    def _compute_service_credits_per_unit(self):
        for line in self:
            line.service_credits_per_unit = (
                0 if line.is_downpayment else line.product_id.service_credits
            )

    @api.depends("service_credits_per_unit", "product_uom_qty", "product_uom_id", "product_id")
    def _compute_service_credits(self):
        for line in self:
            line.service_credits = whole_credits(line._get_service_credits())

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.filtered(lambda line: line.state == "sale")._sync_service_credits()
        return lines

    def write(self, vals):
        res = super().write(vals)
        if not vals.keys().isdisjoint(self._get_service_credit_fields()):
            self.filtered(lambda line: line.state == "sale")._sync_service_credits(changed=True)
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_take_service_credits_back(self):
        # Odoo lets lines go with a cancelled order only: what was unused is back already.
        self.env["service.credit.purchase"]._forget_sources(order_lines=self)

    def _get_service_credit_fields(self):
        """Fields that decide how many credits a line brings."""
        return {"product_id", "product_uom_id", "product_uom_qty"}

    def _get_service_credits(self):
        """Credits of this line as a float: a fraction is for the caller to refuse."""
        self.ensure_one()
        per_unit = self.service_credits_per_unit
        if not per_unit or self.display_type or self.is_downpayment:
            return 0.0
        return per_unit * self.product_uom_id._compute_quantity(
            self.product_uom_qty, self.product_id.uom_id, round=False
        )

    def _service_credit_error(self):
        """Why these lines cannot be sold, or False."""
        for line in self:
            credits = line._get_service_credits()
            if whole_credits(credits) is None:
                return self.env._(
                    "%(client)s: %(quantity)s × “%(product)s” is %(credits)s service credits. "
                    "Credits are whole numbers: change the quantity.",
                    client=line.order_id.partner_id.display_name,
                    quantity=line.product_uom_qty,
                    product=line.product_id.display_name,
                    credits=round(credits, 4),
                )
            if credits < 0:
                return self.env._(
                    "%(client)s: %(quantity)s × “%(product)s” would bring a negative number of "
                    "service credits. To take credits back, make a credit note.",
                    client=line.order_id.partner_id.display_name,
                    quantity=line.product_uom_qty,
                    product=line.product_id.display_name,
                )
        return False

    def _sync_service_credits(self, changed=False):
        """Grant or take back what these lines now bring."""
        lines = self.filtered("service_credits_per_unit")
        # A line whose product changed may have brought credits before.
        if changed:
            # sudo: who sells may not read the ledger.
            lines |= self.browse(self.sudo().filtered("service_credit_lot_ids").ids)
        if not lines:
            return
        if error := lines._service_credit_error():
            raise UserError(error)
        Purchase = self.env["service.credit.purchase"]
        if changed:
            Purchase._check_still_covered(order_lines=lines)
        Purchase._sync(
            order_lines=lines, why="quantity" if changed else "order"
        )

    def _set_pack_price_rules(self):
        """Look the pricelist's rules of these unsaved lines up together, not line by line.

        The same question that `_compute_pricelist_item_id` puts for each line.
        """
        alike = {}
        for line in self.filtered("order_id.pricelist_id"):
            asked = tuple(line._get_pricelist_kwargs().items())
            alike[asked] = alike.get(asked, self.browse()) | line
        for asked, lines in alike.items():
            rules = lines.order_id.pricelist_id._compute_price_rule(
                lines.product_id, compute_price=False, **dict(asked)
            )
            for line in lines:
                line.pricelist_item_id = rules[line.product_id.id][1]
