"""Telling: notifications that do not reach people, and verdicts that do not reach switches."""

from typing import Final

from deploy.observe.alert import Alert, Case
from deploy.observe.promql import happened

_NOTIFIER = 'job="rater-notifier",instance="a"'
_DELIVERIES = f'rater_notifier_deliveries_total{{{_NOTIFIER},channel="email"'
_NOTICES = f'rater_notifier_notifications_total{{{_NOTIFIER},kind="balance_low"'
_GATEKEEPER = 'job="rater-gatekeeper",instance="a"'
_OF_GATEKEEPER: Final = {"job": "rater-gatekeeper", "instance": "a"}

ALERTS: Final = (
    Alert(
        name="RaterNotificationFailures",
        expr=(
            'sum by (channel) (rate(rater_notifier_deliveries_total{outcome=~"undelivered|deferred"}[15m]))\n/\n'
            'sum by (channel) (rate(rater_notifier_deliveries_total{outcome=~"sent|undelivered|deferred"}[15m]))\n> 0.3'
        ),
        for_="15m",
        severity="warning",
        summary="Notifications over {{ $labels.channel }} fail.",
        description="{{ $value | humanizePercentage }} of the tries of 15 minutes did not arrive.",
        case=Case(
            series={
                f'{_DELIVERIES},outcome="sent"}}': "0+4x90",
                f'{_DELIVERIES},outcome="deferred"}}': "0x20 6+6x30 186x40",
            },
            silent="35m",
            fires="48m",
            over="75m",
            labels={"channel": "email"},
            value="60%",
        ),
    ),
    Alert(
        name="RaterNotificationsWaiting",
        expr=(
            "sum(rater_notifier_waiting) > 0\n"
            "unless\n"
            "sum(rate(rater_notifier_notifications_total[30m])) > 0"
        ),
        for_="15m",
        severity="warning",
        summary="Notifications wait, and none is handled.",
        description='{{ $value | printf "%.0f" }} are taken, and not one was done within 30 minutes and more.',
        case=Case(
            series={
                f"rater_notifier_waiting{{{_NOTIFIER}}}": "5x120",
                f'{_NOTICES},outcome="sent"}}': "0+1x20 20x80 21+1x20",
            },
            silent="60m",
            fires="75m",
            over="110m",
            value="5",
        ),
    ),
    Alert(
        name="RaterCircuitsOpen",
        expr="sum(rater_notifier_circuits_open) > 5",
        for_="30m",
        severity="warning",
        summary="Many receivers of webhooks do not answer.",
        description=(
            '{{ $value | printf "%.0f" }} URLs are left alone for a time; so many at once may be our own '
            "network."
        ),
        case=Case(
            series={f"rater_notifier_circuits_open{{{_NOTIFIER}}}": "1x5 12x40 2x5"},
            silent="34m",
            fires="37m",
            over="48m",
            value="12",
        ),
    ),
    Alert(
        name="RaterNotifierMarksLost",
        expr=happened("rater_notifier_marks_lost_total", "job", "1h"),
        for_="0m",
        severity="warning",
        summary="The notifier could not read what it has sent before.",
        description='{{ $value | printf "%.0f" }} marks could not be read; these notifications may be sent again.',
        case=Case(
            series={f"rater_notifier_marks_lost_total{{{_NOTIFIER}}}": "_x5 2x90"},
            silent="4m",
            fires="6m",
            over="70m",
            labels={"job": "rater-notifier"},
            value="2",
        ),
    ),
    Alert(
        name="RaterGatekeeperViewStale",
        expr="max by (job, instance) (rater_gatekeeper_view_age_seconds) > 10",
        for_="1m",
        severity="critical",
        summary="{{ $labels.instance }} does not know enough, and refuses paid calls.",
        description=(
            'What it knows was the latest {{ $value | printf "%.0f" }} s ago; beyond --stale-after (10 s) it '
            "allows none."
        ),
        case=Case(
            series={f"rater_gatekeeper_view_age_seconds{{{_GATEKEEPER}}}": "0.4x5 60x10 0.4x5"},
            silent="6m",
            fires="8m",
            over="17m",
            labels=_OF_GATEKEEPER,
            value="60",
        ),
    ),
    Alert(
        name="RaterGatekeeperSlow",
        expr=(
            "histogram_quantile(0.99,\n"
            "  sum by (job, instance, le) (rate(rater_gatekeeper_answer_seconds_bucket[5m]))) > 0.1"
        ),
        for_="10m",
        severity="warning",
        summary="{{ $labels.instance }} keeps switches waiting.",
        description=(
            "One answer of 100 takes longer than {{ $value | humanizeDuration }}; a switch gives up after its "
            "own time, and bars the call."
        ),
        case=Case(
            series={
                f'rater_gatekeeper_answer_seconds_bucket{{{_GATEKEEPER},le="0.05"}}': "0+100x10 1080+80x30 3400+100x30",
                f'rater_gatekeeper_answer_seconds_bucket{{{_GATEKEEPER},le="0.25"}}': "0+100x80",
                f'rater_gatekeeper_answer_seconds_bucket{{{_GATEKEEPER},le="+Inf"}}': "0+100x80",
            },
            silent="18m",
            fires="30m",
            over="60m",
            labels=_OF_GATEKEEPER,
            value="240ms",
        ),
    ),
)
