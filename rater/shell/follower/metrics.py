"""Metrics of the follower, on the registry that every service has; the rules are those of `process.metrics`."""

from collections import Counter as Counts
from collections.abc import Mapping

from prometheus_client import Counter, Gauge

from rater.reconcile.follow.partition import PROOFS
from rater.shell.process.metrics import Metrics


class FollowerMetrics:
    """What the follower shows of what it proves, and of itself."""

    def __init__(self, shared: Metrics, sweep_every_s: float) -> None:
        """`sweep_every_s`: the stated period of sweeps; 0: there are none."""
        self.shared = shared
        registry = shared.registry
        self._differences = Gauge(
            "rater_reconciliation_difference",
            "Differences that the follower has found since its first record, by proof; must be 0.",
            ["proof"], registry=registry,
        )  # fmt: skip
        for proof in PROOFS:
            self._differences.labels(proof)
        self._lag = Gauge(
            "rater_reconciliation_lag_seconds",
            "Age of the oldest record that was written and is not proven yet, of all partitions; 0: all is proven.",
            registry=registry,
        )
        self._clean = Gauge(
            "rater_reconciliation_clean_timestamp_seconds",
            "Up to when all that was written is proven and nothing differs, since 1970 UTC; 0: nothing was proven yet.",
            registry=registry,
        )
        self._spent = Counter(
            "rater_reconciliation_cpu_seconds", "Processor time of reading and proving.",
            registry=registry,
        )  # fmt: skip
        self._records = Counter(
            "rater_reconciliation_records", "Records that were proven, by what they are.",
            ["kind"], registry=registry,
        )  # fmt: skip
        for kind in ("cdrs", "others"):
            self._records.labels(kind)
        self._swept = Gauge(
            "rater_reconciliation_sweep_timestamp_seconds",
            "When the last sweep ended that was carried through, since 1970 UTC; 0: none was yet.",
            registry=registry,
        )
        self._sweep_differences = Gauge(
            "rater_reconciliation_sweep_difference", "Differences that the last sweep has found; must be 0.",
            registry=registry,
        )  # fmt: skip
        Gauge(
            "rater_reconciliation_sweep_period_seconds", "The stated time from one sweep to the next; 0: none is made.",
            registry=registry,
        ).set(sweep_every_s)  # fmt: skip

    def found(self, counts: Mapping[str, int]) -> None:
        """Show the differences by proof."""
        for proof in {*PROOFS, *counts}:
            self._differences.labels(proof).set(counts.get(proof, 0))

    def proven(self, records: Counts[str], seconds: float) -> None:
        """Count what was proven, and what it cost."""
        for kind, count in records.items():
            self._records.labels(kind).inc(count)
        self._spent.inc(seconds)

    def looked(self, lag_s: float, clean_ms: int | None) -> None:
        """Show how far the proofs are behind, and, where nothing differs, when that was."""
        self._lag.set(lag_s)
        if clean_ms is not None:
            self._clean.set(clean_ms / 1_000)

    def swept(self, at_ms: int, differences: int) -> None:
        """Show a sweep that was carried through."""
        self._swept.set(at_ms / 1_000)
        self._sweep_differences.set(differences)
