"""Regulatory fee: what a country's regulator asks of a call to it; that of the row in force at the answer.

A fee by country is a column that each row of the country has to say: a table beside the decks would lie outside the
log, and pricing never asks for the country (`rater deck lint` compares its rows). It is owed once by every call of at
least one second that a deck prices, also where pools pay its minutes. Emergency, unanswered and inbound calls, those in
grace, and those of a free row, cost nothing at all. The row's cap holds over it, and it counts towards the minimum.
"""

from typing import Final

from rater.core.money import Micros
from topics.records.charge import LineKind

KIND: Final[LineKind] = "regulatory_fee"
"""Of its line; and the name of its column in a deck."""


def owed(price_micros: Micros, seconds: int) -> Micros:
    """Return what a call of so many seconds owes."""
    return price_micros if seconds > 0 else 0
