from odoo import api, fields, models
from odoo.exceptions import UserError

from .service_intervention import AGREED_STATES


class ServiceIntervention(models.Model):
    """Accepted without enough credits: ordered, and reserved by itself when they arrive."""

    _inherit = "service.intervention"

    def action_reserve_credits(self):
        """Reserve now for those who wait, as far as the credits reach."""
        self.check_access("write")
        self._lock()
        self._check_state(("awaiting_credits",), self.env._("reserved for"))
        for intervention in self:
            stock = intervention._get_stock()
            if stock["missing"]:
                raise UserError(
                    self.env._(
                        "%(client)s has %(available)s credits of the %(wanted)s wanted:"
                        " %(missing)s are missing.",
                        client=intervention.commercial_partner_id.display_name,
                        available=stock["available"],
                        wanted=intervention._get_credits_to_reserve(),
                        missing=stock["missing"],
                    )
                )
            intervention._end_wait()

    def _accept_and_order(self, partner, revision, way="portal", ip=None, chosen=None):
        """Accept with too few credits: order the cheapest packs that cover what is missing.

        :return: the order, or nothing when the credits turned out to be there: then it is accepted
        """
        self.ensure_one()
        self._lock()
        self._check_decidable(revision)
        self._choose_lines(chosen)
        self._check_may_decide(partner, way)
        # sudo: a contact's rights are not for everyone to read
        if not partner.sudo().service_credit_may_order:
            raise UserError(self.env._("Another contact of your company orders credits."))
        # sudo: the ledger and the order are made for the client, whose right was checked
        intervention = self.sudo()
        account = intervention.env["service.credit.account"]._for_partner(
            intervention.partner_id, intervention.company_id
        )
        # Credits that arrive at this moment are seen now, not missed: the wait starts under
        # the same lock that every grant takes.
        account._lock()
        account.invalidate_recordset()
        missing = intervention._get_stock()["missing"]
        if not missing:
            intervention._accept(partner, revision, way=way, ip=ip)
            return intervention.env["sale.order"]
        packs = intervention.env["product.template"]._cheapest_packs(
            partner, missing, intervention.company_id
        )
        order = intervention.env["sale.order"]._order_credit_packs(
            partner, packs, intervention.company_id
        )
        self._record_decision("ordered", partner, way, ip)
        intervention.write(
            {
                "state": "awaiting_credits",
                "awaiting_since": fields.Datetime.now(),
                "sale_order_id": order.id,
            }
        )
        self._post_decision(
            partner,
            self._in_client_lang().env._(
                "Revision %(revision)s accepted: %(missing)s credits are missing, order %(order)s"
                " brings them. They are reserved as soon as they arrive.",
                revision=self.revision,
                missing=missing,
                order=order.name,
            ),
            way,
        )
        # An order confirmed at once may have brought its credits already.
        intervention._serve_waiting(account)
        return order

    # === Stock === #

    def _get_stock(self):
        """The client's credits before and after this intervention.

        What it already holds counts as available for it: a new revision replaces the old one.
        :return: dict of available, held (by this one), claimed (of the available ones, by those
            that were accepted earlier and wait), after, missing
        """
        self.ensure_one()
        # sudo: the client reads the stock here; the caller was let in to the intervention
        intervention = self.sudo()
        account = intervention.env["service.credit.account"]
        if intervention.partner_id:
            account = account._find(intervention.partner_id, intervention.company_id)
        held = intervention.hold_id.remaining if intervention.hold_id else 0
        needed = intervention._get_credits_to_reserve()
        if intervention.state in ("done", "cancelled") or (
            intervention.state in AGREED_STATES and not intervention.resume_state
        ):
            needed = held
        claimed = min(account.available, intervention._get_claimed_before(account))
        return {
            "available": account.available + held,
            "held": held,
            "claimed": claimed,
            "after": account.available + held - needed,
            "missing": max(0, needed - held - (account.available - claimed)),
        }

    def _get_credits_to_reserve(self):
        """What is still to be reserved for the whole: what was delivered in part is spent."""
        self.ensure_one()
        return max(0, self.credits - self.delivered_credits)

    def _get_claimed_before(self, account):
        """What those that wait and came first need from the stock, beside what they ordered."""
        self.ensure_one()
        first = account.env["service.intervention"]
        for waiting in self._get_waiting(account):
            if waiting == self:
                break
            first |= waiting
        return sum(waiting._get_claim() for waiting in first)

    def _get_claim(self):
        self.ensure_one()
        order = self.sale_order_id
        coming = order.service_credits_bought - order.service_credits_granted
        return max(0, self._get_credits_to_reserve() - self.hold_id.remaining - max(0, coming))

    def _check_unclaimed(self):
        """Refuse to take credits that those accepted earlier count on: first come, first served."""
        self.ensure_one()
        stock = self._get_stock()
        if stock["claimed"] and stock["missing"]:
            raise UserError(
                self.env._(
                    "%(available)s credits are available, %(claimed)s of them are kept for what"
                    " was accepted earlier and waits: %(missing)s are missing.",
                    available=stock["available"],
                    claimed=stock["claimed"],
                    missing=stock["missing"],
                )
            )

    # === Waiting === #

    @api.model
    def _get_waiting(self, account):
        # sudo: every intervention of the client, whoever made the credits arrive
        return self.sudo().search(
            [
                ("state", "=", "awaiting_credits"),
                ("commercial_partner_id", "=", account.partner_id.id),
                ("company_id", "=", account.company_id.id),
            ],
            order="awaiting_since, id",
        )

    @api.model
    def _serve_waiting(self, accounts):
        """First come, first served: stop at the first whose credits are not all there, so that a
        large one is not overtaken for ever by small ones."""
        for account in accounts:
            for intervention in self._get_waiting(account):
                intervention._lock()
                if intervention.state != "awaiting_credits":
                    continue
                if intervention._get_stock()["missing"]:
                    break
                intervention._end_wait()

    def _end_wait(self):
        """Reserve the credits that one waited for, and tell."""
        for intervention in self.sudo():
            intervention._reserve_credits()
            intervention._record_decision(
                "reserved", intervention.decided_by_id or intervention.partner_id, "automatic"
            )
            intervention.write(
                {
                    "state": intervention.resume_state or "accepted",
                    "resume_state": False,
                    "awaiting_since": False,
                }
            )
            intervention.message_post(
                body=intervention._in_client_lang().env._(
                    "The credits have arrived: %(credits)s are reserved, the work can begin.",
                    credits=intervention.held_credits,
                ),
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                author_id=intervention.company_id.partner_id.id,
            )

    def _release_wait(self, order):
        """The order will not bring the credits: the quotation is open again."""
        for intervention in self.sudo():
            intervention._lock()
            if intervention.state != "awaiting_credits" or intervention.sale_order_id != order:
                continue
            intervention._record_decision(
                "released", intervention.partner_id, "automatic",
                reason=intervention.env._("Order %(order)s was cancelled.", order=order.name),
            )  # fmt: skip
            intervention.write(
                {"state": "quoted", "awaiting_since": False, "sale_order_id": False}
            )
            intervention.message_post(
                body=intervention._in_client_lang().env._(
                    "Order %(order)s was cancelled: the quotation is open again.",
                    order=order.name,
                ),
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
                author_id=intervention.company_id.partner_id.id,
            )


class ServiceCreditAccount(models.Model):
    _inherit = "service.credit.account"

    def _credits_arrived(self):
        """Serve the interventions that wait for credits."""
        result = super()._credits_arrived()
        self.env["service.intervention"]._serve_waiting(self)
        return result
