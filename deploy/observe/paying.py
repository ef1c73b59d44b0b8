"""Paying: money that was taken and is not where it should be, payments that do not come, or come too often."""

from typing import Final

from deploy.observe.alert import Alert, Case
from deploy.observe.promql import happened, held

_RECHARGE = 'job="rater-recharge",instance="a"'

ALERTS: Final = (
    Alert(
        name="RaterPaymentQuarantined",
        expr=happened("rater_recharge_quarantined_total", "job, reason", "1h"),
        for_="0m",
        severity="critical",
        summary="A payment was reported that must not be credited: {{ $labels.reason }}.",
        description=(
            'At least {{ $value | printf "%.0f" }} within an hour. Money may have been taken from somebody; '
            "recharge of the tenant is paused."
        ),
        case=Case(
            series={
                f'rater_recharge_quarantined_total{{{_RECHARGE},reason="second_capture"}}': "_x5 1x90"
            },
            silent="4m",
            fires="6m",
            over="70m",
            labels={"job": "rater-recharge", "reason": "second_capture"},
            value="1",
        ),
    ),
    Alert(
        name="RaterCreditRefused",
        expr=happened('rater_balance_events_total{kind="credit_refused"}', "job", "1h"),
        for_="0m",
        severity="critical",
        summary="An account refused the credit of a payment that was captured.",
        description=(
            'At least {{ $value | printf "%.0f" }} within an hour: money was taken, and nobody has it. '
            "Recharge of the tenant is paused."
        ),
        case=Case(
            series={
                'rater_balance_events_total{job="rater-charging",instance="a",kind="credit_refused"}': "0x5 1x80"
            },
            silent="5m",
            fires="7m",
            over="70m",
            labels={"job": "rater-charging"},
            value="1",
        ),
    ),
    Alert(
        name="RaterMoneyCommandsRefused",
        expr=happened(
            'rater_records_total{topic="account.commands.v1",outcome="rejected"}',
            "job, reason",
            "1h",
        ),
        for_="0m",
        severity="warning",
        summary="Accounts refused commands about money: {{ $labels.reason }}.",
        description='At least {{ $value | printf "%.0f" }} within an hour; nothing of them has happened.',
        case=Case(
            series={
                'rater_records_total{job="rater-charging",instance="a",topic="account.commands.v1",'
                'outcome="rejected",reason="account_closed"}': "_x5 1x90"
            },
            silent="4m",
            fires="6m",
            over="70m",
            labels={"job": "rater-charging", "reason": "account_closed"},
            value="1",
        ),
    ),
    Alert(
        name="RaterPaymentReversed",
        expr=happened('rater_recharge_reversals_total{outcome="reversed"}', "job", "1h"),
        for_="0m",
        severity="warning",
        summary="The provider took money of payments back: a refund, or a dispute.",
        description=(
            'At least {{ $value | printf "%.0f" }} within an hour; it is taken from the accounts, and their '
            "recharge is paused."
        ),
        case=Case(
            series={
                f'rater_recharge_reversals_total{{{_RECHARGE},outcome="reversed"}}': "_x5 2x90"
            },
            silent="4m",
            fires="6m",
            over="70m",
            labels={"job": "rater-recharge"},
            value="2",
        ),
    ),
    Alert(
        name="RaterRechargeCapped",
        expr='sum(rater_recharge_tenants{state="capped"}) > 0',
        for_="15m",
        severity="warning",
        summary="Tenants need a recharge, and a cap holds it back.",
        description=(
            '{{ $value | printf "%.0f" }} tenants: too many recharges in 24 hours, or too much money in 30 '
            "days."
        ),
        case=Case(
            series={f'rater_recharge_tenants{{{_RECHARGE},state="capped"}}': "0x5 3x30 0x5"},
            silent="19m",
            fires="22m",
            over="38m",
            value="3",
        ),
    ),
    Alert(
        name="RaterFraudSuspected",
        expr='sum(rater_recharge_tenants{state="on_hold"}) > 0',
        for_="5m",
        severity="warning",
        summary="Tenants are not recharged because fraud is suspected.",
        description=(
            '{{ $value | printf "%.0f" }} tenants have broken a spend limit; an administrator of theirs must '
            "resume recharge."
        ),
        case=Case(
            series={f'rater_recharge_tenants{{{_RECHARGE},state="on_hold"}}': "0x5 1x30 0x5"},
            silent="9m",
            fires="12m",
            over="38m",
            value="1",
        ),
    ),
    Alert(
        name="RaterRechargesPausing",
        expr=(
            'sum(rater_recharge_tenants{state="paused"})\n-\n'
            'sum(rater_recharge_tenants{state="paused"} offset 1h)\n> 10'
        ),
        for_="5m",
        severity="warning",
        summary="Recharge pauses for many tenants at once.",
        description=(
            '{{ $value | printf "%.0f" }} more than an hour ago: no method is left, tries are used up, or a '
            "payment went wrong."
        ),
        case=Case(
            series={f'rater_recharge_tenants{{{_RECHARGE},state="paused"}}': "5x65 25x90"},
            silent="69m",
            fires="72m",
            over="130m",
            value="20",
        ),
    ),
    Alert(
        name="RaterCreditsAwaited",
        expr="max(rater_recharge_uncredited_age_seconds) > 300",
        for_="2m",
        severity="critical",
        summary="Money was taken, and is not on the account.",
        description=(
            "The oldest payment that waits for its credit was captured "
            "{{ $value | humanizeDuration }} ago; it takes seconds."
        ),
        case=Case(
            series={f"rater_recharge_uncredited_age_seconds{{{_RECHARGE}}}": "0x5 10+60x20 0x9"},
            silent="11m",
            fires="15m",
            over="30m",
            value="9m 10s",
        ),
    ),
    Alert(
        name="RaterRechargeStuckInFlight",
        expr="max(rater_recharge_in_flight_age_seconds) > 1800",
        for_="5m",
        severity="critical",
        summary="Nobody knows what became of a payment.",
        description=(
            "The oldest command without a result was asked for {{ $value | humanizeDuration }} ago. "
            "It is sent again, never a new one."
        ),
        case=Case(
            series={f"rater_recharge_in_flight_age_seconds{{{_RECHARGE}}}": "0x5 60+60x50 0x9"},
            silent="38m",
            fires="45m",
            over="60m",
            value="40m 0s",
        ),
    ),
    Alert(
        name="RaterRechargeSilent",
        expr=(
            'sum(increase(rater_balance_events_total{kind="threshold_crossed"}[2h])) > 10\n'
            "unless\n"
            "sum(increase(rater_recharge_payments_total[2h])) > 0\n"
            "and\n"
            "sum(increase(rater_recharge_payments_total[1d] offset 2h)) > 10\n"
            f"unless\n{held('payments', '3h')}"
        ),
        for_="30m",
        severity="critical",
        summary="Balances fall below their thresholds, and no payment is asked for.",
        description=(
            '{{ $value | printf "%.0f" }} thresholds crossed within 2 hours and not one payment, where '
            "there were payments the day before."
        ),
        quiet_in=("payments",),
        case=Case(
            series={
                'rater_balance_events_total{job="rater-charging",instance="a",kind="threshold_crossed"}': "0+1x330",
                f"rater_recharge_payments_total{{{_RECHARGE}}}": "0+1x60 60x210 61+1x60",
            },
            silent="180m",
            fires="230m",
            over="290m",
            value="120",
        ),
    ),
    Alert(
        name="RaterRechargeRunaway",
        expr=(
            "sum(increase(rater_recharge_payments_total[15m])) > 50\n"
            "and\n"
            "sum(rate(rater_recharge_payments_total[15m]))\n"
            "> 5 * sum(rate(rater_recharge_payments_total[1d] offset 15m))\n"
            f"unless\n{held('payments', '30m')}"
        ),
        for_="0m",
        severity="critical",
        summary="Many more payments are asked for than usual.",
        description='{{ $value | printf "%.0f" }} within 15 minutes, more than five times the pace of the day before.',
        quiet_in=("payments",),
        case=Case(
            series={f"rater_recharge_payments_total{{{_RECHARGE}}}": "0+1x120 130+10x30 430+1x120"},
            silent="120m",
            fires="140m",
            over="200m",
            value="150",
        ),
    ),
)
