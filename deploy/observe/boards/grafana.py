"""Grafana: boards as the JSON that it imports, made with its own typed kit (schema of Grafana 11)."""

import json
from collections.abc import Iterator
from typing import Final

from grafana_foundation_sdk.builders import common as options
from grafana_foundation_sdk.builders import dashboard as built
from grafana_foundation_sdk.builders import prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common, dashboard

from deploy.observe.boards.board import COLUMNS, Board, Panel, Query, Row

TAG: Final = "rater"
"""Boards find each other by it."""
SOURCE: Final = dashboard.DataSourceRef(type_val="prometheus", uid="$datasource")
STARTED: Final = 'time() - process_start_time_seconds{job=~"$job",instance=~"$instance"} < 60'
"""True for a minute: also of one that was away for long, of which `changes` sees nothing."""
FIRING: Final = 'ALERTS{alertname=~"Rater.+",alertstate="firing"}'
_GOOD, _BAD = "green", "red"
_ROW_HEIGHT = 1


def text(board: Board) -> str:
    """Return a board as Grafana imports it."""
    made = json.dumps(_dashboard(board).build(), cls=JSONEncoder, indent=2, sort_keys=True)
    return made + "\n"


def _dashboard(board: Board) -> built.Dashboard:
    made = (
        built.Dashboard(board.title)
        .uid(board.uid)
        .description(board.about)
        .tags([TAG])
        .readonly()
        .refresh("30s")
        .time(board.since, "now")
        .timezone("utc")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .variables([_source(), _job(), _instance()])
        .annotations([_annotation("Starts", STARTED, "blue"), _annotation("Alerts", FIRING, "red")])
        .link(_link())
    )
    top, number = 0, 0
    for row in board.rows:
        made.with_row(
            built.Row(row.title).id(number := number + 1).grid_pos(_at(top, 0, COLUMNS, 1))
        )
        top += _ROW_HEIGHT
        for panel, place in _placed(row, top):
            number += 1
            made.with_panel(_panel(panel).id(number).grid_pos(place))
            end = place.y + place.h
        top = end
    return made


def _placed(row: Row, top: int) -> Iterator[tuple[Panel, dashboard.GridPos]]:
    """Yield the panels of a row with their places: from left to right, and on under the highest of a line."""
    left = height = 0
    for panel in row.panels:
        if left + panel.width > COLUMNS:
            left, top, height = 0, top + height, 0
        height = max(height, panel.height)
        yield panel, _at(top, left, panel.width, panel.height)
        left += panel.width


def _at(top: int, left: int, width: int, height: int) -> dashboard.GridPos:
    return dashboard.GridPos(h=height, w=width, x=left, y=top)


def _panel(panel: Panel) -> stat.Panel | timeseries.Panel:
    made = _stat() if panel.stat else _lines(panel)
    made.title(panel.title).description(panel.about).unit(panel.unit).datasource(SOURCE)
    made.thresholds(_thresholds(panel.bound))
    for place, query in enumerate(panel.queries):
        made.with_target(_target(query, chr(ord("A") + place)))
    return made


def _stat() -> stat.Panel:
    last = options.ReduceDataOptions().calcs(["lastNotNull"])
    return (
        stat.Panel()
        .reduce_options(last)
        .text_mode(common.BigValueTextMode.VALUE_AND_NAME)
        .graph_mode(common.BigValueGraphMode.NONE)
        .color_scheme(built.FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS))
    )


def _lines(panel: Panel) -> timeseries.Panel:
    legend = options.VizLegendOptions().show_legend(show_legend=True)
    legend.display_mode(common.LegendDisplayMode.LIST).placement(common.LegendPlacement.BOTTOM)
    tooltip = options.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    made = timeseries.Panel().legend(legend).tooltip(tooltip).line_width(1).fill_opacity(10)
    made.show_points(common.VisibilityMode.AUTO).axis_soft_min(0)
    if panel.bound is not None:
        line = options.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.LINE)
        made.thresholds_style(line)
    return made


def _thresholds(bound: float | None) -> built.ThresholdsConfig:
    steps = [dashboard.Threshold(value=None, color=_GOOD)]
    if bound is not None:
        steps.append(dashboard.Threshold(value=bound, color=_BAD))
    return built.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)


def _target(query: Query, name: str) -> prometheus.Dataquery:
    made = prometheus.Dataquery().ref_id(name).expr(query.chosen).legend_format(query.legend)
    return made.range().datasource(SOURCE)


def _source() -> built.DatasourceVariable:
    return built.DatasourceVariable("datasource").label("Data source").type("prometheus")


def _job() -> built.QueryVariable:
    return _choice("job", "Job", 'label_values(up{job=~"rater-.+"}, job)')


def _instance() -> built.QueryVariable:
    return _choice("instance", "Instance", 'label_values(up{job=~"$job"}, instance)')


def _choice(name: str, label: str, asked: str) -> built.QueryVariable:
    everything = dashboard.VariableOption(text="All", value="$__all", selected=True)
    return (
        built.QueryVariable(name)
        .label(label)
        .query(asked)
        .datasource(SOURCE)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".+")
        .current(everything)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
    )


def _annotation(name: str, expr: str, color: str) -> built.AnnotationQuery:
    made = built.AnnotationQuery().name(name).datasource(SOURCE).expr(expr)
    return made.enable(enable=True).icon_color(color)


def _link() -> built.DashboardLink:
    made = built.DashboardLink("Rater").type(dashboard.DashboardLinkType.DASHBOARDS).tags([TAG])
    return (
        made.as_dropdown(as_dropdown=True).include_vars(include_vars=True).keep_time(keep_time=True)
    )
