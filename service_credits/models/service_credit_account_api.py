from odoo import api, models
from odoo.exceptions import AccessError, MissingError, ValidationError


class ServiceCreditAccount(models.Model):
    """The external API, over JSON-2: for a firm's own website or scripts."""

    _inherit = "service.credit.account"

    @api.model
    @api.readonly
    def get_balance(self, partner_id):
        """The credits of a client in the user's company.

        :param int partner_id: the client or one of its contacts
        :return: ``{"partner_id", "available", "held", "balance"}``; zeros without an account
        :raises MissingError: no such partner
        :raises AccessError: the user may not read service credits
        """
        self.browse().check_access("read")
        partner = self._api_partner(partner_id)
        account = self._find(partner)
        return {
            "partner_id": partner.commercial_partner_id.id,
            "available": account.available,
            "held": account.held,
            "balance": account.balance,
        }

    @api.model
    def use_credits(self, partner_id, quantity, key, description):
        """Use credits of a client at once. The same call repeated is harmless.

        :param int partner_id: the client or one of its contacts
        :param int quantity: credits, a whole number from 1
        :param str key: the caller's own key of this use; the same key and arguments return the
            first result, the same key with other arguments is refused
        :param str description: what for; the client reads it on the statement
        :return: ``{"partner_id", "used", "available", "key"}``: `available` right after this use
        :raises UserError: too few credits, or the key was used for something else
        :raises ValidationError: not a number of credits, no key or no description
        :raises AccessError: the user is not a manager of service credits
        """
        if not self.env.user.has_group("service_credits.group_manager"):
            raise AccessError(
                self.env._("Only managers of service credits may use a client's credits this way.")
            )
        if not isinstance(description, str) or not description.strip():
            raise ValidationError(self.env._("Say what the service credits are used for."))
        self._check_quantity(quantity)
        partner = self._api_partner(partner_id)
        account = self._for_partner(partner)
        ref = f"api:{self._check_key(key)}"
        hold = account._reserve(quantity, ref, reason=description)
        used = hold._consume(quantity, key=f"{ref}:use", reason=description)
        return {
            "partner_id": account.partner_id.id,
            "used": quantity,
            "available": used[-1].available_after,
            "key": key,
        }

    def _api_partner(self, partner_id):
        if isinstance(partner_id, bool) or not isinstance(partner_id, int):
            raise ValidationError(
                self.env._("“%(partner)s” is not the id of a client.", partner=partner_id)
            )
        partner = self.env["res.partner"].browse(partner_id).exists()
        if not partner:
            raise MissingError(self.env._("There is no client with id %(id)s.", id=partner_id))
        partner.check_access("read")
        return partner
