"""A replay in laps: again and again, with other ids and later times, and never before it is due."""

from __future__ import annotations

import asyncio
import json
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from loadtest.replay import instants
from loadtest.replay.altering import Altering, IdAffix
from loadtest.replay.reading import Choice, Routes
from loadtest.replay.replaying import Replay, _Run
from loadtest.replay.schedule import Schedule, Shift
from loadtest.replay.sources import Source
from topics.partitioner import partition_of

if TYPE_CHECKING:
    from pathlib import Path

WEEK_MS = instants.WEEK_MS


def source(folder: Path, *ends: int) -> Source:
    rows = [
        {"tenant_id": "acme", "cdr_id": f"c{at}", "ended_at": instants.write(at * 1_000)}
        for at in ends
    ]
    path = folder / "cdrs.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return Source(str(path), "jsonl")


def sent(replay: Replay, count: int) -> list[tuple[float, str, str]]:
    """Return when each is due, its id, and when its call ended, as they would be sent."""
    run = _Run(replay, None, Routes(8, replay.tenants), lambda *_: None, asyncio.Event())  # type: ignore[arg-type]
    found = []
    for due_s, number, _, value in islice(run._due(), count):
        cdr: dict[str, Any] = json.loads(run.altering.of(value, number))
        found.append((due_s, cdr["cdr_id"], cdr["ended_at"][14:19]))
    return found


def test_at_a_speed_the_next_lap_begins_where_the_one_before_ended(tmp_path: Path) -> None:
    choice = Choice(source(tmp_path, 10, 20, 40))
    replay = Replay("none", choice, Altering(), Schedule(speed=2), laps=2)
    assert sent(replay, 9) == [
        (0, "c10", "00:10"),
        (5, "c20", "00:20"),
        (15, "c40", "00:40"),
        (15, "c10~2", "00:25"),
        (20, "c20~2", "00:35"),
        (30, "c40~2", "00:55"),
    ]


def test_at_a_rate_the_next_lap_goes_on(tmp_path: Path) -> None:
    choice = Choice(source(tmp_path, 10, 20))
    altering = Altering((IdAffix(behind="-x"),))
    replay = Replay("none", choice, altering, Schedule(rate_per_s=0.1), laps=0)
    found = sent(replay, 5)
    assert [due_s for due_s, _, _ in found] == [0, 10, 20, 30, 40]
    assert [name for _, name, _ in found] == ["c10-x", "c20-x", "c10-x~2", "c20-x~2", "c10-x~3"]


def test_for_ever_ends_where_nothing_is_for_this_process(tmp_path: Path) -> None:
    other = (partition_of(b"acme", 8) + 1) % 8
    choice = Choice(source(tmp_path, 10))
    replay = Replay("none", choice, Altering(), Schedule(), laps=0, share=(other, 8))
    assert sent(replay, 1) == []


@pytest.mark.parametrize("elapsed_ms", [0, 1, WEEK_MS - 1, WEEK_MS, 3 * WEEK_MS + 5])
def test_weekdays_are_kept_in_every_lap(elapsed_ms: int) -> None:
    shift = Shift(10 * WEEK_MS + 4, keeps_weekdays=True).after(elapsed_ms)
    assert shift % WEEK_MS == 0
    assert 0 <= 10 * WEEK_MS + 4 + elapsed_ms - shift < WEEK_MS
    assert Shift(7).after(elapsed_ms) == 7 + elapsed_ms
