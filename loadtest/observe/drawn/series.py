"""Series: what Prometheus answers to the queries of a panel, over a range of time."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from loadtest.observe.drawn.dashboards import Dashboard, Panel, Target

_POINTS: Final = 150
"""In a line, about."""
_AT_ONCE: Final = 6
_LABEL = re.compile(r"\{\{(\w+)\}\}")

Points = list[tuple[float, float]]
"""Seconds since 1970, and a value; NaN: nothing to divide."""


class QueryError(Exception):
    """Prometheus refuses a query; the message has both."""


@dataclass(frozen=True, slots=True)
class Line:
    """A series: its name as the panel calls it, and its points."""

    name: str
    points: Points


@dataclass(frozen=True, slots=True)
class Range:
    """What is looked at: from when to when, seconds since 1970 UTC."""

    start_s: float
    end_s: float
    scrape_s: float
    """How often Prometheus scrapes: rates reach over four of them."""

    @property
    def step_s(self) -> float:
        """Seconds between two points."""
        return max((self.end_s - self.start_s) / _POINTS, self.scrape_s, 1.0)

    def filled(self, expr: str) -> str:
        """Return a query with what Grafana puts in: all jobs, all instances, the window of rates."""
        window = max(4 * self.scrape_s, self.step_s + self.scrape_s)
        filled = expr.replace("$__rate_interval", f"{round(window * 1_000)}ms")
        return filled.replace("$job", ".+").replace("$instance", ".+")


class Prometheus:
    """A Prometheus that answers; use it as a context."""

    def __init__(self, address: str) -> None:
        """Take its address, `http://host:port`."""
        self._address = address
        self._session = aiohttp.ClientSession()
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()

    async def lines(self, target: Target, over: Range) -> list[Line]:
        """Return the series of a query, those without any point left out."""
        parameters = {
            "query": over.filled(target.expr),
            "start": f"{over.start_s:.3f}",
            "end": f"{over.end_s:.3f}",
            "step": f"{over.step_s:.3f}",
        }
        data = await self.get("query_range", parameters)
        return [
            Line(named(target.legend, each["metric"]), [(at, float(v)) for at, v in each["values"]])
            for each in data["result"]
        ]

    async def get(self, path: str, parameters: dict[str, str]) -> Any:
        """Return the `data` of an answer of the API; QueryError when it refuses."""
        async with (
            self._places,
            self._session.get(f"{self._address}/api/v1/{path}", params=parameters) as answer,
        ):
            said = await answer.json()
        if said["status"] != "success":
            raise QueryError(f"{said['error']}: {parameters.get('query', path)}")
        return said["data"]


def named(legend: str, labels: dict[str, str]) -> str:
    """Return the name of a series: the legend with its labels put in."""
    return _LABEL.sub(lambda found: labels.get(found[1], ""), legend).strip()


async def of_panel(prometheus: Prometheus, panel: Panel, over: Range) -> list[Line]:
    """Return all series of a panel, query by query."""
    found = await asyncio.gather(*(prometheus.lines(target, over) for target in panel.targets))
    return [line for lines in found for line in lines]


async def of_dashboard(
    prometheus: Prometheus, dashboard: Dashboard, over: Range
) -> Sequence[tuple[Panel, list[Line]]]:
    """Return each panel with its series."""
    found = await asyncio.gather(*(of_panel(prometheus, p, over) for p in dashboard.panels))
    return list(zip(dashboard.panels, found, strict=True))
