"""Charts: what a run has found as SVG: over time, and by percentile."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

from loadtest.observe.drawn.lines import color, picture
from loadtest.observe.drawn.numbers import shown, ticks
from loadtest.observe.drawn.series import Line, Points, Range

SIZE = (620, 220)
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 14, 8, 20
_SHARES = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999)


class Chart(NamedTuple):
    """A picture with its title and the names of its lines."""

    title: str
    svg: str
    legend: list[tuple[str, str]]
    """Colour and name of each line."""


def over_time(title: str, lines: Mapping[str, Points], unit: str) -> Chart:
    """Draw series, whose times are seconds since 1970 UTC."""
    found = [Line(name, points) for name, points in lines.items()]
    instants = [at_s for line in found for at_s, _ in line.points] or [0.0]
    first_s = min(instants)
    over = Range(first_s, max(*instants, first_s + 1.0), 1.0)
    return Chart(title, picture(found, over, SIZE, unit, None), _legend(lines))


def by_percentile(title: str, curves: Mapping[str, Sequence[float]]) -> Chart:
    """Draw what share of the values, in seconds, is no greater; the axis is stretched to the rare ones."""
    most = max((len(values) for values in curves.values()), default=0)
    marks = ticks(0.0, max((max(v) for v in curves.values() if v), default=1.0), unit="s")
    end = _stretched(1 - 1 / max(most, 2))
    parts = [*_values(marks), *_shares(end)]
    for place, values in enumerate(curves.values()):
        ordered = sorted(values)
        points = [
            (_x(_stretched(rank / len(ordered)), end), _y(value, marks[-1]))
            for rank, value in enumerate(ordered)
        ]
        drawn = "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
        if drawn:
            parts.append(f'<path d="M{drawn}" stroke="{color(place)}"/>')
    width, height = SIZE
    svg = f'<svg width="{width}" height="{height}">{"".join(parts)}</svg>'
    return Chart(title, svg, _legend(curves))


def _legend(named: Mapping[str, object]) -> list[tuple[str, str]]:
    return [(color(place), name) for place, name in enumerate(named)]


def _stretched(share: float) -> float:
    """Return where a share lies: as far from 0.9 to 0.99 as from 0.99 to 0.999."""
    return -math.log10(max(1 - share, 1e-9))


def _x(at: float, end: float) -> float:
    return _LEFT + at / end * (SIZE[0] - _LEFT - _RIGHT)


def _y(value: float, most: float) -> float:
    return SIZE[1] - _BOTTOM - value / most * (SIZE[1] - _TOP - _BOTTOM)


def _values(marks: Sequence[float]) -> list[str]:
    made = []
    for mark in marks:
        y = _y(mark, marks[-1])
        made += [
            f'<line x1="{_LEFT}" x2="{SIZE[0] - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e7eb"/>',
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" class="value">{escape(shown(mark, "s"))}</text>',
        ]
    return made


def _shares(end: float) -> list[str]:
    made = []
    for share in _SHARES:
        if (at := _stretched(share)) > end:
            break
        x = _x(at, end)
        made += [
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{SIZE[1] - _BOTTOM}" stroke="#f0f2f5"/>',
            f'<text x="{x:.1f}" y="{SIZE[1] - 5}" class="time">{100 * share:g} %</text>',
        ]
    return made
