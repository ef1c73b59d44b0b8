"""Percentiles of latencies, of all values measured: none is averaged, none is thrown away."""

import math
from collections.abc import Sequence

SHOWN = (50, 90, 99)
"""Percentiles that are reported, beside the greatest value."""


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Return the value that `percent` of all do not exceed (nearest rank); none: ValueError.

    The values are in ascending order.
    """
    if not ordered:
        raise ValueError("no values: nothing was measured")
    rank = math.ceil(len(ordered) * percent / 100)
    return ordered[max(rank, 1) - 1]


def summary_ms(latencies_s: Sequence[float]) -> dict[str, float]:
    """Return p50, p90, p99 and the greatest, of seconds in milliseconds; none: ValueError."""
    ordered = sorted(latencies_s)
    shown = {f"p{percent}": percentile(ordered, percent) for percent in SHOWN}
    return {name: round(value * 1000, 1) for name, value in (*shown.items(), ("max", ordered[-1]))}
