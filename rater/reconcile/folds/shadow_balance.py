"""ShadowBalance: the lots and the debt of one tenant, folded from the ledger (I5, D17).

Every entry is held against what the lots allow: draws come from lots that are there, in draw order, never more than is
left, never from a lot that had expired when the call ended. After the first complaint a purse is no longer certain:
it says nothing more, and the state it ends with is not compared.
"""

from bisect import insort
from collections.abc import Iterator

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.account_state import NEVER_MS
from rater.reconcile.folds.books import BalanceEntry
from rater.reconcile.folds.lot_names import GIVEN, adjustment_lot_id, restored_lot_id
from rater.reconcile.folds.lot_times import a_year_after, next_look
from rater.reconcile.folds.purse_lots import (
    Part,
    PurseLot,
    differ,
    hold_category,
    hold_draws,
    hold_waived,
    hold_warning,
    is_waived,
    of_money,
    order,
    plan,
    plan_reversal,
    said,
)
from rater.reconcile.folds.returned_money import Original, OwnLot, Purse, Returned, returns
from topics import records as r

GRACE_MS = 48 * 3_600_000
"""How long late CDRs may draw on an expired lot (D17)."""

_BY_TIME = ("lot_expired", "lot_forfeited", "lot_expiry_warned")


class ShadowBalance:
    """Live and expired lots in draw order, debt, and the sums of all that came and went, in micros."""

    def __init__(self) -> None:
        """Begin empty."""
        self.live: list[PurseLot] = []
        self.expired: list[PurseLot] = []
        self.debt = 0
        self.forfeited_to_ms = 0
        self.funded = self.adjusted = self.charged = self.forfeited = self.reversed = 0
        self.carried = 0
        """What was there at the beginning, in grace included."""
        self.granted: dict[str, int] = {}
        """What each lot was opened with."""
        self.is_certain = True
        self.look_ms = NEVER_MS
        self._promotional = "first"

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

    def take(
        self,
        entry: BalanceEntry,
        original: Original | None = None,
        owed_of: str | None = None,
        promotional: str = "first",
    ) -> list[Complaint]:
        """Take an entry; `original` is the charge that it takes back, or, where that is gone, what it says of it.

        `owed_of`: the month that owes what lots do not pay of a charge. `promotional`: drawn first, or last.
        """
        if not self.is_certain:
            return []
        self._promotional = promotional
        if entry.kind == "charge_reversed":
            complaints = list(self._give_back(entry, original))
        else:
            complaints = list(self._take(entry, owed_of))
        if self.debt != entry.overdraft_micros:
            complaints.append(Complaint("overdraft_micros", self.debt, entry.overdraft_micros))
        self.is_certain = not complaints
        return complaints

    def _take(self, entry: BalanceEntry, owed_of: str | None) -> Iterator[Complaint]:
        if entry.at_ms >= self.look_ms and entry.kind not in _BY_TIME:
            self.look_ms = self.due_ms()
            if entry.at_ms >= self.look_ms:
                yield Complaint(
                    "at_ms", f"lots due at {self.look_ms} expired or warned of first", entry.at_ms
                )
        match entry.kind:
            case "charge":
                yield from self._charge(entry, owed_of)
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
                yield from differ("amount_micros", 0, entry.amount_micros)

    def _charge(self, entry: r.Charge, owed_of: str | None) -> Iterator[Complaint]:
        amount = 0 if is_waived(entry) else entry.charge_micros
        self.charged += amount
        yield from hold_waived(entry)
        if not amount:
            yield from differ("draws", [], of_money(entry.draws))
            yield from differ("amount_micros", 0, entry.amount_micros)
            return
        parts, shortfall = self._plan(self.expired, amount, entry.call.ended_ms)
        yield from hold_draws(parts, shortfall, entry, owed_of)
        later = 0 if owed_of is None else shortfall
        self.charged -= later
        shortfall -= later
        change = sum(part.amount for part in parts if part.grace) + later - amount
        yield from differ("amount_micros", change, entry.amount_micros)
        late = entry.call.ended_ms <= self.forfeited_to_ms
        yield from differ("late_after_expiry", late, entry.late_after_expiry)
        self._draw(parts, shortfall)

    def _plan(self, expired: list[PurseLot], amount: int, ended_ms: int) -> tuple[list[Part], int]:
        return plan(expired, self.live, amount, ended_ms, self._promotional)

    def _give_back(self, entry: r.ChargeReversed, original: Original | None) -> Iterator[Complaint]:
        """Give back what a charge took."""
        if original is None:
            yield Complaint("reverses", "a charge of this account that stands", entry.reverses)
            return
        purse = Purse(self.live, self.expired, self.debt)
        micros, parts, own = returns(original, purse, entry.at_ms, GRACE_MS)
        expected = [(*part, None) for part in parts]
        yield from differ("returns", expected, [said(back) for back in of_money(entry.returns)])
        later = sum(part.amount for part in parts if part.source == "post_paid")
        change = sum(part.amount for part in parts if not part.grace) - later
        self.charged -= micros - later
        for part in parts:
            yield from self._put_back(part, entry.at_ms)
        lot = entry.lot
        if own is not None and lot is not None:
            change += own.granted
            found = OwnLot(lot.lot_id, lot.granted_micros, lot.purchased_ms, lot.expires_ms)
            yield from differ("lot", own, found)
            yield from self._open(lot, entry.at_ms, own.expires_ms)
        elif (own, lot) != (None, None):
            yield Complaint("lot", own, lot)
        yield from differ("amount_micros", change, entry.amount_micros)

    def _put_back(self, part: Returned, at_ms: int) -> Iterator[Complaint]:
        if part.source == "post_paid":
            return
        if part.source == "shortfall" or part.lot_id is None:
            self.debt -= part.amount
            return
        lots = self.expired if part.grace else self.live
        lot = next((lot for lot in lots if lot.lot_id == part.lot_id), None)
        if lot is None:
            bought, until = part.purchased_ms or 0, part.expires_ms or 0
            look = next_look(until, at_ms)
            lot = PurseLot(bought, part.lot_id, until, 0, look, part.category)
            insort(lots, lot, key=order)
            self.look_ms = min(self.look_ms, self.due_ms())
        lot.remaining += part.amount
        granted = self.granted.get(part.lot_id, lot.remaining)
        if lot.remaining > granted:
            yield Complaint("returns", f"at most {granted} in {part.lot_id}", lot.remaining)

    def _fund(self, entry: r.FundsAdded) -> Iterator[Complaint]:
        lot = entry.lot
        yield from differ("amount_micros", lot.granted_micros, entry.amount_micros)
        is_there = any(known.lot_id == lot.lot_id for known in self.live + self.expired)
        if is_there or lot.lot_id.startswith(GIVEN):
            yield Complaint(
                "lot.lot_id", "a new lot, of a name that a purchase may have", lot.lot_id
            )
        self.funded += lot.granted_micros
        yield from hold_category(entry)
        yield from self._open(lot, entry.at_ms, None if lot.category is None else lot.expires_ms)

    def _adjust(self, entry: r.Adjusted) -> Iterator[Complaint]:
        amount = entry.amount_micros
        self.adjusted += amount
        parts, shortfall = self._plan([], max(0, -amount), entry.at_ms)
        yield from hold_draws(parts, shortfall, entry)
        self._draw(parts, shortfall)
        if (entry.lot is not None) != (amount > 0):
            yield Complaint("lot", "a lot for money in, none for money out", entry.lot)
        elif entry.lot is not None:
            name = adjustment_lot_id(entry.command_id)
            yield from differ("lot.lot_id", name, entry.lot.lot_id)
            yield from differ("lot.granted_micros", amount, entry.lot.granted_micros)
            yield from differ("lot.purchased_ms", entry.at_ms, entry.lot.purchased_ms)
            yield from self._open(entry.lot, entry.at_ms)

    def _move_back(self, entry: r.ReversalPosted | r.RestorationPosted) -> Iterator[Complaint]:
        if entry.kind == "payment_reversed":
            yield from self._reverse(entry)
        else:
            yield from self._restore(entry)

    def _reverse(self, entry: r.ReversalPosted) -> Iterator[Complaint]:
        """Take from the payment's own lot, then from the other live ones that were paid for, then as debt."""
        payment_id, moved = entry.payment_id, entry.moved_micros
        parts, left = plan_reversal(self.expired, self.live, payment_id, moved)
        yield from hold_draws(parts, left, entry)
        change = sum(part.amount for part in parts if part.grace) - entry.moved_micros
        yield from differ("amount_micros", change, entry.amount_micros)
        self.reversed += entry.moved_micros
        self._draw(parts, left)

    def _restore(self, entry: r.RestorationPosted) -> Iterator[Complaint]:
        """Pay debt, and open a lot of its own with the rest."""
        lot = entry.lot
        yield from differ("amount_micros", entry.moved_micros, entry.amount_micros)
        yield from differ("lot.lot_id", restored_lot_id(entry.command_id), lot.lot_id)
        yield from differ("lot.granted_micros", entry.moved_micros, lot.granted_micros)
        yield from differ("lot.purchased_ms", entry.at_ms, lot.purchased_ms)
        self.reversed -= entry.moved_micros
        yield from self._open(lot, entry.at_ms)

    def _open(self, lot: r.Lot, at_ms: int, expires_ms: int | None = None) -> Iterator[Complaint]:
        self.granted[lot.lot_id] = lot.granted_micros
        until = a_year_after(lot.purchased_ms) if expires_ms is None else expires_ms
        paid = min(self.debt, lot.granted_micros)
        yield from differ("lot.overdraft_paid_micros", paid, lot.overdraft_paid_micros)
        yield from differ("lot.remaining_micros", lot.granted_micros - paid, lot.remaining_micros)
        yield from differ("lot.expires_ms", until, lot.expires_ms)
        self.debt -= paid
        if lot.granted_micros > paid:
            due = next_look(lot.expires_ms, at_ms)
            remaining = lot.granted_micros - paid
            times = (lot.expires_ms, remaining, due)
            opened = PurseLot(lot.purchased_ms, lot.lot_id, *times, lot.category)
            insort(self.live, opened, key=order)
            self.look_ms = min(self.look_ms, due)

    def _expire(self, entry: r.LotExpired) -> Iterator[Complaint]:
        lot = next((lot for lot in self.live if lot.lot_id == entry.lot_id), None)
        if lot is None:
            yield Complaint("lot_id", [lot.lot_id for lot in self.live], entry.lot_id)
            return
        yield from differ("amount_micros", -lot.remaining, entry.amount_micros)
        yield from differ("grace_until_ms", lot.expires_ms + GRACE_MS, entry.grace_until_ms)
        yield from differ("category", lot.category, entry.category)
        if entry.at_ms < lot.expires_ms:
            yield Complaint("at_ms", f"not before {lot.expires_ms}", entry.at_ms)
        self.live.remove(lot)
        insort(self.expired, lot, key=order)
        self.look_ms = min(self.look_ms, lot.expires_ms + GRACE_MS)

    def _forfeit(self, entry: r.LotForfeited) -> Iterator[Complaint]:
        lot = next((lot for lot in self.expired if lot.lot_id == entry.lot_id), None)
        if lot is None:
            yield Complaint("lot_id", [lot.lot_id for lot in self.expired], entry.lot_id)
            return
        yield from differ("amount_micros", 0, entry.amount_micros)
        yield from differ("forfeited_micros", lot.remaining, entry.forfeited_micros)
        yield from differ("category", lot.category, entry.category)
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
        yield from hold_warning(lot, entry)
        lot.due_ms = next_look(lot.expires_ms, entry.at_ms)
        self.look_ms = min(self.look_ms, lot.due_ms)

    def _draw(self, parts: list[Part], shortfall: int) -> None:
        self.debt += shortfall
        for part in parts:
            lots = self.expired if part.grace else self.live
            lot = next(lot for lot in lots if lot.lot_id == part.lot_id)
            lot.remaining -= part.amount
            if not lot.remaining:
                lots.remove(lot)
