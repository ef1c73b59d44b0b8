"""Purse lots: the lots of a tenant as the fold keeps them, what they pay, and how draws are held against it."""

from collections.abc import Iterator
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


def hold_draws(
    parts: list[Part], shortfall: int, entry: r.Charge | r.Adjusted | r.ReversalPosted
) -> Iterator[Complaint]:
    """Hold what an entry draws against what the lots pay, and what none does."""
    expected: list[tuple[object, ...]] = [("lot", *part, None) for part in parts]
    expected += [("shortfall", None, shortfall, False, None, None, None)] if shortfall else []
    yield from differ("draws", expected, [said(draw) for draw in entry.draws])


def said(draw: r.Draw) -> tuple[object, ...]:
    """Return all that a draw says."""
    times = (draw.purchased_ms, draw.expires_ms)
    return (draw.source, draw.id, draw.amount_micros, draw.grace, *times, draw.quantity)


def differ(field: str, expected: object, found: object) -> Iterator[Complaint]:
    """Complain of what is not as expected."""
    if expected != found:
        yield Complaint(field, expected, found)
