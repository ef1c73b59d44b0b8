"""Metrics of the recycler, on the registry that every service has; the rules are those of `process.metrics`."""

from collections import Counter as Counts
from collections.abc import Iterable

from prometheus_client import Counter, Gauge

from rater.core.account.mending import MENDED_BY
from rater.shell.process.metrics import Metrics
from rater.shell.recycler.bounds import Bound


class RecyclerMetrics:
    """What the recycler shows of what it asks for, and of what it leaves to people."""

    def __init__(self, shared: Metrics) -> None:
        self.shared = shared
        registry = shared.registry
        self._released = Counter(
            "rater_recycler_orders", "Calls that were asked for, by what they waited for and what came of it.",
            ["reason", "outcome"], registry=registry,
        )  # fmt: skip
        for reason in MENDED_BY:
            self._released.labels(str(reason), "charged")
        self._asks = Gauge(
            "rater_recycler_asking_tenants",
            "Tenants whose calls could be charged and wait for an operator, by the bound that they pass.",
            ["bound"], registry=registry,
        )  # fmt: skip
        for bound in Bound:
            self._asks.labels(str(bound))
        self._looked = Gauge(
            "rater_recycler_looked_timestamp_seconds",
            "When the last look at what waits ended that succeeded, since 1970 UTC; 0: none has.",
            registry=registry,
        )

    def released(self, reason: str, outcome: str) -> None:
        """Count an order by its answer."""
        self._released.labels(reason, outcome).inc()

    def ask(self, bounds: Iterable[Bound]) -> None:
        """Show how many tenants wait for an operator."""
        counts = Counts(bounds)
        for bound in Bound:
            self._asks.labels(str(bound)).set(counts[bound])

    def looked(self, at_ms: int) -> None:
        """Show when a look has succeeded."""
        self._looked.set(at_ms / 1_000)
