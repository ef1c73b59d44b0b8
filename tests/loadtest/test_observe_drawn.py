"""Our rendering of dashboards: numbers, axes, lines with gaps, legends; every committed dashboard becomes a page."""

import math

import pytest

from loadtest.observe.drawn import pages
from loadtest.observe.drawn.dashboards import dashboards
from loadtest.observe.drawn.lines import picture
from loadtest.observe.drawn.numbers import shown, ticks
from loadtest.observe.drawn.series import Line, Range, named

OVER = Range(1_800_000_000.0, 1_800_000_600.0, 5)
SIZE = (400, 180)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "none", "0"),
        (0, "s", "0 s"),
        (0.00042, "s", "420 µs"),
        (0.0123, "s", "12.3 ms"),
        (119.9, "s", "2 min"),
        (7_200, "s", "2 h"),
        (1_234, "none", "1.23 k"),
        (1_000_000, "cps", "1 M /s"),
        (1_536, "bytes", "1.5 KiB"),
        (0.0314, "percentunit", "3.14 %"),
        (14.4, "suffix: x", "14.4 x"),
        (-2_500, "short", "-2.5 k"),
        (math.nan, "s", "-"),
    ],
)
def test_a_value_is_shown_with_its_unit(value: float, unit: str, text: str) -> None:
    assert shown(value, unit) == text


@pytest.mark.parametrize(
    ("low", "high", "unit", "expected"),
    [
        (0, 10, "none", [0, 5, 10]),
        (0, 0, "none", [0, 0.5, 1]),
        (0, 0.037, "s", [0, 0.01, 0.02, 0.03, 0.04]),
        (0, 400, "s", [0, 120, 240, 360, 480]),
        (0, 6 * 86_400, "s", [0, 2 * 86_400, 4 * 86_400, 6 * 86_400]),
        (0, 9e7, "s", [0, 31_536_000, 63_072_000, 94_608_000]),
        (-3, 7, "none", [-5, 0, 5, 10]),
        (0, 4 * 2**20, "bytes", [0, 2**20, 2 * 2**20, 3 * 2**20, 4 * 2**20]),
    ],
)
def test_an_axis_has_round_values_that_cover_all(
    low: float, high: float, unit: str, expected: list[float]
) -> None:
    assert ticks(low, high, unit=unit) == pytest.approx(expected)


def test_a_line_is_broken_where_nothing_is_known() -> None:
    at = OVER.start_s
    line = Line(
        "a", [(at, 1.0), (at + 5, 2.0), (at + 10, math.nan), (at + 15, 2.0), (at + 300, 3.0)]
    )

    drawn = picture([line], OVER, SIZE, "none", None)

    assert drawn.count("M") == 3
    assert drawn.count("<circle") == 2
    assert "no data" not in drawn


def test_without_points_it_says_so() -> None:
    assert "no data" in picture([], OVER, SIZE, "none", 5.0)
    assert "no data" in picture([Line("a", [(OVER.start_s, math.nan)])], OVER, SIZE, "none", None)


def test_what_is_bad_is_drawn_where_the_values_are_near_it() -> None:
    at = OVER.start_s
    assert "dasharray" in picture([Line("a", [(at, 4.0)])], OVER, SIZE, "s", 5.0)
    assert "dasharray" not in picture([Line("a", [(at, 0.1)])], OVER, SIZE, "s", 5.0)


def test_a_series_is_called_by_its_labels() -> None:
    assert named("p99 {{job}} {{stage}}", {"job": "rater-charging"}) == "p99 rater-charging"


def test_what_grafana_puts_in_is_put_in() -> None:
    assert OVER.filled('rate(a{job=~"$job"}[$__rate_interval])') == 'rate(a{job=~".+"}[20000ms])'


def test_every_dashboard_becomes_a_page_that_says_what_it_is() -> None:
    boards = dashboards()

    assert next(iter(boards)) == "rater-overview"
    assert len(boards) == 7
    for board in boards.values():
        line = Line("<b>&", [(OVER.start_s, 1.0), (OVER.end_s, 2.0)])
        found = [(panel, [line] if panel.kind != "row" else []) for panel in board.panels]
        made = pages.page(board, found, OVER, boards, 5)
        assert "not Grafana" in made
        assert "&lt;b&gt;&amp;" in made
        assert "<b>&" not in made
        assert all(f"href='/{uid}'" in made for uid in boards)
        assert made.count("class='panel'") == sum(panel.kind != "row" for panel in board.panels)
