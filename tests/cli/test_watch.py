"""`rater watch --once`: what it prints, and when it ends with 1."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rater.cli import watch as module
from rater.shell.process.start import StartError
from rater.shell.watch.lag import Lag, Offsets
from tests.shell.watch.looks import group_lag, look_of

CAUGHT_UP = group_lag(committed=10, lag=Lag(0, 0.0))


def once(monkeypatch: pytest.MonkeyPatch, *lags: Any, options: tuple[str, ...] = ()) -> Result:
    async def look(_: Any) -> Any:
        return look_of(*lags)

    monkeypatch.setattr("rater.shell.watch.process.look_once", look)
    return CliRunner().invoke(module.watch, ["--once", *options])


def test_a_table_says_it_to_people(monkeypatch: pytest.MonkeyPatch) -> None:
    unread = group_lag(1, None, Lag(10, None))
    done = once(monkeypatch, group_lag(start=5), unread)

    assert [line.split() for line in done.output.splitlines()] == [
        ["group", "topic", "partition", "committed", "end", "lag", "age", "s", "lost", "members"],
        ["rater-charging", "cdr.raw.v1", "0", "4", "12", "6", "7.0", "1", "2"],
        ["rater-charging", "cdr.raw.v1", "1", "never", "12", "10", "?", "0", "2"],
    ]
    assert done.exit_code == 0


def test_json_says_it_to_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    done = once(monkeypatch, group_lag(), group_lag(1, None, Lag(10, None)), options=("--json",))
    first, second = map(json.loads, done.output.splitlines())

    assert first == {
        "group": "rater-charging", "topic": "cdr.raw.v1", "partition": 0, "committed_offset": 4,
        "start_offset": 0, "stable_offset": 10, "end_offset": 12, "lag_records": 6,
        "lag_seconds": 7.0, "lost_records": 0, "members": 2,
    }  # fmt: skip
    assert (second["committed_offset"], second["lag_seconds"]) == (None, None)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (CAUGHT_UP, 0),
        (group_lag(lag=Lag(6, 30.0)), 0),
        (group_lag(lag=Lag(6, 30.1)), 1),
        (group_lag(committed=0, start=10, lag=Lag(0, 0.0)), 1),
        (group_lag()._replace(offsets=Offsets(400, 0, 10, 10), lag=Lag(0, 0.0)), 1),
        (group_lag(lag=Lag(6, None)), 2),
    ],
    ids=("caught up", "just so", "over", "lost", "beyond the end", "not known"),
)
def test_who_is_too_far_behind_or_lost_something_is_exit_1(
    monkeypatch: pytest.MonkeyPatch, found: Any, code: int
) -> None:
    done = once(monkeypatch, CAUGHT_UP, found, options=("--max-lag-seconds", "30"))

    assert done.exit_code == code, done.output


def test_what_is_over_counts_more_than_what_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    unknown, over = group_lag(lag=Lag(6, None)), group_lag(1, lag=Lag(6, 31.0))

    assert once(monkeypatch, unknown, over, options=("--max-lag-seconds", "30")).exit_code == 1


@pytest.mark.parametrize("options", [("--json",), ("--max-lag-seconds", "3")])
def test_what_goes_with_one_look_alone_is_refused_without_it(options: tuple[str, ...]) -> None:
    done = CliRunner().invoke(module.watch, options)

    assert done.exit_code == 2
    assert "go with --once" in done.output


def test_what_must_be_there_first_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def look(_: Any) -> Any:
        raise StartError("topics missing on localhost:9092: cdr.raw.v1")

    monkeypatch.setattr("rater.shell.watch.process.look_once", look)
    done = CliRunner().invoke(module.watch, ["--once"])

    assert (done.exit_code, done.output) == (
        2,
        "Error: topics missing on localhost:9092: cdr.raw.v1\n",
    )
