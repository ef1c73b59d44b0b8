"""Metrics of the notifier: beside those of every process of ours, on the same registry. No label names a person."""

from typing import Final, get_args

from prometheus_client import Counter, Gauge, Histogram

from rater.shell.notifier.attempt import Verdict
from rater.shell.notifier.circuits import State
from rater.shell.process.metrics import Metrics
from topics.records import AnyNotification

KINDS: Final = tuple(str(each.__struct_config__.tag) for each in get_args(AnyNotification))
CHANNELS: Final = ("email", "webhook", "nobody")
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class NotifierMetrics:
    """What the notifier counts; `process` is what health and its server take."""

    def __init__(self) -> None:
        self.process = Metrics(rooms=())
        registry = self.process.registry
        self.notifications = Counter(
            "rater_notifier_notifications", "Notifications handled, by what became of them: sent, "
            "undelivered, partly, dead (unreadable bytes).", ["kind", "outcome"], registry=registry,
        )  # fmt: skip
        self.deliveries = Counter(
            "rater_notifier_deliveries", "Deliveries: sent, undelivered, known (was marked before); "
            "deferred counts tries that failed for now, in_doubt those without an answer.",
            ["channel", "outcome"], registry=registry,
        )  # fmt: skip
        self.marks_lost = Counter(
            "rater_notifier_marks_lost", "Marks of what was sent that could not be read: it may be sent again.",
            registry=registry,
        )  # fmt: skip
        self.delivery_seconds = Histogram(
            "rater_notifier_delivery_seconds", "Time of one try, marks included.", ["channel"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self.waiting = Gauge(
            "rater_notifier_waiting", "Notifications taken and not handled: being sent, or waiting for "
            "the next try.", registry=registry,
        )  # fmt: skip
        self.webhooks_waiting = Gauge(
            "rater_notifier_webhooks_waiting", "Webhooks in the waiting room, being sent included.",
            registry=registry,
        )  # fmt: skip
        self.circuits_open = Gauge(
            "rater_notifier_circuits_open", "URLs that are left alone, or asked once, since they failed.",
            registry=registry,
        )  # fmt: skip
        self.circuit_changes = Counter(
            "rater_notifier_circuit_changes", "Circuits of webhooks that opened, half opened, closed.",
            ["state"], registry=registry,
        )  # fmt: skip

        self._show_all()

    def _show_all(self) -> None:
        """Show at 0 what has not happened yet."""
        for kind in KINDS:
            for outcome in ("sent", "undelivered", "partly"):
                self.notifications.labels(kind, outcome)
        self.notifications.labels("unreadable", "dead")
        for channel in CHANNELS:
            self.delivery_seconds.labels(channel)
            for outcome in (*get_args(Verdict), "known", "undelivered"):
                self.deliveries.labels(channel, outcome)
        self.deliveries.labels("email", "folded")
        for state in get_args(State):
            self.circuit_changes.labels(state)

    def circuit_changed(self, state: str, open_now: int) -> None:
        """Count a circuit that has changed."""
        self.circuit_changes.labels(state).inc()
        self.circuits_open.set(open_now)
