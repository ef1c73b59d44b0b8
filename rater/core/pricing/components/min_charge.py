"""Minimum charge: the least that a charged call costs; that of the row in force at the answer.

It is the counterpart of the cap: both bound the whole charge, usage and fees together, after the one rounding. What is
missing to it is a line of its own, so that usage and fees stay what the deck says. A call that costs nothing by its
nature has none: one of no seconds, within grace or of a free row, an emergency or inbound call. Where a pool pays all
the usage, there is none either: it is for calls that money pays.
"""

from typing import Final

from rater.core.money import NANOS_PER_MICRO, Micros
from topics.records import ChargeLine
from topics.records.charge import LineKind

KIND: Final[LineKind] = "min_charge"
"""Of its line; and the name of its column in a deck."""


def missing(charge_micros: Micros, least_micros: Micros) -> tuple[ChargeLine, ...]:
    """Return the line of what a charge lacks to the least; none where it lacks nothing."""
    if charge_micros >= least_micros:
        return ()
    lacks = least_micros - charge_micros
    return (ChargeLine(KIND, lacks, 1, least_micros * NANOS_PER_MICRO),)
