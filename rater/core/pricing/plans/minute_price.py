"""Minute price: what a plan asks in money for the seconds that a pool pays of a call, and the lines that say so.

Rule 1: the pool's seconds, in whole units, at the price of a minute, rounded up to millionths once a pool and call;
        then the fee, once where the pool pays any second.
Rule 2: it is the plan's price: no rounding, cap, minimum or fee of a deck has to do with it.
"""

from collections.abc import Iterable
from typing import Final

from rater.core.money import NANOS_PER_MICRO
from topics.records import ChargeLine
from topics.records.charge import LineKind
from topics.records.plans import MinutePrice

USAGE: Final[LineKind] = "pool_usage"
FEE: Final[LineKind] = "pool_fee"
_MINUTE_S: Final = 60


def price_in(prices: Iterable[MinutePrice], currency: str) -> MinutePrice | None:
    """Return the price in a currency; None: there is none, and the seconds are not for accounts of it."""
    for each in prices:
        if each.currency == currency:
            return each
    return None


def price_lines(price: MinutePrice, seconds: int) -> list[ChargeLine]:
    """Return what so many seconds of a pool cost."""
    lines: list[ChargeLine] = []
    rate, fee = price.per_minute_micros, price.fee_micros
    if rate:
        micros = -(-seconds * rate // _MINUTE_S)
        lines.append(ChargeLine(USAGE, micros, seconds, rate * NANOS_PER_MICRO, _MINUTE_S))
    if fee:
        lines.append(ChargeLine(FEE, fee, 1, fee * NANOS_PER_MICRO))
    return lines
