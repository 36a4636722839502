import json

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from .service_credit_account import MAX_CREDITS

# kind: (sign of the change of available, sign of the change of held)
_CHANGES = {
    "grant": (1, 0),
    "revoke": (-1, 0),
    "reserve": (-1, 1),
    "release": (1, -1),
    "consume": (0, -1),
    "refund": (1, 0),
}


class ServiceCreditAccount(models.Model):
    """What the operations on accounts share: checks, keys, and writing lots, holds and entries."""

    _inherit = "service.credit.account"

    # === Checks === #

    def _check_available(self, state, quantity):
        available = state[self.id]["available"]
        if quantity > available:
            raise UserError(
                self.env._(
                    "%(client)s has %(available)s service credits available and %(wanted)s are "
                    "needed: %(missing)s are missing.",
                    client=self.partner_id.display_name,
                    available=available,
                    wanted=quantity,
                    missing=quantity - available,
                )
            )

    def _check_room(self, state, grants):
        """No account may exceed what a PostgreSQL integer holds."""
        total = {}
        for grant in grants:
            account_id = grant["account_id"]
            total[account_id] = total.get(account_id, 0) + grant["quantity"]
            now = state[account_id]["available"] + state[account_id]["held"]
            if now + total[account_id] > MAX_CREDITS:
                raise ValidationError(
                    self.env._(
                        "%(client)s has %(balance)s service credits; %(wanted)s more exceed what "
                        "an account can hold (%(max)s).",
                        client=self.browse(account_id).sudo().partner_id.display_name,
                        balance=now,
                        wanted=total[account_id],
                        max=MAX_CREDITS,
                    )
                )

    def _key_refusal(self, key):
        return self.env._(
            "The key “%(key)s” was already used for another operation on service credits. "
            "Nothing was done: repeat with the same arguments, or use a new key.",
            key=key,
        )

    # === Idempotency: what a key did before === #

    def _replay(self, key, kind, quantity, hold=None, lots=None):
        """The entries that `key` posted in this account, empty if none. Call under the lock.

        :raises UserError: the key did something else
        """
        self._check_key(key)
        entries = (
            self.env["service.credit.entry"]
            .sudo()
            .search([("account_id", "=", self.id), ("operation_key", "=", key)], order="sequence")
        )
        if not entries:
            # A hold's reference is unique across accounts: another client's is an error.
            holds = self.env["service.credit.hold"].sudo()
            if kind == "reserve" and holds.search_count([("ref", "=", key)], limit=1):
                raise UserError(self._key_refusal(key))
            return entries
        done = sum(max(abs(entry.available_change), abs(entry.held_change)) for entry in entries)
        same = (
            set(entries.mapped("kind")) == {kind}
            and quantity in (None, done)
            and (hold is None or entries.hold_id == hold)
            and (lots is None or entries.lot_id == lots)
        )
        if not same:
            raise UserError(self._key_refusal(key))
        return entries.sudo(False)

    def _replay_grants(self, grants):
        """{(account id, grant key): lot id} of the grants that were done before."""
        self.env.cr.execute(
            """
            SELECT e.account_id, e.operation_key, e.lot_id, e.kind, e.available_change,
                   lot.origin, lot.value
              FROM service_credit_entry e
              JOIN service_credit_lot lot ON lot.id = e.lot_id
              JOIN unnest(%s, %s) AS wanted (account_id, operation_key)
                ON wanted.account_id = e.account_id AND wanted.operation_key = e.operation_key
            """,
            [[g["account_id"] for g in grants], [g["grant_key"] for g in grants]],
        )
        done = {}
        for account_id, key, lot_id, *arguments, value in self.env.cr.fetchall():
            done[account_id, key] = (lot_id, [*arguments, float(value)])
        for grant in grants:
            _lot, arguments = done.get((grant["account_id"], grant["grant_key"]), (None, None))
            wanted = ["grant", grant["quantity"], grant["origin"], grant["value"]]
            if arguments and arguments != wanted:
                raise UserError(self._key_refusal(grant["grant_key"]))
        return {identity: lot_id for identity, (lot_id, _arguments) in done.items()}

    # === Writing === #

    @api.model
    def _prepare_grant(self, grant, currency):
        """Check one grant and complete it into what its lot and its entry need.

        :param currency: that of the account's company
        """
        quantity = self._check_quantity(grant["quantity"])
        origin = grant.get("origin") or "adjustment"
        if origin not in self.env["service.credit.lot"]._fields["origin"].get_values(self.env):
            raise ValidationError(
                self.env._("“%(origin)s” is not an origin of service credits.", origin=origin)
            )
        value = currency.round(grant["value"]) if grant.get("value") else 0.0
        if value < 0:
            raise ValidationError(
                self.env._(
                    "%(client)s: service credits cannot be worth less than nothing (%(value)s).",
                    client=self.browse(grant["account_id"]).sudo().partner_id.display_name,
                    value=value,
                )
            )
        date = grant.get("date") or fields.Datetime.now()
        return {
            **grant,
            "quantity": quantity,
            "grant_key": self._check_key(grant["key"]),
            "origin": origin,
            "value": value,
            "unit_price": grant.get("unit_price", value / quantity),
            "currency_id": currency.id,
            "date": date,
            "lot_date": grant.get("lot_date") or date,
            "reason": grant.get("reason") or "",
        }

    def _insert_lots(self, grants):
        """Insert empty lots; the trigger fills them from their entries."""
        sources = self.env["service.credit.lot"]._source_fields()
        now = fields.Datetime.now()
        rows = self._insert_rows(
            "service.credit.lot",
            [
                {
                    "account_id": grant["account_id"],
                    "grant_key": grant["grant_key"],
                    "origin": grant["origin"],
                    "value": grant["value"],
                    "unit_price": grant["unit_price"],
                    "currency_id": grant["currency_id"],
                    "date": grant["lot_date"],
                    "create_date": now,
                    "write_date": now,
                    **{name: grant.get(name) or None for name in sources},
                }
                for grant in grants
            ],
            "account_id",
            "grant_key",
        )
        return {(account_id, grant_key): lot_id for lot_id, account_id, grant_key in rows}

    def _hold_lots(self, state, lots, key, reason):
        """Open a hold and set `lots` = [(lot id, credits)] aside in it."""
        now = fields.Datetime.now()
        self.env.cr.execute(
            """
            INSERT INTO service_credit_hold
                   (account_id, ref, create_uid, write_uid, create_date, write_date)
            VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
            """,
            [self.id, key, self.env.uid, self.env.uid, now, now],
        )
        hold = self.env["service.credit.hold"].browse(self.env.cr.fetchone()[0])
        self._post(state, key, "reserve", lots, hold=hold, reason=reason)
        return hold

    def _post(self, state, key, kind, lots, hold=None, reason="", date=None):
        """Post one operation of this account: one entry for each of `lots` = [(id, credits)]."""
        rows = [
            self._prepare_entry(
                state[self.id],
                kind,
                credits,
                account_id=self.id,
                lot_id=lot_id,
                hold_id=hold.id if hold else None,
                operation_key=key,
                date=date or fields.Datetime.now(),
                reason=reason or "",
            )
            for lot_id, credits in lots
        ]
        entries = self._insert_entries(rows)
        self._forget()
        return entries

    @api.model
    def _prepare_entry(self, state, kind, credits, **values):
        """Values of the next entry, with the running totals; moves `state` on."""
        available, held = _CHANGES[kind]
        state["sequence"] += 1
        state["available"] += available * credits
        state["held"] += held * credits
        return {
            "hold_id": None,
            **values,
            "sequence": state["sequence"],
            "kind": kind,
            "available_change": available * credits,
            "held_change": held * credits,
            "available_after": state["available"],
            "held_after": state["held"],
            "user_id": self.env.uid,
        }

    @api.model
    def _insert_entries(self, rows):
        """Insert prepared entries in one statement; PostgreSQL derives all balances from it."""
        inserted = self._insert_rows("service.credit.entry", rows)
        return self.env["service.credit.entry"].browse(entry_id for (entry_id,) in inserted)

    @api.model
    def _insert_rows(self, model, rows, *returning):
        """Insert rows (dicts with the same columns) in one statement.

        :return: the id and the columns `returning` of each, in any order

        Thousands of rows are written and read faster as one JSON text than as parameters. Who made
        a lot is said by its entry: as columns of its own, their foreign keys would be checked
        four times, when the lot is inserted and when the trigger fills it.
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO %(table)s (%(columns)s)
                SELECT %(columns)s FROM json_populate_recordset(NULL::%(table)s, %(rows)s)
                RETURNING %(returning)s
                """,
                table=SQL.identifier(self.env[model]._table),
                columns=SQL(", ").join(map(SQL.identifier, rows[0])),
                rows=json.dumps(rows, default=str),
                returning=SQL(", ").join(map(SQL.identifier, ("id", *returning))),
            )
        )
        return self.env.cr.fetchall()

    def _forget(self):
        """Forget cached balances: PostgreSQL has just written them."""
        for model in ("account", "lot", "hold", "entry"):
            self.env[f"service.credit.{model}"].invalidate_model()
