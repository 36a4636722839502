from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL, float_round


class ServiceCreditAccount(models.Model):
    """The operations on accounts: the only way in which credits come, move and go.

    Each one locks the account, looks its key up, checks everything, and only then writes:
    a refused operation has changed nothing, a repeated one returns its first result. They work
    whatever the caller's rights: who calls them checks those first.

    How they check, look keys up and write is in ``service_credit_account_posting.py``.
    """

    _inherit = "service.credit.account"

    # === Operations === #

    def _grant(
        self, quantity, key, origin="adjustment", value=0.0, reason="", date=None, **sources
    ):
        """Bring credits in, as a new lot in each account of `self`.

        :param int quantity: credits, the same for each account
        :param str key: idempotency key, unique per account: it is the lot's ``grant_key``
        :param str origin: one of the lot's origins
        :param float value: untaxed worth of the lot in the company's currency; 0 for free credits
        :param str reason: why, in the client's language
        :param datetime date: when (UTC), default now
        :param sources: where the lot came from, by field name (see lot ``_source_fields``)
        :return: the lots, in the order of `self`
        :raises UserError: the key was used for another grant
        :raises ValidationError: not a number of credits, or more than an account can hold
        """
        return self._grant_many(
            [
                {
                    "account_id": account.id,
                    "quantity": quantity,
                    "key": key,
                    "origin": origin,
                    "value": value,
                    "reason": reason,
                    "date": date,
                    **sources,
                }
                for account in self
            ]
        )

    @api.model
    def _grant_many(self, grants):
        """As `_grant` for many accounts and amounts at once, in four SQL statements.

        :param list[dict] grants: ``account_id``, ``quantity`` and ``key``, and optionally the
            other arguments of `_grant`; an account may come more than once
        :return: the lots, in the order of `grants`
        """
        if not grants:
            return self.env["service.credit.lot"]
        accounts = self.browse({grant["account_id"] for grant in grants})
        state = accounts._lock()
        # sudo: the operations work whatever the caller's rights
        currency_of = {account.id: account.company_id.currency_id for account in accounts.sudo()}
        grants = [self._prepare_grant(grant, currency_of[grant["account_id"]]) for grant in grants]
        lots = self._replay_grants(grants)
        new = {}
        for grant in grants:
            identity = (grant["account_id"], grant["grant_key"])
            if identity in lots:
                continue
            if identity in new:
                raise UserError(self._key_refusal(grant["grant_key"]))
            new[identity] = grant
        if new:
            self._check_room(state, new.values())
            lots.update(self._insert_lots(list(new.values())))
            rows = [
                self._prepare_entry(
                    state[grant["account_id"]],
                    "grant",
                    grant["quantity"],
                    account_id=grant["account_id"],
                    lot_id=lots[identity],
                    operation_key=grant["grant_key"],
                    date=grant["date"],
                    reason=grant["reason"],
                )
                for identity, grant in new.items()
            ]
            self._insert_entries(rows)
            accounts._forget()
        return self.env["service.credit.lot"].browse(
            lots[grant["account_id"], grant["grant_key"]] for grant in grants
        )

    def _reserve(self, quantity, key, reason=""):
        """Set credits aside: free ones first, then the oldest purchase (`_order_of_use`).

        :param int quantity: credits
        :param str key: idempotency key, unique in the database: it is the hold's ``ref``
        :return: the hold
        :raises UserError: too few available credits, or a key used for something else
        """
        self.ensure_one()
        quantity = self._check_quantity(quantity)
        self._check_key(key)
        state = self._lock()
        done = self._replay(key, "reserve", quantity)
        if done:
            return done.hold_id
        self._check_available(state, quantity)
        return self._hold_lots(state, self._lots_to_use(quantity), key, reason)

    def _take_back(self, quantity, key, reason=""):
        """Take available credits back, whatever their lots, in the order of use.

        :return: the entries
        :raises UserError: too few available credits, or a key used for something else
        """
        self.ensure_one()
        quantity = self._check_quantity(quantity)
        state = self._lock()
        done = self._replay(key, "revoke", quantity)
        if done:
            return done
        self._check_available(state, quantity)
        return self._post(state, key, "revoke", self._lots_to_use(quantity), reason=reason)

    def _transfer(self, target, quantity, key, reason=""):
        """Move available credits to another account of the same company, at their price.

        :return: the new lots, in `target`
        :raises UserError: too few available credits, accounts of two companies, the same
            account twice, or a key used for something else
        """
        self.ensure_one()
        target.ensure_one()
        quantity = self._check_quantity(quantity)
        self._check_key(key)
        if self == target or self.company_id != target.company_id:
            raise UserError(
                self.env._(
                    "Service credits move between two accounts of one company, not from "
                    "%(giver)s (%(giver_company)s) to %(target)s (%(target_company)s).",
                    giver=self.partner_id.display_name,
                    giver_company=self.company_id.name,
                    target=target.partner_id.display_name,
                    target_company=target.company_id.name,
                )
            )
        state = (self | target)._lock()
        done = self._replay(key, "revoke", quantity)
        if done:
            moved = target.env["service.credit.lot"].search(
                [
                    ("account_id", "=", target.id),
                    ("grant_key", "in", [f"{key}:{lot_id}" for lot_id in done.lot_id.ids]),
                ],
                order="id",
            )
            if len(moved) != len(done):
                raise UserError(self._key_refusal(key))
            return moved
        self._check_available(state, quantity)
        used = self._lots_to_use(quantity)
        self._post(state, key, "revoke", used, reason=reason)
        return target._receive(used, key, reason)

    def _receive(self, used, key, reason):
        """Grant `used` = [(lot id, credits)], taken from other accounts, to `self`."""
        lots = self.env["service.credit.lot"].sudo()
        return self._grant_many(
            [
                {
                    "account_id": self.id,
                    "quantity": credits,
                    "key": f"{key}:{lot.id}",
                    "origin": "transfer",
                    "value": float_round(
                        lot.unit_price * credits, precision_rounding=lot.currency_id.rounding
                    ),
                    "unit_price": lot.unit_price,
                    "reason": reason,
                    "lot_date": lot.date,
                    "source_lot_id": lot.id,
                }
                for lot, credits in ((lots.browse(lot_id), credits) for lot_id, credits in used)
            ]
        )

    # === Order of use === #

    def _order_of_use(self):
        """SQL ORDER BY over ``service_credit_lot lot``: which credits are used first.

        Free credits, then the oldest purchase. To be extended; the lot's id must stay last, so
        that the order is total.
        """
        return SQL("(lot.unit_price > 0), lot.date, lot.id")

    def _lots_to_use(self, quantity):
        """[(lot id, credits)] covering `quantity`, in the order of use."""
        self.ensure_one()
        self.env.cr.execute(
            SQL(
                """
                SELECT id, LEAST(available, %(quantity)s - before)
                  FROM (SELECT lot.id, lot.available,
                               sum(lot.available) OVER (ORDER BY %(order)s)
                                 - lot.available AS before
                          FROM service_credit_lot lot
                         WHERE lot.account_id = %(account)s AND lot.available > 0) open_lot
                 WHERE before < %(quantity)s
                 ORDER BY before
                """,
                quantity=quantity,
                order=self._order_of_use(),
                account=self.id,
            )
        )
        return [(lot_id, int(credits)) for lot_id, credits in self.env.cr.fetchall()]
