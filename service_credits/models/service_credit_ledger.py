from odoo import api, models
from odoo.exceptions import UserError


class ServiceCreditLedger(models.AbstractModel):
    """What accounts, lots, holds and entries share: nobody writes them through the ORM.

    PostgreSQL's guards (``sql/guards.sql``) refuse every writer anyway; this refuses earlier,
    in the user's language, and also what the guards let through (a new, empty row).
    """

    _name = "service.credit.ledger"
    _description = "Written by the ledger's operations only"

    # Fields that a user with write access may change; all others belong to the ledger.
    _writable_fields = frozenset()

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        raise UserError(self._ledger_refusal())

    def write(self, vals):
        if not set(vals) <= self._writable_fields:
            raise UserError(self._ledger_refusal())
        return super().write(vals)

    def unlink(self):  # pylint: disable=method-required-super
        raise UserError(self._ledger_refusal())  # pylint: disable=no-raise-unlink

    def _ledger_refusal(self):
        return self.env._(
            "%(model)s: the ledger of service credits is written by its operations only. "
            "Adjust or transfer credits from the client's account instead.",
            model=self.env["ir.model"]._get(self._name).name,
        )
