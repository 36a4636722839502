from odoo import models


class ServiceCreditAccount(models.Model):
    """Merging accounts: when two clients become one, the credits follow."""

    _inherit = "service.credit.account"

    def _merge_into(self, target):
        """Move everything, the reserved credits too, to `target` and close this account.

        The entries stay where they are, for they are never changed: the account keeps them and
        names its successor. Lots keep their price, and reservations are opened anew, on the same
        credits, in `target` (see hold ``_moved_to``).
        """
        self.ensure_one()
        (self | target)._lock()
        key = f"merge:{self.id}:{target.id}"
        reason = self.env._("Merged with %(client)s", client=target.partner_id.display_name)
        # Open holds: put their credits back, but remember which lots each one held.
        holds = self.env["service.credit.hold"].search(
            [("account_id", "=", self.id), ("remaining", ">", 0)], order="id"
        )
        on_lots = {hold: hold._lots_to_settle("release") for hold in holds}
        for hold in holds:
            hold._release(key=f"{key}:{hold.id}", reason=reason)
        state = (self | target)._lock()
        used = self._lots_to_use(state[self.id]["available"])
        successor = {}
        if used:
            self._post(state, key, "revoke", used, reason=reason)
            received = target._receive(used, key, reason)
            successor = {lot.source_lot_id.id: lot.id for lot in received}
        for hold, lots in on_lots.items():
            new_hold = target._hold_lots(
                target._lock(),
                [(successor[lot_id], credits) for lot_id, credits in lots],
                f"{hold.ref}:{target.id}",
                reason,
            )
            hold._moved_to(new_hold)
        self.env.cr.execute(
            "UPDATE service_credit_account SET merged_into_id = %s"
            " WHERE id = %s OR merged_into_id = %s",
            [target.id, self.id, self.id],
        )
        self._forget()
        target._credits_arrived()
