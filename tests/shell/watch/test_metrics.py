"""Metrics of the watch: the series of the last look, and none that is old."""

from rater.shell.process.metrics import Metrics
from rater.shell.watch.lag import Lag
from rater.shell.watch.metrics import WatchMetrics
from tests.shell.watch.looks import group_lag, look_of

PLACE = {"group": "rater-charging", "topic": "cdr.raw.v1", "partition": "0"}
TOPIC = {"topic": "cdr.raw.v1", "partition": "0"}
EXPORTED = {"consumergroup": "rater-charging", "topic": "cdr.raw.v1"}


def made(*, exporter_names: bool = False) -> WatchMetrics:
    return WatchMetrics(Metrics(rooms=()), exporter_names=exporter_names)


def value(metrics: WatchMetrics, name: str, labels: dict[str, str]) -> float | None:
    found = metrics.shared.registry.get_sample_value(name, labels)
    return found if found is None else float(found)


def test_every_number_of_a_look_is_shown() -> None:
    metrics = made()
    metrics.show(look_of(group_lag(start=5)), 0.03, 1_800_000_000_500)

    assert {name: value(metrics, f"rater_group_{name}", PLACE) for name in (
        "lag_records", "lag_seconds", "committed_offset", "uncommitted", "lost_records",
    )} == {
        "lag_records": 6, "lag_seconds": 7.0, "committed_offset": 4, "uncommitted": 0,
        "lost_records": 1,
    }  # fmt: skip
    assert [value(metrics, f"rater_topic_{name}_offset", TOPIC) for name in (
        "start", "stable", "end",
    )] == [5, 10, 12]  # fmt: skip
    assert value(metrics, "rater_group_members", {"group": "rater-charging"}) == 2
    assert value(metrics, "rater_watch_last_success_timestamp_seconds", {}) == 1_800_000_000.5
    assert value(metrics, "rater_watch_poll_duration_seconds_count", {}) == 1


def test_what_is_not_known_has_no_series() -> None:
    metrics = made()
    metrics.show(look_of(group_lag(committed=None, lag=Lag(10, None))), 0.1, 1)

    assert value(metrics, "rater_group_lag_seconds", PLACE) is None
    assert value(metrics, "rater_group_committed_offset", PLACE) is None
    assert value(metrics, "rater_group_uncommitted", PLACE) == 1
    assert value(metrics, "rater_group_lag_records", PLACE) == 10


def test_a_series_that_the_next_look_does_not_have_goes_away() -> None:
    metrics = made()
    metrics.show(look_of(group_lag(0), group_lag(1)), 0.1, 1)
    metrics.show(look_of(group_lag(0, lag=Lag(10, None))), 0.1, 2)

    assert value(metrics, "rater_group_lag_records", {**PLACE, "partition": "1"}) is None
    assert value(metrics, "rater_group_lag_seconds", PLACE) is None
    assert value(metrics, "rater_group_lag_records", PLACE) == 10


def test_what_is_old_is_forgotten_but_when_it_was_seen_stays() -> None:
    metrics = made(exporter_names=True)
    metrics.show(look_of(group_lag()), 0.1, 5_000)
    metrics.forget()
    metrics.forget()

    families = metrics.shared.registry.collect()
    shown = [
        each for each in families if each.name.startswith(("rater_group", "kafka_", "rater_topic"))
    ]
    assert len(shown) == 15
    assert not any(each.samples for each in shown)
    assert value(metrics, "rater_watch_last_success_timestamp_seconds", {}) == 5


def test_looks_that_failed_are_counted_by_the_kind_of_their_error() -> None:
    metrics = made()
    metrics.failed(TimeoutError("x"))
    metrics.failed(TimeoutError("y"))

    assert value(metrics, "rater_watch_poll_errors_total", {"reason": "TimeoutError"}) == 2


def test_the_names_of_kafka_exporter_have_the_same_numbers() -> None:
    metrics = made(exporter_names=True)
    metrics.show(look_of(group_lag(0), group_lag(1, lag=Lag(3, 1.0))), 0.1, 1)
    one = {**EXPORTED, "partition": "0"}

    assert value(metrics, "kafka_consumergroup_lag", one) == 6
    assert value(metrics, "kafka_consumergroup_lag_sum", EXPORTED) == 9
    assert value(metrics, "kafka_consumergroup_current_offset", one) == 4
    assert value(metrics, "kafka_consumergroup_members", {"consumergroup": "rater-charging"}) == 2
    assert value(metrics, "kafka_topic_partition_current_offset", TOPIC) == 12
    assert value(metrics, "kafka_topic_partition_oldest_offset", TOPIC) == 0
    assert value(made(), "kafka_consumergroup_lag", one) is None
