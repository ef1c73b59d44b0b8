"""Metrics of the gateway, on the registry that every service has.

The same three rules as in `rater.shell.process.metrics`: bounded labels, base units, `rater_` in front.
"""

from typing import Final, Protocol

from prometheus_client import Counter, Gauge, Histogram

from rater.shell.gateway.providers.provider import Declined, MovedBack, Outcome, Succeeded
from rater.shell.process.metrics import Metrics

OUTCOMES: Final = ("succeeded", "declined", "undecided", "unknown")
"""undecided: the provider says that it goes on there. unknown: nobody could find out."""
OPERATIONS: Final = ("look_up", "charge", "withdraw")
STATUSES: Final = (*OUTCOMES, "none", "connection", "broken_off")
"""Of a question; besides them the provider's own codes of HTTP."""
WEBHOOKS: Final = (
    "ignored", "other_mode", "refused", "result", "unreadable", "unready", "waiting",
)  # fmt: skip
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0)


def name_of(outcome: Outcome | MovedBack) -> str:
    """Return the outcome as metrics and logs name it; on the topic what is undecided is unknown, too."""
    if isinstance(outcome, Succeeded):
        return "succeeded"
    if isinstance(outcome, MovedBack):
        return "restored" if outcome.is_restored else "reversed"
    if isinstance(outcome, Declined):
        return "declined"
    return "undecided" if outcome.is_undecided else "unknown"


class Asked(Protocol):
    """Who notes what a provider was asked."""

    def asked(self, operation: str, status: str, seconds: float) -> None:
        """Note one question to the provider."""


class GatewayMetrics:
    """What a gateway counts; state and lag are those of `Metrics`."""

    def __init__(self, shared: Metrics) -> None:
        self.shared = shared
        registry = shared.registry
        self._commands = Counter(
            "rater_gateway_commands", "Commands with a result (or a dead letter), by outcome.",
            ["outcome"], registry=registry,
        )  # fmt: skip
        self._late = Counter(
            "rater_gateway_late_outcomes", "Results of what the provider told by itself.",
            ["outcome"], registry=registry,
        )  # fmt: skip
        self._requests = Counter(
            "rater_gateway_provider_requests",
            "Questions to the provider: what was asked, what came of it.",
            ["operation", "status"], registry=registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "rater_gateway_provider_seconds", "How long the provider took to answer.",
            ["operation"], buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self._webhooks = Counter(
            "rater_gateway_webhooks", "Webhooks received, by what became of them.",
            ["outcome"], registry=registry,
        )  # fmt: skip
        self._canaries = Counter(
            "rater_gateway_canary_commands",
            "Likewise, of canary tenants, who are in none of the others.",
            ["outcome"], registry=registry,
        )  # fmt: skip
        self._show_all()
        self._in_flight = Gauge(
            "rater_gateway_in_flight", "Commands read and not yet finished.", registry=registry
        )

    def _show_all(self) -> None:
        """Show at 0 what has not happened yet."""
        for outcome in (*OUTCOMES, "dead"):
            self._commands.labels(outcome)
        for outcome in (*OUTCOMES, "reversed", "restored"):
            self._late.labels(outcome)
        for outcome in (*OUTCOMES, "reversed", "restored"):
            self._canaries.labels(outcome)
        for operation in OPERATIONS:
            self._seconds.labels(operation)
            for status in STATUSES:
                self._requests.labels(operation, status)
        for outcome in WEBHOOKS:
            self._webhooks.labels(outcome)

    def command_done(self, outcome: str) -> None:
        """Count a command that needs no more work."""
        self._commands.labels(outcome).inc()

    def late_outcome(self, outcome: Outcome | MovedBack) -> None:
        """Count a result that no command asked for just now."""
        self._late.labels(name_of(outcome)).inc()

    def asked(self, operation: str, status: str, seconds: float) -> None:
        """Note one question to the provider."""
        self._requests.labels(operation, status).inc()
        self._seconds.labels(operation).observe(seconds)

    def of_canaries(self) -> "CanaryMetrics":
        """Return what counts the same of canary tenants, apart."""
        return CanaryMetrics(self._canaries)

    def webhook(self, outcome: str) -> None:
        """Count a webhook."""
        self._webhooks.labels(outcome).inc()

    def set_in_flight(self, commands: int) -> None:
        """Say how many commands are at work or wait for their turn."""
        self._in_flight.set(commands)


class CanaryMetrics:
    """What is counted of canary tenants: how many results, and nothing that says how well payments go."""

    def __init__(self, commands: Counter) -> None:
        self._commands = commands

    def command_done(self, outcome: str) -> None:
        """Count a command that needs no more work."""
        self._commands.labels(outcome).inc()

    def late_outcome(self, outcome: Outcome | MovedBack) -> None:
        """Count a result that no command asked for just now."""
        self._commands.labels(name_of(outcome)).inc()

    def asked(self, operation: str, status: str, seconds: float) -> None:
        """Leave a question to the simulator out."""
