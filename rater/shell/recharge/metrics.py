"""Metrics of recharge: payments asked for, money credited, what holds it back, and what each tenant is doing."""

from collections.abc import Sequence
from typing import Final, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge

from rater.batch.recharge.decision import RechargeDecision
from rater.core.recharge.machine import State
from rater.shell.process.batch_histogram import BatchHistogram
from topics import catalog
from topics.records import AnyNotification
from topics.records.notifications import CapKind, PauseReason
from topics.records.payments import QuarantineReason

NOTICES: Final = tuple(str(each.__struct_config__.tag) for each in get_args(AnyNotification))
SUSPECTED: Final = "suspected"
HELD: Final = (*(f"{cap}_cap" for cap in get_args(CapKind)), *get_args(PauseReason), SUSPECTED)
_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3_600.0)


class RechargeMetrics:
    """The metrics of one recharge worker besides those of every worker; no label is a tenant."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._payments = self._counted(
            "rater_recharge_payments", "Payment commands sent, again included."
        )
        self._credits = self._counted(
            "rater_recharge_credits", "Credits asked for, again included."
        )
        self._reversals = self._counted(
            "rater_recharge_reversals", "Payments of which the provider took money back, or gave it back.",
            "outcome", ("restored", "reversed"),
        )  # fmt: skip
        self._notices = self._counted(
            "rater_recharge_notices", "Notifications written.", "kind", NOTICES
        )
        self._quarantined = self._counted(
            "rater_recharge_quarantined", "Results that must not be credited; a human looks at each.",
            "reason", get_args(QuarantineReason),
        )  # fmt: skip
        self._held = self._counted(
            "rater_recharge_held", "Recharges that are not made, by what holds them back, each time that it is told: "
            "a cap, a pause, or that fraud is suspected.", "reason", HELD,
        )  # fmt: skip
        self._describe_under_way()
        self.cdr_ages = BatchHistogram(
            "rater_cdr_to_payment_command_seconds",
            "From the timestamp of a CDR's record (its producer's, or the broker's where the topic says so; never the "
            "time of the call) to the commit of the payment command that its charge made necessary at once; not of "
            "what is tried again, or waited for a cap, a credit or an administrator, and not of accounts in XTS, the "
            "currency of tests, which canaries have.",
            _SECONDS,
            registry,
        )

    def _describe_under_way(self) -> None:
        states = Gauge(
            "rater_recharge_tenants", "Tenants in each state.", ["state"], registry=self._registry
        )
        self._states = {state: states.labels(state.value) for state in State}
        self._in_flight = Gauge(
            "rater_recharge_in_flight",
            "Payment commands without a result.",
            registry=self._registry,
        )
        self._in_flight_age = Gauge(
            "rater_recharge_in_flight_age_seconds",
            "How long ago the oldest of them was asked for first; 0: there is none.",
            registry=self._registry,
        )
        self._uncredited_age = Gauge(
            "rater_recharge_uncredited_age_seconds",
            "How long ago the oldest payment was captured whose credit is not on its account; 0: there is none.",
            registry=self._registry,
        )

    def step_done(self, decision: RechargeDecision, committed_ms: int) -> None:
        """Count one committed step; call it after the commit, never before."""
        self._payments.inc(decision.taken[catalog.PAYMENT_COMMANDS.name])
        self._credits.inc(decision.orders["credit"])
        for outcome in ("restored", "reversed"):
            self._reversals.labels(outcome).inc(decision.orders[outcome])
        for kind, count in decision.notices.items():
            self._notices.labels(kind).inc(count)
        for reason, count in decision.held.items():
            self._held.labels(reason).inc(count)
        self._held.labels(SUSPECTED).inc(decision.notices["fraud_suspected"])
        for name, count in decision.outcomes.items():
            outcome, _, reason = name.partition(".")
            if outcome == "quarantined":
                self._quarantined.labels(reason).inc(count)
        self.cdr_ages.observe_ages(decision.asked_ms, committed_ms)

    def set_state(self, state: State, tenants: int) -> None:
        """Say how many tenants are in a state."""
        self._states[state].set(tenants)

    def set_under_way(
        self, oldest_ms: Sequence[tuple[int | None, int | None]], in_flight: int, now_ms: int
    ) -> None:
        """Say since when the oldest command is in flight and the oldest capture is not credited, by partition."""
        self._in_flight.set(in_flight)
        for at, gauge in enumerate((self._in_flight_age, self._uncredited_age)):
            known = [each[at] for each in oldest_ms]
            since = min((each for each in known if each is not None), default=now_ms)
            gauge.set(max(0, now_ms - since) / 1_000)

    def _counted(
        self, name: str, about: str, label: str | None = None, values: Sequence[str] = ()
    ) -> Counter:
        labels = [] if label is None else [label]
        counter = Counter(name, about, labels, registry=self._registry)
        for value in values:
            counter.labels(value)
        return counter
