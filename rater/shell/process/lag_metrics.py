"""Lag metrics: how far behind the end of each partition a service is, in records and in seconds.

In seconds it is the age of the oldest record that is not committed: now less the record's own time, which is its
producer's, or the broker's where the topic says so. Of records that were not fetched yet nobody knows a time: then it
is how long they are known to wait, which is less than their age, and grows as that does.
"""

from contextlib import suppress

from prometheus_client import CollectorRegistry, Gauge

from rater.shell.process.clock import now_ms

_LABELS = ("topic", "partition")


class LagMetrics:
    """The lag of each partition that a service owns; of others, and while the broker is silent, there is no series."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._records = Gauge(
            "rater_consumer_lag_records",
            "Records between the applied position and the partition's end.",
            _LABELS,
            registry=registry,
        )
        self._seconds = Gauge(
            "rater_consumer_lag_seconds",
            "Age of the oldest record that is not committed, by its own timestamp; 0: there is none. Where none of "
            "them was fetched yet, how long they are known to wait.",
            _LABELS,
            registry=registry,
        )
        self._waiting_since: dict[tuple[str, int], int] = {}

    def set(self, topic: str, partition: int, records: int, oldest_ms: int | None) -> None:
        """Say how many records a partition is behind, and the time of the oldest; None, or below 0: not known."""
        self._records.labels(topic, partition).set(records)
        self._seconds.labels(topic, partition).set(
            self._age_s(topic, partition, records, oldest_ms)
        )

    def _age_s(self, topic: str, partition: int, records: int, oldest_ms: int | None) -> float:
        if records <= 0 or (oldest_ms is not None and oldest_ms >= 0):
            self._waiting_since.pop((topic, partition), None)
        if records <= 0:
            return 0.0
        now = now_ms()
        if oldest_ms is None or oldest_ms < 0:
            oldest_ms = self._waiting_since.setdefault((topic, partition), now)
        return max(0, now - oldest_ms) / 1_000

    def forget(self, topic: str, partition: int) -> None:
        """Drop the lag of a partition that this service has lost: its new owner reports it."""
        self._waiting_since.pop((topic, partition), None)
        for gauge in (self._records, self._seconds):
            with suppress(KeyError):
                gauge.remove(topic, partition)

    def forget_all(self) -> None:
        """Say that nobody knows how far behind we are: the broker is silent. No series is not a 0."""
        self._waiting_since.clear()
        self._records.clear()
        self._seconds.clear()
