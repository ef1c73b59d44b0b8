"""Reconciliation metrics: by how much the steps of a worker do not add up; all must be 0 (A87)."""

from collections import Counter
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Gauge


class ReconciliationMetrics:
    """Differences of partitions that stand still for them, and what was passed over since the process began."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        self._micros = Gauge(
            "rater_reconciliation_difference_micros",
            "By how much what entries say was moved and what accounts then hold differ (or balances and lots), in the "
            "partitions that stand still for it; must be 0.",
            ["currency"],
            registry=registry,
        )
        self._records = Gauge(
            "rater_reconciliation_difference_records",
            "Records that were read and have no outcome, in the partitions that stand still for it, and offsets that "
            "were passed over between two batches since the process began; must be 0.",
            ["topic"],
            registry=registry,
        )
        self._differing: dict[int, Mapping[str, int]] = {}
        """Micros by currency, of partitions where there are any."""
        self._unheard: dict[int, Mapping[str, int]] = {}
        """Likewise records by topic."""
        self._passed_over: Counter[str] = Counter()
        self._currencies: set[str] = set()
        self._topics: set[str] = set()

    def expect(self, topic: str) -> None:
        """Show a source topic at 0."""
        self._topics.add(topic)
        self._records.labels(topic)

    def proven(self, partition: int, differences: Mapping[str, int]) -> None:
        """Say by how many micros a partition's batch differs, in each currency that it touched."""
        if not self._currencies.issuperset(differences):
            for currency in differences:
                self._micros.labels(currency)
            self._currencies.update(differences)
        wrong = {currency: micros for currency, micros in differences.items() if micros}
        if wrong or partition in self._differing:
            self._differing[partition] = wrong
            self._show_micros()

    def heard(self, partition: int, topic: str, records: int) -> None:
        """Say how many records of a partition's batch have no outcome, or more than one."""
        if records or partition in self._unheard:
            self._topics.add(topic)
            self._unheard[partition] = {topic: records}
            self._show_records()

    def passed_over(self, topic: str, offsets: int) -> None:
        """Count offsets of a source that no batch has read."""
        self._topics.add(topic)
        self._passed_over[topic] += offsets
        self._show_records()

    def forget(self, partition: int) -> None:
        """Drop the differences of a partition that this worker has lost: its new owner finds them again."""
        self._differing.pop(partition, None)
        self._unheard.pop(partition, None)
        self._show_micros()
        self._show_records()

    def _show_micros(self) -> None:
        total: Counter[str] = Counter()
        for each in self._differing.values():
            total.update(each)
        for currency in self._currencies:
            self._micros.labels(currency).set(total[currency])

    def _show_records(self) -> None:
        total = Counter(self._passed_over)
        for each in self._unheard.values():
            total.update(each)
        for topic in self._topics:
            self._records.labels(topic).set(total[topic])
