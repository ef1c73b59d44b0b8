"""Overview: what is promised and whether it is kept; what must be nothing; each service in a line."""

from typing import Final

from deploy.observe.boards.board import Board, Panel, Query, Row
from deploy.observe.boards.promql import by_label, counted, each, quantiles, rate
from deploy.observe.slo import OBJECTIVE, PACES, SLOS, WINDOWS, Slo, recorded

_CDRS: Final = 'rater_records_total{topic="cdr.raw.v1"}'
_WORKERS: Final = "rater_halted_partitions"


def _burn(window: str, slo: str = "") -> str:
    asked = f'{{slo="{slo}"}}' if slo else ""
    return f"{recorded(window)}{asked} / on (slo) (1 - {OBJECTIVE}{asked})"


def _burns(slo: Slo) -> Panel:
    return Panel(
        title=f"Burn rate of {slo.name}",
        about=f"Promised: {slo.promise}, {100 * slo.objective:g} % of 30 days. At 1 the error budget lasts 30 days; "
        f"above {PACES[0].factor:g} within {PACES[0].long} somebody is woken. Nothing where nothing was asked for.",
        unit="suffix: x",
        queries=tuple(Query(_burn(window, slo.name), window) for window in WINDOWS),
        width=6,
        bound=PACES[0].factor,
    )


def latency(slo: Slo, title: str, *shares: float) -> Panel:
    """Return the panel of an objective that is a time, with what is promised as a line."""
    return Panel(
        title=title,
        about=f"Promised: {slo.promise}, {100 * slo.objective:g} % of them.",
        unit="s",
        queries=quantiles(slo.histogram, *shares),
        bound=slo.within_s,
    )


FRESHNESS, LATENCY = SLOS[0], SLOS[1]

_PROMISES = Row(
    "Now",
    (
        Panel(
            title="Burn rate of an hour",
            about="How fast each error budget was used up in the last hour: 1 is what 30 days allow.",
            unit="suffix: x", stat=True, width=8, bound=PACES[0].factor,
            queries=(by_label(_burn("1h"), "slo"),),
        ),
        Panel(
            title="Must be nothing",
            about="Halted partitions, broken invariants, differences that the reconciler found, as it follows and in "
            "its last sweep, refused credits, payments in quarantine, records that retention deleted before they "
            "were read, calls that wait and are not kept: each has an alert.",
            unit="none", stat=True, width=16, bound=1,
            queries=tuple(each(
                halted="sum(rater_halted_partitions)",
                invariants=counted("rater_invariant_violations_total", _WORKERS),
                differences="sum(max by (proof) (rater_reconciliation_difference))",
                of_the_sweep="max(rater_reconciliation_sweep_difference)",
                refused_credits='sum(rater_balance_events_total{kind="credit_refused"})',
                quarantined="sum(rater_recharge_quarantined_total)",
                lost="sum(rater_group_lost_records)",
                not_kept="sum(rater_open_suspense_not_kept_total)",
            )),
        ),
        Panel(
            title="Instances that answer",
            about="By job, as Prometheus scrapes them.",
            unit="none", stat=True, width=16, queries=(by_label("sum by (job) (up)", "job"),),
        ),
        Panel(
            title="Oldest CDR that waits",
            about="Age of the first CDR that charging has not taken, as the watch sees it from outside.",
            unit="s", stat=True, width=4, bound=120,
            queries=(Query('max(rater_group_lag_seconds{topic="cdr.raw.v1"})', "age"),),
        ),
        Panel(
            title="Wait for a price",
            about="Calls in suspense that are neither charged nor freed.",
            unit="short", stat=True, width=4,
            queries=(Query("sum(rater_open_suspense_calls)", "calls"),),
        ),
    ),
)  # fmt: skip

_CALLS = Row(
    "Calls",
    (
        Panel(
            title="CDRs by outcome",
            about="Of committed batches: rated, duplicate, suspended, dead and so on, per second.",
            unit="cps", queries=(by_label(rate(_CDRS, "outcome"), "outcome"),),
        ),
        latency(FRESHNESS, "From a CDR to its ledger entry", 0.5, 0.99),
        latency(LATENCY, "From a CDR to its payment command", 0.5, 0.99),
    ),
)  # fmt: skip

_GATEKEEPER = Row(
    "May calls start: the gatekeeper",
    (
        Panel(
            title="Answers",
            about="Allowed, refused with the reason, or a question that is none.",
            unit="reqps",
            queries=(by_label(rate("rater_gatekeeper_answers_total", "outcome, reason"), "outcome", "reason"),),
        ),
        Panel(
            title="Time of an answer",
            about="From a question that is read to its answer.",
            unit="s", queries=quantiles("rater_gatekeeper_answer_seconds", 0.5, 0.99),
        ),
        Panel(
            title="Age of what it knows",
            about="Older than --stale-after (10 s as shipped), paid calls are refused.",
            unit="s", width=4, bound=10,
            queries=(by_label("max by (instance) (rater_gatekeeper_view_age_seconds)", "instance"),),
        ),
        Panel(
            title="Tenants and holds",
            about="Tenants whose status is known, and calls in flight that money is kept for.",
            unit="short", width=4,
            queries=tuple(each(
                tenants="max(rater_gatekeeper_tenants)", holds="sum(rater_gatekeeper_holds)"
            )),
        ),
    ),
)  # fmt: skip

_STOPS = Row(
    "Maintenance: what the charging settings hold",
    (
        Panel(
            title="Held for",
            about="How long it has been held, of all tenants or of some that the settings name; 0: it is not.",
            unit="s", width=12,
            queries=(by_label(
                "max by (kind, scope) ((time() - rater_maintenance_since_seconds)"
                " * (rater_maintenance_since_seconds > bool 0))",
                "kind", "scope",
            ),),
        ),
        Panel(
            title="Tenants held",
            about="Tenants that the settings name, and tenants below their trigger that wait for the end of a stop.",
            unit="short", width=12,
            queries=(
                by_label("max by (kind) (rater_maintenance_tenants)", "kind"),
                Query('sum(rater_recharge_tenants{state="payments_held"})', "wait for a payment"),
            ),
        ),
    ),
)  # fmt: skip

_CANARY = Row(
    "Known calls: the canary",
    (
        Panel(
            title="Rounds",
            about="Passed, or failed and timed out at which step, per minute.",
            unit="short",
            queries=(by_label("60 * " + rate("rater_canary_rounds_total", "outcome, step"), "outcome", "step"),),
        ),
        Panel(
            title="From a known call to each step",
            about="As a reader of committed records sees it; p95.",
            unit="s", queries=quantiles("rater_canary_latency_seconds", 0.95, by="step", legend="{{step}}"),
        ),
        Panel(
            title="Since the last round that passed",
            about="No line: none has passed since the canary was started.",
            unit="s", queries=(Query("time() - (max(rater_canary_last_success_seconds) > 0)", "ago"),),
        ),
    ),
)  # fmt: skip

BOARD: Final = Board(
    uid="rater-overview",
    title="Rater / Overview and objectives",
    about="What is promised and whether it is kept, what must be nothing, and each service in a line.",
    rows=(
        _PROMISES,
        Row("Objectives", tuple(_burns(slo) for slo in SLOS)),
        _CALLS,
        _GATEKEEPER,
        _STOPS,
        _CANARY,
    ),
)
