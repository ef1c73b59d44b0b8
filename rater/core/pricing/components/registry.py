"""Registry of the components of a charge, and the lines that they make of it.

Rule 1: usage, then the fees in the order of this list.
Rule 2: all are added up exactly, rounded once and capped (`rating`, rule 4). Of that sum each fee takes what it is, as
        far as the sum goes, in their order; what is left is usage. So the lines add up to the charge, and a fee is
        what the deck says unless the cap, or a rounding down, leaves less.
Rule 3: where pools pay every second of a call, it owes the fees of POOLS_OWE alone.

A fee is a column of the deck, named as its kind.
"""

from collections.abc import Callable
from typing import Final

from rater.core.money import NANOS_PER_MICRO, Micros
from rater.core.pricing.components import connection_fee, regulatory_fee, surcharge
from rater.core.pricing.rates import Fee
from topics.records import ChargeLine
from topics.records.charge import LineKind

FEES: Final[dict[LineKind, Callable[[Micros, int], Micros]]] = {
    connection_fee.KIND: connection_fee.owed,
    regulatory_fee.KIND: regulatory_fee.owed,
    surcharge.KIND: surcharge.owed,
}
"""What a call owes of each, given the price of the row and the seconds of the call."""

POOLS_OWE: Final = frozenset((regulatory_fee.KIND,))
"""What a call owes also where no second of it is paid with money."""


def fees_beside_pools(prices: tuple[Fee, ...], seconds: int) -> list[Fee]:
    """Return what a call owes whose seconds are all paid by pools."""
    return owed_fees(tuple([fee for fee in prices if fee[0] in POOLS_OWE]), seconds)


def owed_fees(prices: tuple[Fee, ...], seconds: int) -> list[Fee]:
    """Return the fees that a call of so many seconds owes by a row's prices."""
    return [(kind, FEES[kind](price, seconds)) for kind, price in prices]


def total(fees: list[Fee]) -> Micros:
    """Add fees up."""
    return sum([micros for _, micros in fees])


def share(charge: Micros, fees: list[Fee]) -> tuple[Micros, list[ChargeLine]]:
    """Return what is left of a charge for usage, and the lines of its fees, which take theirs first."""
    lines: list[ChargeLine] = []
    for kind, micros in fees:
        if micros:
            part = min(micros, charge)
            lines.append(ChargeLine(kind, part, 1, micros * NANOS_PER_MICRO))
            charge -= part
    return charge, lines
