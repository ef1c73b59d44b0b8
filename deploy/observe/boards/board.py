"""A board: rows of panels, each of one unit, with its queries in PromQL."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

CHOSEN: Final = 'job=~"$job",instance=~"$instance"'
"""What the templates of a board choose; every series of a service is asked for by it."""
IN_WINDOW: Final = "[$__rate_interval]"
"""The window of rates: four scrapes, or what a pixel stands for where that is longer."""
COLUMNS: Final = 24
"""Grafana's grid."""

Unit = Literal[
    "short", "s", "bytes", "percentunit", "reqps", "cps", "none", "dateTimeAsIso", "suffix: x",
    "suffix: /h", "suffix: cores",
]  # fmt: skip
"""Names of Grafana's units, and what stands behind a number where it has none."""

_SERIES = re.compile(r"(?<![\w:])((?:rater|process)_\w+|up)(?![\w(])(\{)?")


class Query(NamedTuple):
    """An expression, and what its series are called: text, with labels as {{label}}."""

    expr: str
    legend: str

    @property
    def chosen(self) -> str:
        """Return the expression with each series narrowed to the jobs and instances that are chosen.

        What rules record has neither label, and stays as it is.
        """
        return _SERIES.sub(lambda s: f"{s[1]}{{{CHOSEN}{',' if s[2] else '}'}", self.expr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What is drawn. A stat shows the last values as numbers, all others are lines over time."""

    title: str
    about: str
    """What is seen, and what it means."""
    unit: Unit
    queries: tuple[Query, ...]
    stat: bool = False
    width: int = 8
    bound: float | None = None
    """What is bad from there on: a red line, or a red number."""

    @property
    def height(self) -> int:
        """Rows of the grid."""
        return 5 if self.stat else 8


class Row(NamedTuple):
    """Panels under a heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A dashboard. Its uid is its address, and is never changed."""

    uid: str
    title: str
    about: str
    rows: tuple[Row, ...]
    since: str = "now-1h"
    """What is shown at first, up to now."""

    def panels(self) -> Iterator[Panel]:
        """Yield all panels."""
        for row in self.rows:
            yield from row.panels
