"""A fetch waits longer at the broker once nothing has come for a while, and as before as soon as something has."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from rater.shell.stream.consumer_thread import (
    FETCH_WAIT_MS,
    IDLE_AFTER_S,
    IDLE_FETCH_WAIT_MS,
    BatchConsumerThread,
)


def waits(monkeypatch: pytest.MonkeyPatch, *looks: tuple[float, bool]) -> list[int]:
    """Return how long a fetch waits after each look, at such a time, that found something or not."""
    now = [0.0]
    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr("rater.shell.stream.consumer_thread.time", clock)
    consumer = SimpleNamespace(_fetcher=SimpleNamespace(_fetch_max_wait_ms=FETCH_WAIT_MS))
    thread = BatchConsumerThread.__new__(BatchConsumerThread)
    thread._came_at = 0.0
    told = []
    for at, found in looks:
        now[0] = at
        thread._choose_wait(cast("Any", consumer), came=found)
        told.append(consumer._fetcher._fetch_max_wait_ms)
    return told


def test_a_fetch_waits_longer_when_nothing_has_come_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, after = IDLE_AFTER_S * 0.9, IDLE_AFTER_S * 1.1

    found = waits(monkeypatch, (before, False), (after, False), (after + 1, False))

    assert found == [FETCH_WAIT_MS, IDLE_FETCH_WAIT_MS, IDLE_FETCH_WAIT_MS]


def test_what_comes_ends_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = waits(monkeypatch, (9.0, False), (9.1, True), (9.2, False), (9.2 + IDLE_AFTER_S, False))

    assert found == [IDLE_FETCH_WAIT_MS, FETCH_WAIT_MS, FETCH_WAIT_MS, IDLE_FETCH_WAIT_MS]
