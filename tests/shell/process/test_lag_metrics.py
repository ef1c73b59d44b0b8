"""Lag: in records and in seconds; 0 where nothing waits, and no series where nobody knows."""

import pytest
from prometheus_client import CollectorRegistry

from rater.shell.process import lag_metrics
from rater.shell.process.lag_metrics import LagMetrics

NOW = 1_800_000_000_000


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ms = NOW
        self.registry = CollectorRegistry()
        monkeypatch.setattr(lag_metrics, "now_ms", lambda: self.ms)
        self.lag = LagMetrics(self.registry)

    def seconds(self) -> float | None:
        labels = {"topic": "t", "partition": "0"}
        return self.registry.get_sample_value("rater_consumer_lag_seconds", labels)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_it_is_the_age_of_the_oldest_record_that_is_not_committed(clock: Clock) -> None:
    clock.lag.set("t", 0, 3, NOW - 2_500)
    first = clock.seconds()
    clock.ms += 1_000
    clock.lag.set("t", 0, 3, NOW - 2_500)

    assert [first, clock.seconds()] == [2.5, 3.5]


def test_what_is_not_fetched_counts_from_when_it_is_known_to_wait(clock: Clock) -> None:
    clock.lag.set("t", 0, 3, None)
    first = clock.seconds()
    clock.ms += 4_000
    clock.lag.set("t", 0, 3, None)
    later = clock.seconds()
    clock.lag.set("t", 0, 3, clock.ms - 9_000)
    fetched = clock.seconds()
    clock.ms += 1_000
    clock.lag.set("t", 0, 1, -1)

    assert [first, later, fetched, clock.seconds()] == [0.0, 4.0, 9.0, 0.0]


def test_where_nothing_waits_it_is_0_whatever_was_fetched_last(clock: Clock) -> None:
    clock.lag.set("t", 0, 2, None)
    clock.ms += 5_000
    clock.lag.set("t", 0, 0, NOW)
    none = clock.seconds()
    clock.lag.set("t", 0, 2, None)

    assert [none, clock.seconds()] == [0.0, 0.0]


def test_a_record_of_a_clock_that_is_ahead_is_of_no_age(clock: Clock) -> None:
    clock.lag.set("t", 0, 1, NOW + 60_000)

    assert clock.seconds() == 0.0


def test_it_is_forgotten_with_its_partition_and_with_the_broker(clock: Clock) -> None:
    clock.lag.set("t", 0, 1, None)
    clock.lag.forget("t", 0)
    lost = clock.seconds()
    clock.lag.set("t", 0, 1, None)
    clock.lag.forget_all()

    assert (lost, clock.seconds()) == (None, None)
