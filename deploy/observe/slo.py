"""Objectives: one table of what is promised, by which metric, and how often; all burn rates come from it.

An error is a request that was not served as promised; the error budget is the share of them that the objective leaves.
A burn rate of 1 uses up the budget of 30 days in 30 days.
"""

from typing import Final, NamedTuple, TypedDict

from deploy.observe.alert import Severity


class Slo(NamedTuple):
    """An objective."""

    name: str
    promise: str
    errors: str
    """Counter of what was not served as promised; empty: all but the good."""
    good: str
    """Counter of what was; empty: all but the errors."""
    total: str
    objective: float
    """Share of what is served as promised, over 30 days."""
    tried: tuple[str, str]
    """Series of a case: errors and good, or good and all."""
    histogram: str = ""
    """Of objectives that are a time: what it is read from."""
    within_s: float | None = None
    """Likewise: how long it may take, a bound of the histogram's buckets."""

    @property
    def budget(self) -> float:
        """Return the share of errors that the objective leaves."""
        return round(1 - self.objective, 9)

    @property
    def alert(self) -> str:
        """Return the name of the alert that its budget burns."""
        return f"RaterErrorBudgetBurn{self.name.capitalize()}"

    def ratio(self, window: str) -> str:
        """Return the share of errors within a window; NaN: there was nothing to serve."""
        total = f"sum(rate({self.total}[{window}]))"
        if self.errors:
            return f"sum(rate({self.errors}[{window}]))\n/\n{total}"
        return f"1 - sum(rate({self.good}[{window}]))\n/\n{total}"


class Pace(NamedTuple):
    """How fast a budget burns, in two windows: the long one says that it matters, the short one that it goes on."""

    long: str
    short: str
    factor: float
    for_: str
    severity: Severity
    used: str
    """What share of the budget of 30 days is gone when the long window is full of it."""


PACES: Final = (
    Pace("1h", "5m", 14.4, "2m", "critical", "2 %"),
    Pace("6h", "30m", 6, "15m", "critical", "5 %"),
    Pace("1d", "2h", 3, "1h", "warning", "10 %"),
    Pace("3d", "6h", 1, "3h", "warning", "10 %"),
)


class _Within(TypedDict):
    """What an objective that is a time has of its histogram."""

    errors: str
    good: str
    total: str
    histogram: str
    within_s: float


def _within(metric: str, seconds: str) -> _Within:
    """Return the counters of a histogram that make an objective: what took no longer is good."""
    good, total = f'{metric}_bucket{{le="{seconds}"}}', f"{metric}_count"
    return {
        "errors": "", "good": good, "total": total, "histogram": metric, "within_s": float(seconds),
    }  # fmt: skip


SLOS: Final = (
    Slo(
        name="freshness",
        promise="a CDR has become what it becomes within 2 s of its record's time",
        **_within("rater_cdr_to_ledger_seconds", "2.0"),
        objective=0.999,
        tried=(
            'rater_cdr_to_ledger_seconds_bucket{job="rater-charging",le="2.0"}',
            'rater_cdr_to_ledger_seconds_count{job="rater-charging"}',
        ),
    ),
    Slo(
        name="latency",
        promise="a payment that a call makes necessary is asked for within 5 s of the CDR's time",
        **_within("rater_cdr_to_payment_command_seconds", "5.0"),
        objective=0.999,
        tried=(
            'rater_cdr_to_payment_command_seconds_bucket{job="rater-recharge",le="5.0"}',
            'rater_cdr_to_payment_command_seconds_count{job="rater-recharge"}',
        ),
    ),
    Slo(
        name="correctness",
        promise="a CDR is charged, or free by its rules: it is no dead letter and not in suspense",
        errors='rater_records_total{topic="cdr.raw.v1",outcome=~"dead|suspended"}',
        good="",
        total='rater_records_total{topic="cdr.raw.v1"}',
        objective=0.999,
        tried=(
            'rater_records_total{job="rater-charging",topic="cdr.raw.v1",outcome="suspended",reason="no_rate"}',
            'rater_records_total{job="rater-charging",topic="cdr.raw.v1",outcome="rated",reason=""}',
        ),
    ),
    Slo(
        name="notification",
        promise="a notification reaches everyone whom it is for",
        errors='rater_notifier_notifications_total{outcome!="sent"}',
        good="",
        total="rater_notifier_notifications_total",
        objective=0.99,
        tried=(
            'rater_notifier_notifications_total{job="rater-notifier",kind="balance_low",outcome="partly"}',
            'rater_notifier_notifications_total{job="rater-notifier",kind="balance_low",outcome="sent"}',
        ),
    ),
)

WINDOWS: Final = tuple(dict.fromkeys(w for pace in PACES for w in (pace.short, pace.long)))


OBJECTIVE: Final = "rater:slo_objective:ratio"


def recorded(window: str) -> str:
    """Return the name under which the share of errors within a window is recorded, by objective."""
    return f"rater:slo_errors:ratio_rate{window}"


def recording_rules() -> list[dict[str, object]]:
    """Return the rules that record what burn rates and dashboards read."""
    rules: list[dict[str, object]] = []
    for slo in SLOS:
        labels = {"slo": slo.name}
        rules += [
            {"record": recorded(window), "expr": slo.ratio(window), "labels": labels}
            for window in WINDOWS
        ]
        rules += [{"record": OBJECTIVE, "expr": f"vector({slo.objective:g})", "labels": labels}]
    return rules
