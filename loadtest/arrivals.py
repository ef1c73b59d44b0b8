"""Arrivals: when the calls of a run end, by the shape of their traffic, and how many go on at once.

The calls of a shape come in the order in which they end, but for as much as a plan lets them be out of order. Without a
shape they end at random within the span.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from random import Random
from typing import TYPE_CHECKING

from loadtest.plan import LATE_DAYS, PERCENT

if TYPE_CHECKING:
    from loadtest.plan import Plan, Shape

_HOUR_S, _DAY_S = 3_600, 86_400
_PARTS = 1_440
"""A span is divided into so many, each with a rate of its own."""
_BY_HOUR = (
    *(4, 3, 2, 2, 3, 6, 14, 35, 70, 95, 100, 92),
    *(75, 84, 96, 98, 90, 72, 48, 34, 25, 18, 11, 7),
)
"""The rate of an office's calls in each hour of a day, UTC; the busiest is 100."""
_SPIKE = 10
"""So many times the usual rate, for one part in twenty of the span, in its middle."""
_SPIKE_PCT = (47.5, 52.5)


class Arrivals:
    """When each call of a plan ends, by its serial number."""

    def __init__(self, plan: Plan) -> None:
        """Work out the shape; the same plan, the same instants."""
        self._last_s = plan.start_ms // 1_000
        self._span_s = plan.ended_spread_s
        self._cdrs = max(plan.cdrs, 1)
        self._disorder_s = plan.disorder_s
        self._late_pct, self._is_late = plan.late, Random(f"late {plan.seed}")
        rates = [] if plan.shape == "random" else _rates(plan.shape, self._first_s, self._span_s)
        self._until = list(accumulate(rates))

    @property
    def _first_s(self) -> int:
        return self._last_s - self._span_s

    def ended_s(self, serial: int, draw: float) -> int:
        """Return when a call ends, seconds since 1970; `draw`: 0 to 1, by chance. A late one ended days before."""
        at_s = self._in_time_s(serial, draw)
        if self._late_pct and self._is_late.random() * PERCENT < self._late_pct:
            at_s -= int(self._is_late.random() * LATE_DAYS * _DAY_S)
        return at_s

    def _in_time_s(self, serial: int, draw: float) -> int:
        if not self._until:
            return self._last_s - int(draw * self._span_s)
        share = (serial + 0.5) / self._cdrs * self._until[-1]
        part = bisect_left(self._until, share)
        before = self._until[part - 1] if part else 0.0
        within = (share - before) / (self._until[part] - before)
        at_s = self._first_s + int((part + within) / _PARTS * self._span_s)
        return at_s - int(draw * (self._disorder_s + 1))


def _rates(shape: Shape, first_s: int, span_s: int) -> list[float]:
    """Return the rate of each part of the span."""
    match shape:
        case "diurnal":
            middles = (first_s + (part + 0.5) * span_s / _PARTS for part in range(_PARTS))
            return [float(_BY_HOUR[int(at_s) // _HOUR_S % len(_BY_HOUR)]) for at_s in middles]
        case "ramp":
            return [part + 1.0 for part in range(_PARTS)]
        case "spike":
            first, end = (int(percent / PERCENT * _PARTS) for percent in _SPIKE_PCT)
            return [float(_SPIKE if first <= part < end else 1) for part in range(_PARTS)]
        case _:
            return [1.0] * _PARTS


class Occupancy:
    """How many calls went on at once: in the busiest hour on average, in erlang, counted by itself."""

    def __init__(self) -> None:
        """Nobody has called."""
        self._seconds: dict[int, int] = {}
        self._calls: dict[int, int] = {}

    def add(self, answered_s: int, ended_s: int) -> None:
        """Count a call that was answered; one second of it is in the hour in which it lies."""
        hour = ended_s // _HOUR_S
        self._calls[hour] = self._calls.get(hour, 0) + 1
        while answered_s < ended_s:
            hour = answered_s // _HOUR_S
            until_s = min((hour + 1) * _HOUR_S, ended_s)
            self._seconds[hour] = self._seconds.get(hour, 0) + until_s - answered_s
            answered_s = until_s

    def busiest(self) -> tuple[int, float, int]:
        """Return when the busiest hour began, seconds since 1970; its traffic, erlang; and how many calls ended."""
        if not self._seconds:
            return 0, 0.0, 0
        hour = max(self._seconds, key=lambda each: (self._seconds[each], -each))
        return hour * _HOUR_S, self._seconds[hour] / _HOUR_S, self._calls.get(hour, 0)
