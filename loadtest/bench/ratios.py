"""Ratios of pairs: two measurements beside each other share the noise of the machine."""

from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import fmean, median, stdev

_T_975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Student's t at 97.5 %, for 1 degree of freedom, 2, 3 and so on."""
_T_975_MANY = 2.2


@dataclass(frozen=True, slots=True)
class Ratio:
    """What pairs say: the middle, and where the true ratio lies with 95 % confidence."""

    median: float
    low: float
    high: float
    pairs: int

    def __str__(self) -> str:
        """Say it on a line."""
        return f"{self.median:.3f}, 95 % interval {self.low:.3f} to {self.high:.3f}"


def ratio(pairs: list[tuple[float, float]]) -> Ratio:
    """Return what pairs of (this, that) say of this / that; fewer than two: ValueError.

    The interval is Student's, of the logarithms: a ratio and its inverse say the same.

    >>> str(ratio([(9.0, 10.0), (8.9, 10.0), (9.1, 10.0)]))
    '0.900, 95 % interval 0.875 to 0.925'
    """
    if len(pairs) <= 1:
        raise ValueError(f"{len(pairs)} pairs, must be at least 2 for an interval")
    ratios = [this / that for this, that in pairs]
    logs = [log(each) for each in ratios]
    freedom = len(pairs) - 1
    t = _T_975[freedom - 1] if freedom <= len(_T_975) else _T_975_MANY
    half = t * stdev(logs) / sqrt(len(logs))
    middle = fmean(logs)
    return Ratio(median(ratios), exp(middle - half), exp(middle + half), len(pairs))
