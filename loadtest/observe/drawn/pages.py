"""Pages: a dashboard as HTML, its panels where Grafana's grid has them; and the list of all."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

from loadtest.observe.drawn.dashboards import Dashboard, Panel
from loadtest.observe.drawn.lines import BAD, color, picture
from loadtest.observe.drawn.numbers import shown
from loadtest.observe.drawn.series import Line, Range

_COLUMN, _ROW = 54, 30
"""Pixels of a cell of the grid."""
_MARGIN: Final = 6
_TITLE, _LEGEND = 24, 50
_HEAD: Final = 124
"""Links, title and label above the grid."""
_NAMES_MAX: Final = 40
LABEL: Final = "Rater's own rendering of this dashboard's queries; not Grafana's."
_STYLE: Final = """
body { font: 13px/1.35 'DejaVu Sans', sans-serif; margin: 12px; background: #f4f5f7; color: #22252b; }
h1 { font-size: 18px; margin: 4px 0; } p { margin: 2px 0 6px; color: #52575f; } a { color: #3274d9; }
nav a { margin-right: 14px; } .label { background: #fff3d0; padding: 2px 8px; border-radius: 3px; color: #5b4300; }
#grid { position: relative; } #grid > div { position: absolute; box-sizing: border-box; overflow: hidden; }
.row { font-weight: bold; padding-top: 6px; }
.panel { background: #fff; border: 1px solid #dfe2e6; border-radius: 3px; }
.title { font-size: 12px; font-weight: bold; padding: 4px 8px 0; height: 20px; white-space: nowrap; overflow: hidden; }
.legend { font-size: 10px; padding: 0 8px; line-height: 15px; height: 45px; overflow: hidden; color: #52575f; }
.legend span { margin-right: 10px; white-space: nowrap; display: inline-block; } .legend b { margin-right: 3px; }
.stats { display: flex; height: calc(100% - 30px); align-items: center; justify-content: space-around; }
.stats div { text-align: center; padding: 0 4px; } .stats strong { display: block; font-size: 22px; color: #2f7d32; }
.none { text-anchor: middle; fill: #9aa0a8; font-size: 13px; } svg { display: block; }
svg text { font-size: 10px; fill: #6b7178; } .value { text-anchor: end; } .time { text-anchor: middle; }
svg path { fill: none; stroke-width: 1.5; }
"""


def page(
    dashboard: Dashboard,
    found: Sequence[tuple[Panel, list[Line]]],
    over: Range,
    others: Mapping[str, Dashboard],
    refresh_s: int | None,
) -> str:
    """Return a dashboard with the series that were found, as a page that loads itself anew, or not."""
    width, height = size_of(dashboard)
    panels = "".join(_panel(panel, lines, over) for panel, lines in found)
    return _whole(
        dashboard.title,
        f"{_links(others.values())}<h1>{escape(dashboard.title)}</h1><p>{escape(dashboard.about)}</p>"
        f"<p><span class='label'>{escape(LABEL)}</span> {_clock(over)}</p>"
        f"<div id='grid' style='width:{width - 32}px;height:{height - _HEAD}px'>{panels}</div>",
        refresh_s,
    )


def size_of(dashboard: Dashboard) -> tuple[int, int]:
    """Return width and height of a page in pixels."""
    bottom = max((panel.y + panel.height for panel in dashboard.panels), default=0)
    return 24 * _COLUMN + 2 * _MARGIN + 20, bottom * _ROW + _HEAD


def _whole(title: str, body: str, refresh_s: int | None) -> str:
    again = f"<meta http-equiv='refresh' content='{refresh_s}'>" if refresh_s else ""
    head = f"<meta charset='utf-8'>{again}<title>{escape(title)}</title><style>{_STYLE}</style>"
    return f"<!doctype html><html lang='en'><head>{head}</head><body>{body}</body></html>"


def _links(dashboards: Iterable[Dashboard]) -> str:
    made = (f"<a href='/{escape(each.uid)}'>{escape(_short(each))}</a>" for each in dashboards)
    return f"<nav>{''.join(made)}</nav>"


def _short(dashboard: Dashboard) -> str:
    return dashboard.title.removeprefix("Rater / ")


def _clock(over: Range) -> str:
    start, end = (datetime.fromtimestamp(at, UTC) for at in (over.start_s, over.end_s))
    return f"{start:%Y-%m-%d %H:%M:%S} to {end:%H:%M:%S} UTC"


def _panel(panel: Panel, lines: list[Line], over: Range) -> str:
    left, top = panel.x * _COLUMN, panel.y * _ROW
    width, height = panel.width * _COLUMN - _MARGIN, panel.height * _ROW - _MARGIN
    place = f"style='left:{left}px;top:{top}px;width:{width}px;height:{height}px'"
    title = escape(panel.title)
    if panel.kind == "row":
        return f"<div class='row' {place}>{title}</div>"
    inner = (
        _numbers(panel, lines)
        if panel.kind == "stat"
        else _graph(panel, lines, over, width, height)
    )
    about = escape(panel.about, quote=True)
    return (
        f"<div class='panel' {place} title='{about}'><div class='title'>{title}</div>{inner}</div>"
    )


def _numbers(panel: Panel, lines: list[Line]) -> str:
    if not lines:
        return "<div class='stats'><div>no data</div></div>"
    made = []
    for line in lines:
        value = _last(line)
        bad = panel.bound is not None and value >= panel.bound
        style = f" style='color:{BAD}'" if bad else ""
        number = escape(shown(value, panel.unit))
        made.append(f"<div><strong{style}>{number}</strong>{escape(line.name)}</div>")
    return f"<div class='stats'>{''.join(made)}</div>"


def _graph(panel: Panel, lines: list[Line], over: Range, width: int, height: int) -> str:
    size = (width - 2, height - _TITLE - _LEGEND)
    svg = picture(lines, over, size, panel.unit, panel.bound)
    return f"{svg}<div class='legend'>{_legend(lines, panel.unit)}</div>"


def _legend(lines: Sequence[Line], unit: str) -> str:
    """Name the series with their last values, the greatest first; those that do not fit are counted."""
    order = sorted(enumerate(lines), key=lambda each: -_rank(_last(each[1])))
    made = []
    for place, line in order[:_NAMES_MAX]:
        mark = f"<b style='color:{color(place)}'>■</b>"
        made.append(f"<span>{mark}{escape(line.name)} {escape(shown(_last(line), unit))}</span>")
    if len(order) > _NAMES_MAX:
        made.append(f"<span>and {len(order) - _NAMES_MAX} more</span>")
    return "".join(made)


def _last(line: Line) -> float:
    """Return the last value that is a number; NaN: none is."""
    return next((v for _, v in reversed(line.points) if not math.isnan(v)), math.nan)


def _rank(value: float) -> float:
    return -math.inf if math.isnan(value) else value
