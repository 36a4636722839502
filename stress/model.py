"""The ledger again, independently, in plain Python: what the real one is compared with."""

from dataclasses import dataclass, field


class Refused(Exception):
    pass


@dataclass
class Lot:
    quantity: int
    free: bool
    date: int
    available: int = 0
    held: int = 0
    spent: int = 0


@dataclass
class Hold:
    owner: "Account"
    taken: list  # [lot, still held]
    consumed: int = 0
    released: int = 0
    used: list = field(default_factory=list)  # [lot, used]

    @property
    def remaining(self):
        return sum(held for _lot, held in self.taken)


@dataclass
class Account:
    lots: list = field(default_factory=list)
    done: dict = field(default_factory=dict)  # key: (arguments, result)

    @property
    def available(self):
        return sum(lot.available for lot in self.lots)

    @property
    def held(self):
        return sum(lot.held for lot in self.lots)

    def once(self, key, arguments, operation):
        if key in self.done:
            first, result = self.done[key]
            if first != arguments:
                raise Refused
            return result
        result = operation()
        self.done[key] = (arguments, result)
        return result

    def grant(self, quantity, key, free, date):
        def do():
            if quantity < 1:
                raise Refused
            self.lots.append(Lot(quantity, free, date, available=quantity))
            return self.lots[-1]

        return self.once(key, ("grant", quantity, free), do)

    def use_order(self):
        return sorted(
            (lot for lot in self.lots if lot.available), key=lambda lot: (not lot.free, lot.date)
        )

    def take(self, quantity):
        """[(lot, credits)], free lots first, then the oldest."""
        if not 1 <= quantity <= self.available:
            raise Refused
        taken = []
        for lot in self.use_order():
            part = min(lot.available, quantity)
            quantity -= part
            taken.append((lot, part))
            if not quantity:
                return taken
        raise AssertionError("available does not add up")

    def reserve(self, quantity, key):
        def do():
            taken = self.take(quantity)
            for lot, part in taken:
                lot.available -= part
                lot.held += part
            return Hold(self, [[lot, part] for lot, part in taken])

        return self.once(key, ("reserve", quantity), do)

    def take_back(self, quantity, key):
        def do():
            for lot, part in self.take(quantity):
                lot.available -= part
                lot.quantity -= part

        return self.once(key, ("revoke", quantity), do)

    def revoke(self, lot, quantity, key):
        def do():
            if not 1 <= quantity <= lot.available:
                raise Refused
            lot.available -= quantity
            lot.quantity -= quantity

        return self.once(key, ("revoke of", id(lot), quantity), do)

    def settle(self, hold, kind, quantity, key):
        def do():
            source = hold.used if kind == "refund" else hold.taken
            rest = quantity
            if not 1 <= rest <= sum(part for _lot, part in source):
                raise Refused
            for row in source:
                lot, part = row
                part = min(part, rest)
                rest -= part
                row[1] -= part
                if kind == "consume":
                    lot.held -= part
                    lot.spent += part
                    hold.consumed += part
                    for used in hold.used:
                        if used[0] is lot:
                            used[1] += part
                            break
                    else:
                        if part:
                            hold.used.append([lot, part])
                elif kind == "release":
                    lot.held -= part
                    lot.available += part
                    hold.released += part
                else:
                    lot.spent -= part
                    lot.available += part
                    hold.consumed -= part
                    hold.released += part

        return self.once(key, (kind, id(hold), quantity), do)

    def transfer(self, target, quantity, key):
        def do():
            taken = self.take(quantity)
            for lot, part in taken:
                lot.available -= part
                lot.quantity -= part
            for lot, part in taken:
                target.lots.append(Lot(part, lot.free, lot.date, available=part))

        return self.once(key, ("transfer", id(target), quantity), do)
