"""Pool prices: what a plan asks in money for the seconds that a pool pays, held in the lines of a charge.

After the line of a pool stand the price of its minutes and the fee, where the plan asks for them. A price is rounded up
to millionths; decks have nothing to say to it.
"""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from rater.reconcile.difference import Complaint
from topics import records as r

OF_POOLS = ("pool", "pool_usage", "pool_fee")
"""The lines that are of a pool, in their order."""
MINUTE_S = 60


class PoolLine(NamedTuple):
    """The seconds of a pool, its unit, and what they cost: of a minute, and of the call."""

    seconds: int
    unit_s: int
    minute_micros: int
    fee_micros: int


def pool_lines(entry: r.Charge) -> list[PoolLine]:
    """Return what the lines of a charge say of pools; money without a pool before it is none of them."""
    found: list[PoolLine] = []
    for line in entry.lines:
        micros = (line.rate_nanos or 0) // 1_000
        if line.kind == "pool":
            found.append(PoolLine(line.quantity, line.per, 0, 0))
        elif line.kind == "pool_usage" and found:
            found[-1] = found[-1]._replace(minute_micros=micros)
        elif line.kind == "pool_fee" and found:
            found[-1] = found[-1]._replace(fee_micros=micros)
    return found


def money_of_pools(entry: r.Charge) -> int:
    """Return what of a charge no deck has asked for."""
    return sum(line.amount_micros for line in entry.lines if line.kind in OF_POOLS)


def hold_prices(entry: r.Charge) -> Iterator[Complaint]:
    """Hold the lines of pools against each other: what is said once, in order, and what it comes to."""
    before: r.ChargeLine | None = None
    place, seconds = -1, 0
    for line in entry.lines:
        if line.kind not in OF_POOLS:
            if before is not None:
                yield Complaint("lines", "those of pools last", line)
            continue
        if line.kind == "pool":
            place, seconds = 0, line.quantity
        else:
            is_next = OF_POOLS.index(line.kind) > place >= 0
            place = OF_POOLS.index(line.kind)
            quantity, per = (seconds, MINUTE_S) if line.kind == "pool_usage" else (1, 1)
            exact = Fraction((line.rate_nanos or 0) * quantity, per * 1_000)
            found = (line.amount_micros, line.quantity, line.per, line.spans)
            if not is_next or not line.amount_micros or found != (ceil(exact), quantity, per, ()):
                wanted = f"{ceil(exact)} for {quantity} per {per}, once, after the pool"
                yield Complaint("lines", wanted, line)
        before = line
