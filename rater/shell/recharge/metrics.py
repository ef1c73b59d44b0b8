"""Metrics of recharge: payments asked for, money credited, what is in quarantine, and what each tenant is doing."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from rater.batch.recharge.decision import RechargeDecision
from rater.core.recharge.machine import State
from topics import catalog


class RechargeMetrics:
    """The metrics of one recharge worker besides those of every worker; no label is a tenant."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._payments = Counter(
            "rater_recharge_payments", "Payment commands sent, again included.", registry=registry
        )
        self._credits = Counter(
            "rater_recharge_credits", "Credits asked for, again included.", registry=registry
        )
        self._reversals = Counter(
            "rater_recharge_reversals",
            "Payments of which the provider took money back, or gave it back.",
            ["outcome"],
            registry=registry,
        )
        self._notices = Counter(
            "rater_recharge_notices", "Notifications written.", ["kind"], registry=registry
        )
        self._quarantined = Counter(
            "rater_recharge_quarantined",
            "Results that must not be credited; a human looks at each.",
            ["reason"],
            registry=registry,
        )
        states = Gauge(
            "rater_recharge_tenants", "Tenants in each state.", ["state"], registry=registry
        )
        self._states = {state: states.labels(state.value) for state in State}

    def step_done(self, decision: RechargeDecision) -> None:
        """Count one committed step; call it after the commit, never before."""
        self._payments.inc(decision.taken[catalog.PAYMENT_COMMANDS.name])
        self._credits.inc(decision.orders["credit"])
        for outcome in ("restored", "reversed"):
            if decision.orders[outcome]:
                self._reversals.labels(outcome).inc(decision.orders[outcome])
        for kind, count in decision.notices.items():
            self._notices.labels(kind).inc(count)
        for name, count in decision.outcomes.items():
            outcome, _, reason = name.partition(".")
            if outcome == "quarantined":
                self._quarantined.labels(reason).inc(count)

    def set_state(self, state: State, tenants: int) -> None:
        """Say how many tenants are in a state."""
        self._states[state].set(tenants)
