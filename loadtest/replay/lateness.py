"""Lateness: from when records were due until they were acknowledged, counted by three significant digits.

Memory grows with the intervals that are told apart, not with the records.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

BITS = 11
"""So many leading bits of a value stay: a thousandth of it, as HdrHistogram has with three digits."""
FOLD = 8_192
"""Values that are kept as they are until they are counted."""
US = 1_000_000


class Lateness:
    """How late, in microseconds, by the interval in which it was acknowledged."""

    def __init__(self, began_s: float = 0.0, interval_s: float | None = None) -> None:
        """Say when it begins, by the clock of `add`, and how long an interval is; None: there is one."""
        self.counts: dict[int, Counter[int]] = {}
        self.last_s = 0.0
        """The one that was acknowledged last."""
        self.interval_s = interval_s
        self.began_s = began_s
        self._open = array("d")
        self._interval = 0

    def add(self, now_s: float, due_s: Sequence[float]) -> None:
        """Count records that are acknowledged now."""
        interval = int((now_s - self.began_s) // self.interval_s) if self.interval_s else 0
        if interval != self._interval or len(self._open) >= FOLD:
            self.fold()
            self._interval = interval
        self._open.extend([now_s - each for each in due_s])
        self.last_s = self._open[-1]

    def fold(self) -> None:
        """Count what is kept; to be called before it is looked at."""
        if not self._open:
            return
        us = np.maximum(np.rint(np.array(self._open) * US).astype(np.int64), 1)
        drop = np.maximum(np.frexp(us)[1] - BITS, 0)
        values, numbers = np.unique((us >> drop) << drop, return_counts=True)
        counts = self.counts.setdefault(self._interval, Counter())
        counts.update(dict(zip(values.tolist(), numbers.tolist(), strict=True)))
        del self._open[:]


def merged(parts: Iterable[Lateness]) -> dict[int, Counter[int]]:
    """Return the counts of several processes, by interval."""
    found: dict[int, Counter[int]] = {}
    for part in parts:
        part.fold()
        for interval, counts in part.counts.items():
            found.setdefault(interval, Counter()).update(counts)
    return dict(sorted(found.items()))


def percentiles_ms(counts: Counter[int], shares: Sequence[float]) -> dict[str, float]:
    """Return percentiles (nearest rank) and the greatest, in milliseconds; none: ValueError."""
    total = counts.total()
    if not total:
        raise ValueError("no values: nothing was measured")
    ranks = {f"p{share:g}": max(math.ceil(total * share / 100), 1) for share in shares}
    found: dict[str, float] = {}
    reached = 0
    for value in sorted(counts):
        reached += counts[value]
        for name, rank in ranks.items():
            if reached >= rank and name not in found:
                found[name] = round(value / 1_000, 1)
    return found | {"max": round(max(counts) / 1_000, 1)}
