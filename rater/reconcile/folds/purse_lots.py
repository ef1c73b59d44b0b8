"""Purse lots: the lots of a tenant as the fold keeps them, what they pay, and how draws are held against it."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from rater.reconcile.difference import Complaint
from topics import records as r


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
    purchased_ms: int | None = None
    expires_ms: int | None = None
    """Of a lot that this empties."""


def part_of(lot: PurseLot, amount: int, *, grace: bool) -> Part:
    """Return what a lot pays; of one that is emptied with its times."""
    times = (lot.purchased_ms, lot.expires_ms) if amount == lot.remaining else ()
    return Part(lot.lot_id, amount, grace, *times)


def order(lot: PurseLot) -> tuple[int, str]:
    """Return what sorts lots into draw order."""
    return (lot.purchased_ms, lot.lot_id)


def plan(
    expired: list[PurseLot], live: list[PurseLot], amount: int, ended_ms: int
) -> tuple[list[Part], int]:
    """Return what each lot pays of an amount for a call that ended then, those in grace first, and what none does."""
    parts: list[Part] = []
    for lot, grace in [(lot, True) for lot in expired] + [(lot, False) for lot in live]:
        if not amount:
            break
        if ended_ms <= lot.expires_ms:
            part = min(lot.remaining, amount)
            parts.append(part_of(lot, part, grace=grace))
            amount -= part
    return parts, amount


def hold_draws(
    parts: list[Part],
    shortfall: int,
    entry: r.Charge | r.Adjusted | r.ReversalPosted,
    owed_of: str | None = None,
) -> Iterator[Complaint]:
    """Hold what an entry draws against what the lots pay, and what none does: that is debt, or owed of a month."""
    expected: list[tuple[object, ...]] = [("lot", *part, None) for part in parts]
    source = "shortfall" if owed_of is None else "post_paid"
    expected += [(source, owed_of, shortfall, False, None, None, None)] if shortfall else []
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
    times = (draw.purchased_ms, draw.expires_ms)
    return (draw.source, draw.id, draw.amount_micros, draw.grace, *times, draw.quantity)


def differ(field: str, expected: object, found: object) -> Iterator[Complaint]:
    """Complain of what is not as expected."""
    if expected != found:
        yield Complaint(field, expected, found)
