"""Dashboards: every query can be parsed and asks for what services serve; all that is served is on one."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.observe.boards import grafana, write
from deploy.observe.boards.board import COLUMNS, Query
from deploy.observe.boards.shelf import BOARDS, ON_NONE
from deploy.observe.slo import OBJECTIVE, PACES, SLOS, WINDOWS, recorded
from deploy.observe.vocabulary import Labels, served
from deploy.reference.metric_page import SERVICES, families_of
from tests.test_observe import faults

RULES = [OBJECTIVE, *map(recorded, WINDOWS)]
BY_UID = {board.uid: json.loads(grafana.text(board)) for board in BOARDS}
by_board = pytest.mark.parametrize("uid", BY_UID)
_SERIES = re.compile(r"(?<![\w:])(?:rater_|process_|up\b)\w*")


def plain(expression: str) -> str:
    """Put in what Grafana puts in."""
    expression = expression.replace("$__rate_interval", "1m")
    return expression.replace("$job", ".+").replace("$instance", ".+")


def panels(uid: str) -> Iterator[dict[str, Any]]:
    yield from (panel for panel in BY_UID[uid]["panels"] if panel["type"] != "row")


def expressions(uid: str) -> Iterator[str]:
    yield from (target["expr"] for panel in panels(uid) for target in panel["targets"])
    yield from (each["expr"] for each in BY_UID[uid]["annotations"]["list"])


@pytest.fixture(scope="module")
def known() -> dict[str, Labels]:
    return served()


def test_there_are_the_boards_that_operators_were_promised() -> None:
    assert list(BY_UID) == [
        "rater-overview", "rater-money", "rater-recharge", "rater-pipeline", "rater-state",
        "rater-notifications", "rater-load",
    ]  # fmt: skip
    assert set(write.FOLDER.iterdir()) == {write.FOLDER / f"{uid}.json" for uid in BY_UID}


@by_board
def test_a_board_asks_for_what_is_served(uid: str, known: dict[str, Labels]) -> None:
    for expression in expressions(uid):
        assert [] == faults(plain(expression), known), expression


@by_board
def test_each_series_of_a_service_is_narrowed_to_what_is_chosen(uid: str) -> None:
    for expression in expressions(uid):
        chosen = expression.count('job=~"$job",instance=~"$instance"')
        assert chosen == len(_SERIES.findall(re.sub(r'"[^"]*"', "", expression))), expression
        assert not re.search(r"(rate|increase|changes)\([^[]*\[(?!\$__rate_interval\])", expression)


def test_series_are_narrowed_and_nothing_else_is() -> None:
    chosen = '{job=~"$job",instance=~"$instance"'
    for written, made in (
        ("sum(up)", f"sum(up{chosen}}})"),
        ('max(rater_state{state="serving"})', f'max(rater_state{chosen},state="serving"}})'),
        ("rater_state - rater_state * 2", f"rater_state{chosen}}} - rater_state{chosen}}} * 2"),
        (f"{OBJECTIVE} / group_left(job)", f"{OBJECTIVE} / group_left(job)"),
    ):
        assert Query(written, "").chosen == made


def test_every_family_that_is_served_is_on_a_board_or_has_a_reason() -> None:
    asked = " ".join(expression for uid in BY_UID for expression in expressions(uid))
    families = {family._name for make in SERVICES.values() for family in families_of(make())}
    shown = {
        name for name in families if re.search(rf"\b{name}(_total|_info|_bucket|_sum|_count)?\b", asked)
    }  # fmt: skip

    assert families - shown == set(ON_NONE)
    assert all(reason.endswith(".") for reason in ON_NONE.values())


@by_board
def test_a_board_is_as_operators_expect_it(uid: str) -> None:
    board = BY_UID[uid]

    assert board["title"].startswith("Rater / ")
    assert board["description"].endswith(".")
    assert (board["refresh"], board["timezone"], board["editable"]) == ("30s", "utc", False)
    assert board["tags"] == ["rater"]
    assert [link["tags"] for link in board["links"]] == [["rater"]]
    assert board["schemaVersion"] >= 39
    source, *choices = board["templating"]["list"]
    assert (source["name"], source["type"], source["query"]) == (
        "datasource",
        "datasource",
        "prometheus",
    )
    assert [each["name"] for each in choices] == ["job", "instance"]
    for each in choices:
        assert (each["multi"], each["includeAll"], each["allValue"]) == (True, True, ".+")


@by_board
def test_a_panel_says_what_it_is_of_what_unit_and_from_where(uid: str) -> None:
    titles = [panel["title"] for panel in panels(uid)]
    ids = [panel["id"] for panel in BY_UID[uid]["panels"]]

    assert len(titles) >= 8
    assert len(set(ids)) == len(ids)
    for panel in panels(uid):
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        for each in (panel, *panel["targets"]):
            assert each["datasource"] == {"type": "prometheus", "uid": "$datasource"}
        legends = [(target["legendFormat"], target["refId"]) for target in panel["targets"]]
        assert len(set(legends)) == len(legends)
        assert all(legend for legend, _ in legends), panel["title"]


@by_board
def test_no_panel_lies_on_another(uid: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BY_UID[uid]["panels"]:
        at = panel["gridPos"]
        cells = {
            (at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])
        }  # fmt: skip
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= COLUMNS
        taken |= cells


def test_objectives_are_drawn_as_they_are_promised() -> None:
    """One fact, one place: what a panel draws as bad is what alerts and the table of objectives say."""
    by_title = {panel.title: panel for board in BOARDS for panel in board.panels()}
    for slo in SLOS:
        panel = by_title[f"Burn rate of {slo.name}"]
        assert slo.promise in panel.about
        assert panel.bound == PACES[0].factor
        assert [query.legend for query in panel.queries] == list(WINDOWS)
    assert by_title["From a CDR to its ledger entry"].bound == 2.0
    assert by_title["From a CDR to its payment command"].bound == 5.0
    drawn = " ".join(query.expr for panel in by_title.values() for query in panel.queries)
    assert all(rule in drawn for rule in RULES)


def test_what_is_committed_is_what_the_boards_say() -> None:
    for path, text in write.committed().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run `make schemas`"
