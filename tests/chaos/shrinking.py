"""Shrinking: a schedule that fails, made shorter for as long as it fails (delta debugging, ddmin)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def shrunk(whole: Sequence[T], fails: Callable[[Sequence[T]], bool], tries: int) -> list[T]:
    """Return a part of a schedule that fails, too, in its order; none of its parts was seen to, in so many tries.

    What fails only now and then may not be seen to fail: then more is kept than is needed.
    """
    kept, parts = list(whole), 2
    while len(kept) > 1 and tries > 0:
        size = -(-len(kept) // parts)
        for begin in range(0, len(kept), size):
            rest = kept[:begin] + kept[begin + size :]
            if tries <= 0 or not rest:
                break
            tries -= 1
            if fails(rest):
                kept, parts = rest, max(parts - 1, 2)
                break
        else:
            if parts >= len(kept):
                break
            parts = min(parts * 2, len(kept))
    return kept
