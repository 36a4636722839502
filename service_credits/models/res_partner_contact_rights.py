from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResPartner(models.Model):
    """What a contact may do with the credits of their company.

    Everyone may do everything until told otherwise. What is stored is the exception, empty for
    all: a column filled with a default would rewrite a large table at install.
    """

    _inherit = "res.partner"

    service_credit_no_see = fields.Boolean(groups="base.group_user")
    service_credit_no_order = fields.Boolean(groups="base.group_user")
    service_credit_no_decide = fields.Boolean(groups="base.group_user")
    service_credit_may_see = fields.Boolean(
        "May See All Credits and Interventions", compute="_compute_service_credit_rights",
        inverse="_inverse_service_credit_may_see", compute_sudo=True, groups="base.group_user",
        help="The company's account and every intervention of it. Otherwise their own only.",
    )  # fmt: skip
    service_credit_may_order = fields.Boolean(
        "May Order Credits", compute="_compute_service_credit_rights",
        inverse="_inverse_service_credit_may_order", compute_sudo=True, groups="base.group_user",
    )  # fmt: skip
    service_credit_may_decide = fields.Boolean(
        "May Decide on Quotations", compute="_compute_service_credit_rights",
        inverse="_inverse_service_credit_may_decide", compute_sudo=True, groups="base.group_user",
    )  # fmt: skip
    service_credit_ceiling = fields.Integer(
        "Decides up to (Credits)", groups="base.group_user",
        help="0: no ceiling. Above it, another contact of the company must decide.",
    )  # fmt: skip

    @api.depends("service_credit_no_see", "service_credit_no_order", "service_credit_no_decide")
    def _compute_service_credit_rights(self):
        for partner in self:
            partner.service_credit_may_see = not partner.service_credit_no_see
            partner.service_credit_may_order = not partner.service_credit_no_order
            partner.service_credit_may_decide = not partner.service_credit_no_decide

    def _inverse_service_credit_may_see(self):
        for partner in self:
            partner.service_credit_no_see = not partner.service_credit_may_see

    def _inverse_service_credit_may_order(self):
        for partner in self:
            partner.service_credit_no_order = not partner.service_credit_may_order

    def _inverse_service_credit_may_decide(self):
        for partner in self:
            partner.service_credit_no_decide = not partner.service_credit_may_decide

    @api.constrains("service_credit_ceiling")
    def _check_service_credit_ceiling(self):
        for partner in self:
            if partner.service_credit_ceiling < 0:
                raise ValidationError(self.env._("A ceiling in credits cannot be negative."))

    def write(self, vals):
        result = super().write(vals)
        if "service_credit_no_see" in vals:
            # The record rules of the portal read it, and rules are kept in a cache.
            self.env.registry.clear_cache()
        return result
