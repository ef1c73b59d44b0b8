"""Dashboards: what of Grafana's JSON is drawn."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from loadtest.broker import ROOT

FOLDER: Final = ROOT / "deploy" / "dashboards"


class Target(NamedTuple):
    """A query, and what its series are called."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel or the heading of a row; places and sizes are of Grafana's grid of 24 columns."""

    title: str
    kind: str
    """`row`, `stat` or `timeseries`."""
    x: int
    y: int
    width: int
    height: int
    about: str = ""
    unit: str = "none"
    targets: tuple[Target, ...] = ()
    bound: float | None = None
    """Red from there on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """A dashboard."""

    uid: str
    title: str
    about: str
    panels: tuple[Panel, ...]


def dashboards(folder: Path = FOLDER) -> dict[str, Dashboard]:
    """Read all dashboards of a folder, by uid; the overview first."""
    read = [
        _dashboard(json.loads(path.read_text(encoding="utf-8"))) for path in folder.glob("*.json")
    ]
    read.sort(key=lambda each: (each.uid != "rater-overview", each.uid))
    return {each.uid: each for each in read}


def _dashboard(value: Mapping[str, Any]) -> Dashboard:
    panels = tuple(_panel(each) for each in value["panels"])
    return Dashboard(
        uid=value["uid"], title=value["title"], about=value["description"], panels=panels
    )


def _panel(value: Mapping[str, Any]) -> Panel:
    at = value["gridPos"]
    place = {"x": at["x"], "y": at["y"], "width": at["w"], "height": at["h"]}
    if value["type"] == "row":
        return Panel(title=value["title"], kind="row", **place)
    defaults = value["fieldConfig"]["defaults"]
    bounds = [step["value"] for step in defaults["thresholds"]["steps"]]
    return Panel(
        title=value["title"],
        kind=value["type"],
        about=value["description"],
        unit=defaults["unit"],
        targets=tuple(Target(each["expr"], each["legendFormat"]) for each in value["targets"]),
        bound=bounds[-1],
        **place,
    )
