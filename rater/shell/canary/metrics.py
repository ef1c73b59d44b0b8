"""Metrics of the canary, on the registry that every service has; the rules are those of `process.metrics`."""

from prometheus_client import Counter, Gauge, Histogram

from rater.shell.canary.round import STEPS, Step
from rater.shell.process.metrics import Metrics

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class CanaryMetrics:
    """What a canary counts."""

    def __init__(self, shared: Metrics) -> None:
        self.shared = shared
        registry = shared.registry
        self._seconds = Histogram(
            "rater_canary_latency_seconds",
            "From a call of the canary's to what comes of it: charge, threshold, payment_command, credit.",
            ["step"], buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._rounds = Counter(
            "rater_canary_rounds",
            "Rounds: passed, failed (something else was found) or timed_out, and at which step.",
            ["outcome", "step"], registry=registry,
        )  # fmt: skip
        self._rounds.labels("passed", "")
        for step in STEPS:
            self._seconds.labels(step)
            for outcome in ("failed", "timed_out"):
                self._rounds.labels(outcome, step)
        self._last = Gauge(
            "rater_canary_last_success_seconds",
            "When the last round passed, in seconds since 1970; 0: none has yet.",
            registry=registry,
        )

    def took(self, step: Step, seconds: float) -> None:
        """Note how long a step took."""
        self._seconds.labels(step).observe(seconds)

    def passed(self, at_ms: int) -> None:
        """Count a round in which all was as expected."""
        self._rounds.labels("passed", "").inc()
        self._last.set(at_ms / 1_000)

    def failed(self, outcome: str, step: Step) -> None:
        """Count a round that did not pass."""
        self._rounds.labels(outcome, step).inc()
