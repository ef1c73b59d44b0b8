"""Trunk zeros: beginnings that no number has, because a trunk zero was kept after the calling code.

    +4901601234567 is +491601234567 as somebody in Germany dials it, with the code put in front.

They are rows of kind `impossible` in the numbering data, which the load test reads as data.
"""

from functools import cache
from pathlib import Path

from loadtest.number_kinds import NUMBERING, kind_by_digits

KIND = "impossible"


@cache
def beginnings(path: Path = NUMBERING) -> tuple[str, ...]:
    """Return the beginnings, with a plus sign."""
    return tuple(f"+{digits}" for digits, kind in kind_by_digits(path).items() if kind == KIND)


def keeps_trunk_zero(number: str) -> bool:
    """Tell whether a number, with its plus sign, begins as none does."""
    return number.startswith(beginnings())
