"""Connection fee: what a call costs for being connected, however short; that of the row in force at the answer.

A call of no seconds was not connected. What nobody pays (emergency, inbound, a free row) has no lines at all.
"""

from typing import Final

from rater.core.money import Micros
from topics.records.charge import LineKind

KIND: Final[LineKind] = "connection_fee"
"""Of its line; and the name of its column in a deck."""


def owed(price_micros: Micros, seconds: int) -> Micros:
    """Return what a call of so many seconds owes."""
    return price_micros if seconds > 0 else 0
