"""Reconciling: what `rater reconcile --follow` finds, and that it is there to find it."""

from typing import Final

from deploy.observe.alert import Alert, Case

_FOLLOWER = 'job="rater-reconciler",instance="a"'

ALERTS: Final = (
    Alert(
        name="RaterReconcilerDifference",
        expr="max by (proof) (rater_reconciliation_difference) > 0",
        for_="0m",
        severity="critical",
        summary="The books do not add up: {{ $labels.proof }}.",
        description=(
            'The follower has found {{ $value | printf "%.0f" }} differences between what charging wrote '
            "and what follows from the topics, twice. Money may be wrong."
        ),
        case=Case(
            series={
                f'rater_reconciliation_difference{{{_FOLLOWER},proof="ledger"}}': "0x10 2x20 0x9"
            },
            silent="10m",
            fires="12m",
            over="35m",
            labels={"proof": "ledger"},
            value="2",
        ),
    ),
    Alert(
        name="RaterReconcilerSweepDifference",
        expr="max(rater_reconciliation_sweep_difference) > 0",
        for_="0m",
        severity="critical",
        summary="The sweep has found that the books do not add up.",
        description=(
            'The last sweep of all topics has found {{ $value | printf "%.0f" }} differences. '
            "Money may be wrong, of any time."
        ),
        case=Case(
            series={f"rater_reconciliation_sweep_difference{{{_FOLLOWER}}}": "0x10 3x20 0x9"},
            silent="10m",
            fires="12m",
            over="35m",
            value="3",
        ),
    ),
    Alert(
        name="RaterReconcilerStandsStill",
        expr=(
            "time() - max(rater_reconciliation_clean_timestamp_seconds) > 900\n"
            "unless on () sum(rater_reconciliation_difference) > 0"
        ),
        for_="5m",
        severity="warning",
        summary="The follower proves nothing any more, or is behind.",
        description=(
            "What was written in the last {{ $value | humanizeDuration }} is not proven. "
            "A corruption of that time is not found."
        ),
        case=Case(
            series={
                f"rater_reconciliation_clean_timestamp_seconds{{{_FOLLOWER}}}": "0+60x10 600x25 2160+60x9",
                f'rater_reconciliation_difference{{{_FOLLOWER},proof="ledger"}}': "0x60",
            },
            silent="25m",
            fires="31m",
            over="38m",
            value="21m 0s",
        ),
    ),
    Alert(
        name="RaterReconcilerFarBehind",
        expr="max(rater_reconciliation_lag_seconds) > 2 * 86400",
        for_="10m",
        severity="critical",
        summary="The follower is days behind: soon the manifests that it needs are deleted.",
        description=(
            "It is {{ $value | humanizeDuration }} behind, and manifests are kept for 9 days. "
            "When they are gone, what they covered is proven by the sweep alone."
        ),
        case=Case(
            series={
                f"rater_reconciliation_lag_seconds{{{_FOLLOWER}}}": "172740+60x30 0x9",
            },
            silent="8m",
            fires="15m",
            over="33m",
            value="2d 0h 14m 0s",
        ),
    ),
    Alert(
        name="RaterReconcilerSweepOverdue",
        expr=(
            "time() - max(rater_reconciliation_sweep_timestamp_seconds)\n"
            "> 1.5 * max(rater_reconciliation_sweep_period_seconds)\n"
            "and on () max(rater_reconciliation_sweep_period_seconds) > 0"
        ),
        for_="2h",
        severity="warning",
        summary="The sweep of all topics is overdue.",
        description=(
            "The last one that was carried through ended {{ $value | humanizeDuration }} ago. "
            "What lies behind the follower's checkpoint is not looked at."
        ),
        case=Case(
            series={
                f"rater_reconciliation_sweep_timestamp_seconds{{{_FOLLOWER}}}": "0x300 18000+60x9",
                f"rater_reconciliation_sweep_period_seconds{{{_FOLLOWER}}}": "3600x310",
            },
            silent="3h",
            fires="4h",
            over="305m",
            value="4h 0m 0s",
        ),
    ),
)
