"""Streaming: partitions, transactions, rebalances and lag."""

from typing import Final

from deploy.observe.alert import Alert, Case
from deploy.observe.promql import happened, held

_WORKER = 'job="rater-charging",instance="a"'
_LABELS: Final = {"job": "rater-charging", "instance": "a"}

ALERTS: Final = (
    Alert(
        name="RaterPartitionHalted",
        expr="rater_halted_partitions > 0",
        for_="0m",
        severity="critical",
        summary="{{ $labels.instance }} of {{ $labels.job }} has halted a partition: an invariant is broken.",
        description=(
            '{{ $value | printf "%.0f" }} partitions stand still. Do not restart anything before it is '
            "understood."
        ),
        case=Case(
            series={f"rater_halted_partitions{{{_WORKER}}}": "0x5 2x10 0x5"},
            silent="5m",
            fires="6m",
            over="17m",
            labels=_LABELS,
            value="2",
        ),
    ),
    Alert(
        name="RaterInvariantViolated",
        expr="sum by (job, instance, invariant) (max_over_time(rater_invariant_violations_total[1h])) > 0",
        for_="0m",
        severity="critical",
        summary="{{ $labels.instance }} of {{ $labels.job }} has found money or state that cannot be right.",
        description=(
            'Invariant {{ $labels.invariant }}, {{ $value | printf "%.0f" }} times since it started, '
            "seen within the hour."
        ),
        case=Case(
            series={
                f'rater_invariant_violations_total{{{_WORKER},invariant="engine"}}': "_x5 1x3 stale"
            },
            silent="4m",
            fires="30m",
            over="80m",
            labels={**_LABELS, "invariant": "engine"},
            value="1",
        ),
    ),
    Alert(
        name="RaterReconciliationDifference",
        expr="sum by (job, instance, currency) (rater_reconciliation_difference_micros) != 0",
        for_="0m",
        severity="critical",
        summary="{{ $labels.instance }} found that entries and accounts in {{ $labels.currency }} do not agree.",
        description=(
            'They differ by {{ $value | printf "%.0f" }} micros. The batch was not committed, and its partition '
            "stands still."
        ),
        case=Case(
            series={
                f'rater_reconciliation_difference_micros{{{_WORKER},currency="EUR"}}': "0x5 3x10 0x5",
                f'rater_reconciliation_difference_micros{{{_WORKER},currency="USD"}}': "0x20",
            },
            silent="5m",
            fires="6m",
            over="17m",
            labels={**_LABELS, "currency": "EUR"},
            value="3",
        ),
    ),
    Alert(
        name="RaterRecordsWithoutOutcome",
        expr="sum by (job, instance, topic) (rater_reconciliation_difference_records) != 0",
        for_="0m",
        severity="critical",
        summary="{{ $labels.instance }} does not know what became of records of {{ $labels.topic }}.",
        description=(
            '{{ $value | printf "%.0f" }} offsets: passed over between two batches, or read without an outcome.'
        ),
        case=Case(
            series={
                f'rater_reconciliation_difference_records{{{_WORKER},topic="cdr.raw.v1"}}': "0x5 40x10 stale",
                f'rater_reconciliation_difference_records{{{_WORKER},topic="account.requests.v1"}}': "0x20",
            },
            silent="5m",
            fires="6m",
            over="30m",
            labels={**_LABELS, "topic": "cdr.raw.v1"},
            value="40",
        ),
    ),
    Alert(
        name="RaterTransactionsFailing",
        expr=happened("rater_transaction_failures_total", "job, kind", "15m"),
        for_="0m",
        severity="warning",
        summary="{{ $labels.job }} could not commit a transaction: {{ $labels.kind }}.",
        description=(
            'At least {{ $value | printf "%.0f" }} within 15 minutes; each ends its worker, and a successor does '
            "the work again."
        ),
        case=Case(
            series={
                f'rater_transaction_failures_total{{{_WORKER},kind="KafkaTimeoutError"}}': "_x5 1x40"
            },
            silent="4m",
            fires="6m",
            over="30m",
            labels={"job": "rater-charging", "kind": "KafkaTimeoutError"},
            value="1",
        ),
    ),
    Alert(
        name="RaterRebalanceStorm",
        expr="max by (job) (increase(rater_rebalances_total[15m])) > 5",
        for_="0m",
        severity="warning",
        summary="The group of {{ $labels.job }} cannot settle who has which partition.",
        description=(
            'An instance was assigned partitions {{ $value | printf "%.0f" }} times within 15 minutes; each time '
            "work stands still."
        ),
        case=Case(
            series={f"rater_rebalances_total{{{_WORKER}}}": "1x20 1+1x15 16x30"},
            silent="24m",
            fires="36m",
            over="55m",
            labels={"job": "rater-charging"},
            value="15",
        ),
    ),
    Alert(
        name="RaterRebalanceSlow",
        expr=(
            "sum by (job) (\n"
            "  increase(rater_rebalance_standstill_seconds_count[1h])\n"
            '  - ignoring (le) increase(rater_rebalance_standstill_seconds_bucket{le="60.0"}[1h])\n'
            ") > 0.5"
        ),
        for_="0m",
        severity="warning",
        summary="A rebalance of {{ $labels.job }} stopped the work for more than a minute.",
        description='{{ $value | printf "%.0f" }} times within an hour.',
        case=Case(
            series={
                f"rater_rebalance_standstill_seconds_count{{{_WORKER}}}": "3x10 4x20 5x80",
                f'rater_rebalance_standstill_seconds_bucket{{{_WORKER},le="60.0"}}': "3x10 4x100",
            },
            silent="28m",
            fires="70m",
            over="100m",
            labels={"job": "rater-charging"},
            value="1",
        ),
    ),
    Alert(
        name="RaterLagSecondsHigh",
        expr=(
            'max by (job, topic) (rater_consumer_lag_seconds{job=~"rater-(charging|recharge)"}) > 60\n'
            f"unless on (topic)\n{held('charging', '30m', 'cdr.raw.v1')}"
        ),
        quiet_in=("charging",),
        for_="5m",
        severity="critical",
        summary="{{ $labels.job }} is late with {{ $labels.topic }}.",
        description=(
            "The oldest record that is not committed is {{ $value | humanizeDuration }} old; "
            "for 5 minutes it has been more than a minute."
        ),
        case=Case(
            series={
                f'rater_consumer_lag_seconds{{{_WORKER},topic="cdr.raw.v1",partition="0"}}': "0.2x5 90x20 0.2x9",
                f'rater_consumer_lag_seconds{{{_WORKER},topic="cdr.raw.v1",partition="1"}}': "0.2x40",
            },
            silent="9m",
            fires="13m",
            over="28m",
            labels={"job": "rater-charging", "topic": "cdr.raw.v1"},
            value="1m 30s",
        ),
    ),
    Alert(
        name="RaterStandstill",
        expr=(
            "sum by (job, instance) (\n"
            '  rater_consumer_lag_records{job=~"rater-(charging|recharge)"}\n'
            f"  unless on (topic)\n{held('charging', '30m', 'cdr.raw.v1')}\n"
            ") > 0\n"
            "unless on (job, instance)\n"
            "sum by (job, instance) (rate(rater_batch_records_sum[5m])) > 0"
        ),
        for_="5m",
        severity="critical",
        summary="{{ $labels.instance }} of {{ $labels.job }} has work and does none.",
        description='{{ $value | printf "%.0f" }} records wait, and not one was committed for 5 minutes and more.',
        quiet_in=("charging",),
        case=Case(
            series={
                f'rater_consumer_lag_records{{{_WORKER},topic="cdr.raw.v1",partition="3"}}': "40x40",
                f"rater_batch_records_sum{{{_WORKER}}}": "0+100x10 1000x17 1100+100x12",
            },
            silent="16m",
            fires="22m",
            over="30m",
            labels=_LABELS,
            value="40",
        ),
    ),
)
