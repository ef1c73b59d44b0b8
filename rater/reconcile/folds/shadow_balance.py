"""ShadowBalance: the lots and the debt of one tenant, folded from the ledger (I5, D17).

Every entry is held against what the lots allow: draws come from lots that are there, in draw order, never more than is
left, never from a lot that had expired when the call ended. After the first complaint a purse is no longer certain:
it says nothing more, and the state it ends with is not compared.
"""

from bisect import insort
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.account_state import NEVER_MS
from rater.reconcile.folds.books import BalanceEntry
from rater.reconcile.folds.lot_names import adjustment_lot_id
from rater.reconcile.folds.lot_times import WARNED_MS, a_year_after, next_look
from topics import records as r

GRACE_MS = 48 * 3_600_000
"""How long late CDRs may draw on an expired lot (D17)."""

_ID_MAX = 128
_BY_TIME = ("lot_expired", "lot_forfeited", "lot_expiry_warned")


class PurseLot(msgspec.Struct, gc=False):
    """What is left of one purchase."""

    purchased_ms: int
    lot_id: str
    expires_ms: int
    remaining: int
    due_ms: int
    """The next warning of it, or its expiry."""


class Part(NamedTuple):
    """What a lot pays of an amount."""

    lot_id: str
    amount: int
    grace: bool


def _order(lot: PurseLot) -> tuple[int, str]:
    return (lot.purchased_ms, lot.lot_id)


class ShadowBalance:
    """Live and expired lots in draw order, debt, and the sums of all that came and went, in micros."""

    def __init__(self) -> None:
        """Begin empty."""
        self.live: list[PurseLot] = []
        self.expired: list[PurseLot] = []
        self.debt = 0
        self.forfeited_to_ms = 0
        self.funded = self.adjusted = self.charged = self.forfeited = self.reversed = 0
        self.is_certain = True
        self._due_ms = NEVER_MS

    @property
    def in_grace(self) -> int:
        """Return what late CDRs may still draw."""
        return sum(lot.remaining for lot in self.expired)

    @property
    def balance(self) -> int:
        """Return what the live lots hold, less the debt."""
        return sum(lot.remaining for lot in self.live) - self.debt

    def due_ms(self) -> int:
        """Return when the next lot expires, is forfeited or warned of."""
        due = [lot.due_ms for lot in self.live]
        due += [lot.expires_ms + GRACE_MS for lot in self.expired]
        return min(due, default=NEVER_MS)

    def take(self, entry: BalanceEntry) -> list[Complaint]:
        """Take an entry."""
        if not self.is_certain:
            return []
        complaints = list(self._take(entry))
        if self.debt != entry.overdraft_micros:
            complaints.append(Complaint("overdraft_micros", self.debt, entry.overdraft_micros))
        self.is_certain = not complaints
        return complaints

    def _take(self, entry: BalanceEntry) -> Iterator[Complaint]:
        if entry.at_ms >= self._due_ms and entry.kind not in _BY_TIME:
            self._due_ms = self.due_ms()
            if entry.at_ms >= self._due_ms:
                yield Complaint(
                    "at_ms", f"lots due at {self._due_ms} expired or warned of first", entry.at_ms
                )
        match entry.kind:
            case "charge":
                yield from self._charge(entry)
            case "funds_added":
                yield from self._fund(entry)
            case "adjusted":
                yield from self._adjust(entry)
            case "payment_reversed" | "payment_restored":
                yield from self._move_back(entry)
            case "lot_expired":
                yield from self._expire(entry)
            case "lot_forfeited":
                yield from self._forfeit(entry)
            case "lot_expiry_warned":
                yield from self._warn(entry)
            case _:
                yield from _differ("amount_micros", 0, entry.amount_micros)

    def _charge(self, entry: r.Charge) -> Iterator[Complaint]:
        amount = entry.charge_micros
        self.charged += amount
        if not amount:
            yield from _differ("draws", [], list(entry.draws))
            yield from _differ("amount_micros", 0, entry.amount_micros)
            return
        ended_ms = entry.call.ended_ms
        parts, shortfall = self.plan(amount, ended_ms)
        yield from _hold_draws(parts, shortfall, entry)
        change = sum(part.amount for part in parts if part.grace) - amount
        yield from _differ("amount_micros", change, entry.amount_micros)
        late = ended_ms <= self.forfeited_to_ms
        yield from _differ("late_after_expiry", late, entry.late_after_expiry)
        self._draw(parts, shortfall)

    def plan(
        self, amount: int, ended_ms: int, *, with_grace: bool = True
    ) -> tuple[list[Part], int]:
        """Return what each lot pays of an amount for a call that ended then, and what none does."""
        parts: list[Part] = []
        lots = [(lot, True) for lot in self.expired] if with_grace else []
        for lot, grace in lots + [(lot, False) for lot in self.live]:
            if not amount:
                break
            if ended_ms <= lot.expires_ms:
                part = min(lot.remaining, amount)
                parts.append(Part(lot.lot_id, part, grace))
                amount -= part
        return parts, amount

    def _fund(self, entry: r.FundsAdded) -> Iterator[Complaint]:
        lot = entry.lot
        yield from _differ("amount_micros", lot.granted_micros, entry.amount_micros)
        if any(known.lot_id == lot.lot_id for known in self.live + self.expired):
            yield Complaint("lot.lot_id", "a new lot", lot.lot_id)
        self.funded += lot.granted_micros
        yield from self._open(lot, entry.at_ms)

    def _adjust(self, entry: r.Adjusted) -> Iterator[Complaint]:
        amount = entry.amount_micros
        self.adjusted += amount
        parts, shortfall = self.plan(max(0, -amount), entry.at_ms, with_grace=False)
        yield from _hold_draws(parts, shortfall, entry)
        self._draw(parts, shortfall)
        if (entry.lot is not None) != (amount > 0):
            yield Complaint("lot", "a lot for money in, none for money out", entry.lot)
        elif entry.lot is not None:
            name = adjustment_lot_id(entry.command_id)
            yield from _differ("lot.lot_id", name, entry.lot.lot_id)
            yield from _differ("lot.granted_micros", amount, entry.lot.granted_micros)
            yield from _differ("lot.purchased_ms", entry.at_ms, entry.lot.purchased_ms)
            yield from self._open(entry.lot, entry.at_ms)

    def _move_back(self, entry: r.ReversalPosted | r.RestorationPosted) -> Iterator[Complaint]:
        if entry.kind == "payment_reversed":
            yield from self._reverse(entry)
        else:
            yield from self._restore(entry)

    def _reverse(self, entry: r.ReversalPosted) -> Iterator[Complaint]:
        """Take from the payment's own lot, then from the other live ones, then as debt."""
        left, parts = entry.moved_micros, list[Part]()
        own = [(lot, lot in self.expired) for lot in self.live + self.expired]
        own = [each for each in own if each[0].lot_id == entry.payment_id]
        others = [(lot, False) for lot in self.live if lot.lot_id != entry.payment_id]
        for lot, is_grace in own + others:
            if left:
                parts.append(Part(lot.lot_id, min(left, lot.remaining), is_grace))
                left -= parts[-1].amount
        yield from _hold_draws(parts, left, entry)
        change = sum(part.amount for part in parts if part.grace) - entry.moved_micros
        yield from _differ("amount_micros", change, entry.amount_micros)
        self.reversed += entry.moved_micros
        self._draw(parts, left)

    def _restore(self, entry: r.RestorationPosted) -> Iterator[Complaint]:
        """Pay debt, and open a lot of its own with the rest."""
        lot = entry.lot
        yield from _differ("amount_micros", entry.moved_micros, entry.amount_micros)
        yield from _differ("lot.lot_id", f"restored:{entry.command_id}"[:_ID_MAX], lot.lot_id)
        yield from _differ("lot.granted_micros", entry.moved_micros, lot.granted_micros)
        yield from _differ("lot.purchased_ms", entry.at_ms, lot.purchased_ms)
        self.reversed -= entry.moved_micros
        yield from self._open(lot, entry.at_ms)

    def _open(self, lot: r.Lot, at_ms: int) -> Iterator[Complaint]:
        paid = min(self.debt, lot.granted_micros)
        yield from _differ("lot.overdraft_paid_micros", paid, lot.overdraft_paid_micros)
        yield from _differ("lot.remaining_micros", lot.granted_micros - paid, lot.remaining_micros)
        yield from _differ("lot.expires_ms", a_year_after(lot.purchased_ms), lot.expires_ms)
        self.debt -= paid
        if lot.granted_micros > paid:
            due = next_look(lot.expires_ms, at_ms)
            remaining = lot.granted_micros - paid
            opened = PurseLot(lot.purchased_ms, lot.lot_id, lot.expires_ms, remaining, due)
            insort(self.live, opened, key=_order)
            self._due_ms = min(self._due_ms, due)

    def _expire(self, entry: r.LotExpired) -> Iterator[Complaint]:
        lot = next((lot for lot in self.live if lot.lot_id == entry.lot_id), None)
        if lot is None:
            yield Complaint("lot_id", [lot.lot_id for lot in self.live], entry.lot_id)
            return
        yield from _differ("amount_micros", -lot.remaining, entry.amount_micros)
        yield from _differ("grace_until_ms", lot.expires_ms + GRACE_MS, entry.grace_until_ms)
        if entry.at_ms < lot.expires_ms:
            yield Complaint("at_ms", f"not before {lot.expires_ms}", entry.at_ms)
        self.live.remove(lot)
        insort(self.expired, lot, key=_order)
        self._due_ms = min(self._due_ms, lot.expires_ms + GRACE_MS)

    def _forfeit(self, entry: r.LotForfeited) -> Iterator[Complaint]:
        lot = next((lot for lot in self.expired if lot.lot_id == entry.lot_id), None)
        if lot is None:
            yield Complaint("lot_id", [lot.lot_id for lot in self.expired], entry.lot_id)
            return
        yield from _differ("amount_micros", 0, entry.amount_micros)
        yield from _differ("forfeited_micros", lot.remaining, entry.forfeited_micros)
        if entry.at_ms < lot.expires_ms + GRACE_MS:
            yield Complaint("at_ms", f"not before {lot.expires_ms + GRACE_MS}", entry.at_ms)
        self.expired.remove(lot)
        self.forfeited += lot.remaining
        self.forfeited_to_ms = max(self.forfeited_to_ms, lot.expires_ms)

    def _warn(self, entry: r.LotExpiryWarned) -> Iterator[Complaint]:
        lot = next((lot for lot in self.live if lot.lot_id == entry.lot_id), None)
        if lot is None:
            yield Complaint("lot_id", [lot.lot_id for lot in self.live], entry.lot_id)
            return
        left = lot.expires_ms - entry.at_ms
        warned = min((before for before in WARNED_MS if left <= before), default=0)
        yield from _differ("amount_micros", 0, entry.amount_micros)
        yield from _differ("days", warned // 86_400_000, entry.days)
        yield from _differ("remaining_micros", lot.remaining, entry.remaining_micros)
        yield from _differ("expires_ms", lot.expires_ms, entry.expires_ms)
        if entry.at_ms < lot.due_ms:
            yield Complaint("at_ms", f"not before {lot.due_ms}, and once", entry.at_ms)
        lot.due_ms = next_look(lot.expires_ms, entry.at_ms)
        self._due_ms = min(self._due_ms, lot.due_ms)

    def _draw(self, parts: list[Part], shortfall: int) -> None:
        self.debt += shortfall
        for part in parts:
            lots = self.expired if part.grace else self.live
            lot = next(lot for lot in lots if lot.lot_id == part.lot_id)
            lot.remaining -= part.amount
            if not lot.remaining:
                lots.remove(lot)


def _hold_draws(
    parts: list[Part], shortfall: int, entry: r.Charge | r.Adjusted | r.ReversalPosted
) -> Iterator[Complaint]:
    """Hold what an entry draws against what the lots pay, and what none does."""
    expected: list[tuple[object, ...]] = [("lot", *part, None) for part in parts]
    expected += [("shortfall", None, shortfall, False, None)] if shortfall else []
    found = [(d.source, d.id, d.amount_micros, d.grace, d.quantity) for d in entry.draws]
    yield from _differ("draws", expected, found)


def _differ(field: str, expected: object, found: object) -> Iterator[Complaint]:
    if expected != found:
        yield Complaint(field, expected, found)
