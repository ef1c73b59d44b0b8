"""Surcharge: a fixed amount on top of the price of a call: for payphones, satellite networks and the like.

That of the row in force at the answer. It is owed once by every charged call, and never where nothing is charged: not
by a call of no seconds or of a free row, nor by an emergency or inbound call. The row's cap holds over it.
"""

from typing import Final

from rater.core.money import Micros
from topics.records.charge import LineKind

KIND: Final[LineKind] = "surcharge"
"""Of its line; and the name of its column in a deck."""


def owed(price_micros: Micros, seconds: int) -> Micros:
    """Return what a call of so many seconds owes."""
    return price_micros if seconds > 0 else 0
