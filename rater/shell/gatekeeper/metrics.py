"""Metrics of the gatekeeper, on the registry that every service has; the rules are those of `process.metrics`."""

from prometheus_client import Counter, Gauge, Histogram

from rater.core.authorisation.verdict import Refused
from rater.shell.process.metrics import Metrics

_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)


class GatekeeperMetrics:
    """What a gatekeeper counts."""

    def __init__(self, shared: Metrics) -> None:
        self.shared = shared
        registry = shared.registry
        self._answers = Counter(
            "rater_gatekeeper_answers", "Questions answered: allowed, refused or bad; and why.",
            ["outcome", "reason"], registry=registry,
        )  # fmt: skip
        for outcome in ("allowed", "bad"):
            self._answers.labels(outcome, "")
        for reason in Refused:
            self._answers.labels("refused", reason.value)
        self._seconds = Histogram(
            "rater_gatekeeper_answer_seconds", "From a question that is read to its answer.",
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._age = Gauge(
            "rater_gatekeeper_view_age_seconds",
            "How long ago all that is known was the latest that is written.",
            registry=registry,
        )
        self._tenants = Gauge(
            "rater_gatekeeper_tenants", "Tenants of which a status is known.", registry=registry
        )
        self._holds = Gauge("rater_gatekeeper_holds", "Calls that are held for.", registry=registry)

    def answered(self, outcome: str, reason: str, seconds: float) -> None:
        """Count an answer."""
        self._answers.labels(outcome, reason).inc()
        self._seconds.observe(seconds)

    def set_view(self, age_ms: int, tenants: int, holds: int) -> None:
        """Say how old the view is, and how much is in it."""
        self._age.set(age_ms / 1_000)
        self._tenants.set(tenants)
        self._holds.set(holds)
