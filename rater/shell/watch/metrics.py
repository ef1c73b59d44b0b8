"""Metrics of the watch, on the registry that every service has; the rules are those of `process.metrics`.

The names of kafka_exporter are served beside ours where they are asked for: dashboards know them. They are the
exception to rule 2, and have the same numbers.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Generic, TypeVar

from prometheus_client import Counter, Gauge, Histogram

from rater.shell.process.metrics import Metrics
from rater.shell.watch.observer import GroupLag, Look

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Labels = tuple[str, ...]
Series = Mapping[Labels, float]
Seen = TypeVar("Seen")


class Family(Generic[Seen]):
    """A gauge whose series are those of the last look, and no others."""

    def __init__(self, gauge: Gauge, series: Callable[[Seen], Series]) -> None:
        """Take what makes series of what was seen."""
        self._gauge = gauge
        self._series = series
        self._shown: set[Labels] = set()

    def show(self, look: Seen) -> None:
        """Show what was seen, and nothing else."""
        # Set first, then taken away: whoever reads meanwhile finds no gap.
        series = self._series(look)
        for labels, value in series.items():
            self._gauge.labels(*labels).set(value)
        self._forget(self._shown - set(series))
        self._shown = set(series)

    def forget(self) -> None:
        """Show nothing: no series is not a 0."""
        self._forget(self._shown)
        self._shown = set()

    def _forget(self, gone: Iterable[Labels]) -> None:
        for labels in gone:
            with suppress(KeyError):
                self._gauge.remove(*labels)


class WatchMetrics:
    """What the watch shows of groups, and of itself."""

    def __init__(self, shared: Metrics, *, exporter_names: bool) -> None:
        """`exporter_names`: serve the names of kafka_exporter, too."""
        self.shared = shared
        self._families: list[Family[Look]] = []
        self._add_lags()
        self._add_topics()
        if exporter_names:
            self._add_exporter_names()
        registry = shared.registry
        self._errors = Counter(
            "rater_watch_poll_errors", "Looks at the groups that came to nothing, by the class of the error.",
            ["reason"], registry=registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "rater_watch_poll_duration_seconds", "Of a look at all groups that succeeded.",
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._last = Gauge(
            "rater_watch_last_success_timestamp_seconds",
            "When the last look that succeeded ended, since 1970 UTC; 0: none has.",
            registry=registry,
        )

    def show(self, look: Look, seconds: float, at_ms: int) -> None:
        """Show what a look has found, and that it took so long."""
        for family in self._families:
            family.show(look)
        self._seconds.observe(seconds)
        self._last.set(at_ms / 1_000)

    def forget(self) -> None:
        """Show nothing of groups: what was seen last is old. No series is not a 0."""
        for family in self._families:
            family.forget()

    def failed(self, error: BaseException) -> None:
        """Count a look that came to nothing."""
        self._errors.labels(type(error).__name__).inc()

    def _add(
        self, name: str, about: str, labels: Iterable[str], series: Callable[[Look], Series]
    ) -> None:
        gauge = Gauge(name, about, labels, registry=self.shared.registry)
        self._families.append(Family(gauge, series))

    def _add_lags(self) -> None:
        labels = ("group", "topic", "partition")
        self._add(
            "rater_group_lag_records", "Offsets from the first record not taken to the end of what may be read.",
            labels, lambda look: _of_groups(look, lambda each: each.lag.records),
        )  # fmt: skip
        self._add(
            "rater_group_lag_seconds", "Age of the first record not taken, by its own time; 0: all is taken.",
            labels, lambda look: _of_groups(look, lambda each: each.lag.seconds),
        )  # fmt: skip
        self._add(
            "rater_group_committed_offset", "Of the next record to take; no series: the group has never committed.",
            labels, lambda look: _of_groups(look, lambda each: each.offsets.committed),
        )  # fmt: skip
        self._add(
            "rater_group_uncommitted", "1 where the group has never committed: it begins at the start; 0 elsewhere.",
            labels, lambda look: _of_groups(look, lambda each: int(each.offsets.committed is None)),
        )  # fmt: skip
        self._add(
            "rater_group_lost_records", "Offsets deleted by retention before the group took them; must be 0.",
            labels, lambda look: _of_groups(look, lambda each: each.offsets.lost),
        )  # fmt: skip
        self._add(
            "rater_group_members", "Workers and services that have joined the group.",
            ("group",), lambda look: {(group,): count for group, count in look.members.items()},
        )  # fmt: skip

    def _add_topics(self) -> None:
        labels = ("topic", "partition")
        self._add(
            "rater_topic_start_offset", "Of the first record that is there.",
            labels, lambda look: _of_topics(look, lambda each: each.offsets.start),
        )  # fmt: skip
        self._add(
            "rater_topic_stable_offset", "Behind the last record that may be read: no transaction is open before it.",
            labels, lambda look: _of_topics(look, lambda each: each.offsets.stable),
        )  # fmt: skip
        self._add(
            "rater_topic_end_offset", "Behind the last record, those of open transactions among them.",
            labels, lambda look: _of_topics(look, lambda each: each.offsets.end),
        )  # fmt: skip

    def _add_exporter_names(self) -> None:
        labels = ("consumergroup", "topic", "partition")
        self._add(
            "kafka_consumergroup_lag", "As rater_group_lag_records.",
            labels, lambda look: _of_groups(look, lambda each: each.lag.records),
        )  # fmt: skip
        self._add(
            "kafka_consumergroup_lag_sum", "Of all partitions of a topic.",
            labels[:2], _lag_sums,
        )  # fmt: skip
        self._add(
            "kafka_consumergroup_current_offset", "As rater_group_committed_offset.",
            labels, lambda look: _of_groups(look, lambda each: each.offsets.committed),
        )  # fmt: skip
        self._add(
            "kafka_consumergroup_members", "As rater_group_members.",
            labels[:1], lambda look: {(group,): count for group, count in look.members.items()},
        )  # fmt: skip
        self._add(
            "kafka_topic_partition_current_offset", "As rater_topic_end_offset.",
            labels[1:], lambda look: _of_topics(look, lambda each: each.offsets.end),
        )  # fmt: skip
        self._add(
            "kafka_topic_partition_oldest_offset", "As rater_topic_start_offset.",
            labels[1:], lambda look: _of_topics(look, lambda each: each.offsets.start),
        )  # fmt: skip


def _of_groups(look: Look, value: Callable[[GroupLag], float | None]) -> Series:
    return {
        (each.group, each.topic, str(each.partition)): found
        for each in look.lags
        if (found := value(each)) is not None
    }


def _of_topics(look: Look, value: Callable[[GroupLag], float]) -> Series:
    return {(each.topic, str(each.partition)): value(each) for each in look.lags}


def _lag_sums(look: Look) -> Series:
    sums: dict[Labels, float] = {}
    for each in look.lags:
        place = each.group, each.topic
        sums[place] = sums.get(place, 0) + each.lag.records
    return sums
