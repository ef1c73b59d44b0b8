"""Turns: what was so from which entry on, in the order of entries."""

from bisect import bisect_right
from typing import Any


def forget(turns: list[Any], seq: int) -> None:
    """Forget the turns that were over at an entry; the one that held then stays. Each turn begins with its number."""
    index = bisect_right(turns, seq, key=lambda turn: turn[0])
    del turns[: max(index - 1, 0)]
