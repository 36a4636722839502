from odoo import fields, models
from odoo.exceptions import UserError


class ServiceCreditHold(models.Model):
    """Credits set aside, by an accepted intervention for instance."""

    _name = "service.credit.hold"
    _inherit = "service.credit.ledger"
    _description = "Service Credit Hold"
    _order = "id desc"
    _rec_name = "ref"

    ref = fields.Char("Reference", required=True, readonly=True)
    account_id = fields.Many2one(
        "service.credit.account", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(related="account_id.partner_id", string="Client")
    company_id = fields.Many2one(related="account_id.company_id")
    quantity = fields.Integer("Set aside", required=True, readonly=True, default=0)
    consumed = fields.Integer("Used", required=True, readonly=True, default=0)
    released = fields.Integer(required=True, readonly=True, default=0)
    remaining = fields.Integer("Still reserved", readonly=True)  # generated in sql/columns.sql
    entry_ids = fields.One2many("service.credit.entry", "hold_id", "Entries")

    _ref_uniq = models.UniqueIndex("(ref)", "This reference is already used by another operation.")
    _open_idx = models.Index("(account_id) WHERE consumed + released < quantity")
    _sums = models.Constraint("CHECK (consumed + released <= quantity)")
    _never_negative = models.Constraint("CHECK (quantity >= 0 AND consumed >= 0 AND released >= 0)")

    def _consume(self, quantity=None, key=None, reason=""):
        """Use credits of this hold: the work is delivered.

        :param int quantity: credits; None for all that remains
        :param str key: idempotency key of the operation
        :return: the entries
        :raises UserError: more than remains, or a key used for something else
        """
        return self._settle("consume", quantity, key, reason)

    def _release(self, quantity=None, key=None, reason=""):
        """Put credits of this hold back into the client's stock. As `_consume` otherwise."""
        return self._settle("release", quantity, key, reason)

    def _refund(self, quantity=None, key=None, reason=""):
        """Give used credits of this hold back to the client (None: all that were used)."""
        return self._settle("refund", quantity, key, reason)

    def _settle(self, kind, quantity, key, reason):
        self.ensure_one()
        account = self.account_id
        if quantity is not None:
            quantity = account._check_quantity(quantity)
        state = account._lock()
        done = account._replay(key, kind, quantity, hold=self)
        if done:
            return done
        per_lot = self._lots_to_settle(kind)
        limit = sum(credits for _lot, credits in per_lot)
        wanted = limit if quantity is None else quantity
        if not 0 < wanted <= limit:
            raise UserError(
                self.env._(
                    "%(client)s: %(wanted)s service credits cannot be settled on the reservation "
                    "%(ref)s: %(limit)s are left to settle.",
                    client=account.partner_id.display_name,
                    wanted=max(wanted, quantity or 1),
                    ref=self.ref,
                    limit=limit,
                )
            )
        lots = []
        for lot_id, credits in per_lot:
            taken = min(credits, wanted)
            wanted -= taken
            lots.append((lot_id, taken))
            if not wanted:
                break
        return account._post(state, key, kind, lots, hold=self, reason=reason)

    def _lots_to_settle(self, kind):
        """[(lot id, credits)] that can be settled, in the order in which they were reserved."""
        # What the hold still has on a lot is the sum of its changes of held; what it used
        # there is what left the account altogether.
        self.env.cr.execute(
            """
            SELECT lot_id, sum(held_change), -sum(available_change + held_change)
              FROM service_credit_entry
             WHERE hold_id = %s
             GROUP BY lot_id
             ORDER BY min(sequence)
            """,
            [self.id],
        )
        rows = [
            (lot_id, used if kind == "refund" else held)
            for lot_id, held, used in self.env.cr.fetchall()
        ]
        return [(lot_id, credits) for lot_id, credits in rows if credits > 0]

    def _moved_to(self, new_hold):
        """Called when a merge of clients moved what remained of this hold to `new_hold`.

        To be extended by what keeps a reference to a hold.
        """
        self.ensure_one()
