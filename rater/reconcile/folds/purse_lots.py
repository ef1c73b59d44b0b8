"""Purse lots: the lots of a tenant as the fold keeps them, what they pay, and how draws are held against it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.lot_times import WARNED_MS
from topics import records as r


class PurseLot(msgspec.Struct, gc=False):
    """What is left of one purchase, or of promotional credit."""

    purchased_ms: int
    lot_id: str
    expires_ms: int
    remaining: int
    due_ms: int
    """The next warning of it, or its expiry."""
    category: str | None = None


class Part(NamedTuple):
    """What a lot pays of an amount."""

    lot_id: str
    amount: int
    grace: bool
    purchased_ms: int | None = None
    expires_ms: int | None = None
    """Of a lot that this empties, and of promotional credit."""
    category: str | None = None


def part_of(lot: PurseLot, amount: int, *, grace: bool) -> Part:
    """Return what a lot pays; of one that is emptied, and of promotional credit, with its times."""
    is_told = amount == lot.remaining or lot.category == "promotional"
    bought_ms, expires_ms = (lot.purchased_ms, lot.expires_ms) if is_told else (None, None)
    return Part(lot.lot_id, amount, grace, bought_ms, expires_ms, lot.category)


def order(lot: PurseLot) -> tuple[int, int, str]:
    """Return what sorts lots as an account keeps them: promotional credit, then what was paid for."""
    return (0 if lot.category == "promotional" else 1, lot.purchased_ms, lot.lot_id)


def drawn(lots: list[PurseLot], promotional: str) -> list[PurseLot]:
    """Return lots, which come as they are kept, in the order in which they are drawn."""
    if promotional == "first":
        return lots
    return sorted(lots, key=lambda lot: lot.category == "promotional")


def plan(
    expired: list[PurseLot],
    live: list[PurseLot],
    amount: int,
    ended_ms: int,
    promotional: str = "first",
) -> tuple[list[Part], int]:
    """Return what each lot pays of an amount for a call that ended then, those in grace first, and what none does."""
    parts: list[Part] = []
    in_turn = [(lot, True) for lot in drawn(expired, promotional)]
    for lot, grace in in_turn + [(lot, False) for lot in drawn(live, promotional)]:
        if not amount:
            break
        if ended_ms <= lot.expires_ms:
            part = min(lot.remaining, amount)
            parts.append(part_of(lot, part, grace=grace))
            amount -= part
    return parts, amount


def plan_reversal(
    expired: list[PurseLot], live: list[PurseLot], payment_id: str, amount: int
) -> tuple[list[Part], int]:
    """Return what is taken from a payment's own lot, then from other live ones that were paid for, and the rest."""
    parts: list[Part] = []
    own = [(lot, grace) for lots, grace in ((live, False), (expired, True)) for lot in lots]
    own = [each for each in own if each[0].lot_id == payment_id and each[0].category is None]
    paid = [lot for lot in live if lot.category is None and lot.lot_id != payment_id]
    for lot, grace in own + [(lot, False) for lot in paid]:
        if amount:
            parts.append(part_of(lot, min(amount, lot.remaining), grace=grace))
            amount -= parts[-1].amount
    return parts, amount


def hold_category(entry: r.FundsAdded) -> Iterator[Complaint]:
    """Complain of promotional credit that a payment brought."""
    if entry.lot.category is not None and entry.recharge_seq is not None:
        yield Complaint("lot.category", "none: a payment brought it", entry.lot.category)


def hold_warning(lot: PurseLot, entry: r.LotExpiryWarned) -> Iterator[Complaint]:
    """Hold a warning against the lot."""
    left = lot.expires_ms - entry.at_ms
    warned = min((before for before in WARNED_MS if left <= before), default=0)
    yield from differ("amount_micros", 0, entry.amount_micros)
    yield from differ("days", warned // 86_400_000, entry.days)
    yield from differ("remaining_micros", lot.remaining, entry.remaining_micros)
    yield from differ("expires_ms", lot.expires_ms, entry.expires_ms)
    yield from differ("category", lot.category, entry.category)
    if entry.at_ms < lot.due_ms:
        yield Complaint("at_ms", f"not before {lot.due_ms}, and once", entry.at_ms)


def hold_draws(
    parts: list[Part],
    shortfall: int,
    entry: r.Charge | r.Adjusted | r.ReversalPosted,
    owed_of: str | None = None,
) -> Iterator[Complaint]:
    """Hold what an entry draws against what the lots pay, and what none does: that is debt, or owed of a month."""
    expected: list[tuple[object, ...]] = [("lot", *part, None) for part in parts]
    source = "shortfall" if owed_of is None else "post_paid"
    expected += [(source, owed_of, shortfall, False, None, None, None, None)] if shortfall else []
    yield from differ("draws", expected, [said(draw) for draw in of_money(entry.draws)])


def of_money(draws: Iterable[r.Draw]) -> list[r.Draw]:
    """Return the draws that money pays: those on pools are seconds (`folds/pools`), and what is waived nobody pays."""
    return [draw for draw in draws if draw.source not in {"pool", "waived"}]


def is_waived(entry: r.Charge) -> bool:
    """Say whether nobody pays the money of a charge."""
    return any(draw.source == "waived" for draw in entry.draws)


def hold_waived(entry: r.Charge) -> Iterator[Complaint]:
    """Hold what is waived against the charge: all its money, or nothing."""
    if is_waived(entry):
        found = [(d.amount_micros, d.grace) for d in entry.draws if d.source == "waived"]
        yield from differ("draws", [(entry.charge_micros, False)], found)


def said(draw: r.Draw) -> tuple[object, ...]:
    """Return all that a draw says."""
    times = (draw.purchased_ms, draw.expires_ms, draw.category)
    return (draw.source, draw.id, draw.amount_micros, draw.grace, *times, draw.quantity)


def differ(field: str, expected: object, found: object) -> Iterator[Complaint]:
    """Complain of what is not as expected."""
    if expected != found:
        yield Complaint(field, expected, found)
