"""Suspense metrics: which calls wait for a price, and what became of them, on the registry that every service has."""

from collections.abc import Mapping
from typing import Final, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge

from rater.core.account.mending import MENDED_BY
from topics.records import SuspenseReason


class SuspenseMetrics:
    """What charging counts of calls that wait for a price."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._open: Final = Gauge(
            "rater_open_suspense_calls", "Calls that wait for a price.", registry=registry
        )
        self._bytes: Final = Gauge(
            "rater_open_suspense_bytes", "Memory that they take.", registry=registry
        )
        self._waiting: Final = Gauge(
            "rater_open_suspense_age_seconds",
            "How long the oldest of them has waited that may be freed, by what it waits for; 0: none.",
            ["reason"],
            registry=registry,
        )
        self._beyond: Final = Counter(
            "rater_open_suspense_not_kept",
            "Calls that wait without being kept, for a limit is reached: nothing frees them; must be 0.",
            registry=registry,
        )
        self._freed: Final = Counter(
            "rater_calls_freed",
            "Calls given for free after waiting for a price, by what they had waited for.",
            ["reason"],
            registry=registry,
        )

        self._recycled: Final = Counter(
            "rater_calls_recycled",
            "Calls in suspense that were released or dropped, by what they had waited for, and what came of it.",
            ["reason", "outcome"],
            registry=registry,
        )

        for reason in get_args(SuspenseReason):
            self._freed.labels(reason)
            self._waiting.labels(reason)
        for reason in MENDED_BY:
            for outcome in ("charged", "still_waits", "dropped"):
                self._recycled.labels(str(reason), outcome)
        self._recycled.labels("none", "not_waiting")

    def set_open(self, calls: int, bytes_used: int, ages_s: Mapping[SuspenseReason, int]) -> None:
        """Say how many calls wait in all partitions, and for how long, by reason."""
        self._open.set(calls)
        self._bytes.set(bytes_used)
        for reason in get_args(SuspenseReason):
            self._waiting.labels(reason).set(ages_s.get(reason, 0))

    def not_kept(self, calls: int) -> None:
        """Count calls that are beyond a limit."""
        self._beyond.inc(calls)

    def recycled(self, calls: Mapping[tuple[str, str], int]) -> None:
        """Count calls that were looked at again or dropped, by reason and outcome."""
        for (reason, outcome), count in calls.items():
            self._recycled.labels(reason or "none", outcome).inc(count)

    def freed(self, calls: Mapping[str, int]) -> None:
        """Count calls that were freed, by reason."""
        for reason, count in calls.items():
            self._freed.labels(reason).inc(count)
