"""Lines: series over time as SVG, with axes and a line at what is bad."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final, NamedTuple

from loadtest.observe.drawn.numbers import shown, ticks
from loadtest.observe.drawn.series import Line, Points, Range

COLORS: Final = (
    "#3274d9", "#56a64b", "#e0a91f", "#e24d42", "#a352cc", "#1f9e9e", "#ff780a", "#8a5a44", "#d44a9c", "#6b7a8f",
    "#7eb26d", "#5794f2",
)  # fmt: skip
BAD: Final = "#c4162a"
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 14, 8, 20
_TIME: Final = 60
"""Pixels that a time of the axis needs."""
_GAP_STEPS: Final = 2.5
"""A line has a gap where so many steps are without a point."""


class _Frame(NamedTuple):
    """Where values and times lie in the picture."""

    width: int
    height: int
    over: Range
    low: float
    high: float

    def x(self, at_s: float) -> float:
        share = (at_s - self.over.start_s) / (self.over.end_s - self.over.start_s)
        return _LEFT + share * (self.width - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.height - _BOTTOM - share * (self.height - _TOP - _BOTTOM)


def color(place: int) -> str:
    """Return the colour of the series at a place."""
    return COLORS[place % len(COLORS)]


def picture(
    lines: Sequence[Line], over: Range, size: tuple[int, int], unit: str, bound: float | None
) -> str:
    """Return series as an SVG of a size in pixels; `bound` is drawn where it is near the values."""
    values = [v for line in lines for _, v in line.points if math.isfinite(v)]
    high, low = max(values, default=0.0), min(values, default=0.0)
    shows_bound = bound is not None and high >= bound / 3
    if shows_bound and bound is not None:
        high = max(high, bound)
    marks = ticks(min(low, 0.0), high, unit=unit)
    frame = _Frame(*size, over, marks[0], marks[-1])
    parts = [*_values(frame, marks, unit), *_times(frame)]
    parts += [_path(frame, line.points, color(place)) for place, line in enumerate(lines)]
    if shows_bound and bound is not None:
        y = frame.y(bound)
        parts.append(_across(frame, y, BAD, ' stroke-dasharray="6 3"'))
    if not values:
        parts.append(
            f'<text x="{frame.width / 2:.0f}" y="{frame.height / 2:.0f}" class="none">no data</text>'
        )
    return f'<svg width="{frame.width}" height="{frame.height}">{"".join(parts)}</svg>'


def _values(frame: _Frame, marks: Sequence[float], unit: str) -> list[str]:
    made = []
    for mark in marks:
        y = frame.y(mark)
        made.append(_across(frame, y, "#e4e7eb"))
        made.append(
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" class="value">{escape(shown(mark, unit))}</text>'
        )
    return made


def _times(frame: _Frame) -> list[str]:
    over = frame.over
    length = over.end_s - over.start_s
    steps = (5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 21_600, 86_400)
    most = (frame.width - _LEFT - _RIGHT) / _TIME
    step = next((each for each in steps if length / each <= most), steps[-1])
    pattern = "%H:%M" if step >= 60 else "%H:%M:%S"  # noqa: PLR2004
    made = []
    at = math.ceil(over.start_s / step) * step
    while at <= over.end_s:
        x, text = frame.x(at), datetime.fromtimestamp(at, UTC).strftime(pattern)
        ends = f'x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{frame.height - _BOTTOM}"'
        made.append(f'<line {ends} stroke="#f0f2f5"/>')
        if x < frame.width - _TIME / 2:
            made.append(f'<text x="{x:.1f}" y="{frame.height - 5}" class="time">{text}</text>')
        at += step
    return made


def _path(frame: _Frame, points: Points, stroke: str) -> str:
    """Return a line, broken where nothing is known; a point alone is a dot."""
    drawn, dots = [], []
    runs = list(_runs(points, _GAP_STEPS * frame.over.step_s))
    for run in runs:
        places = [f"{frame.x(at):.1f},{frame.y(value):.1f}" for at, value in run]
        drawn.append("M" + "L".join(places))
        if len(run) == 1:
            x, y = places[0].split(",")
            dots.append(f'<circle cx="{x}" cy="{y}" r="2" fill="{stroke}"/>')
    return f'<path d="{"".join(drawn)}" stroke="{stroke}"/>{"".join(dots)}' if runs else ""


def _runs(points: Points, gap_s: float) -> list[Points]:
    runs: list[Points] = []
    last_s = -math.inf
    for at, value in points:
        if not math.isfinite(value):
            last_s = -math.inf
            continue
        if at - last_s > gap_s:
            runs.append([])
        runs[-1].append((at, value))
        last_s = at
    return runs


def _across(frame: _Frame, y: float, stroke: str, more: str = "") -> str:
    ends = f'x1="{_LEFT}" x2="{frame.width - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"'
    return f'<line {ends} stroke="{stroke}"{more}/>'
