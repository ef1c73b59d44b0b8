"""Running: services that are gone, that restart, and that do not come to their work."""

from typing import Final

from deploy.observe.alert import Alert, Case
from deploy.observe.services import SERVICES, Service

_CHARGING = 'job="rater-charging"'
_LOOP = f'rater_event_loop_lag_seconds_bucket{{{_CHARGING},instance="a",loop="main"'
_LAG = f'rater_consumer_lag_records{{{_CHARGING},instance="a"'


def _absent(service: Service) -> Alert:
    up = f'up{{job="{service.job}",instance="a"}}'
    return Alert(
        name=f"Rater{service.name.capitalize()}Absent",
        expr=f'absent(up{{job="{service.job}"}} == 1)',
        for_="2m",
        severity=service.severity,
        labels={"job": service.job},
        summary=f"No {service.name} answers.",
        description=f"Prometheus has scraped no instance of {service.job} for 2 minutes: {service.down}.",
        case=Case(series={up: "1x10 0x10 1x5"}, silent="11m", fires="14m", over="22m"),
    )


ALERTS: Final = (
    *(_absent(service) for service in SERVICES),
    Alert(
        name="RaterInstanceDown",
        expr=('up{job=~"rater-.+"} == 0\nand on (job)\nsum by (job) (up{job=~"rater-.+"}) > 0'),
        for_="5m",
        severity="warning",
        summary="{{ $labels.instance }} of {{ $labels.job }} does not answer; others do.",
        description=(
            "Prometheus has not scraped {{ $labels.instance }} for 5 minutes. Its partitions are others' by "
            "now."
        ),
        case=Case(
            series={
                f'up{{{_CHARGING},instance="a"}}': "1x30",
                f'up{{{_CHARGING},instance="b"}}': "1x5 0x15 1x9",
            },
            silent="9m",
            fires="12m",
            over="22m",
            labels={"job": "rater-charging", "instance": "b"},
        ),
    ),
    Alert(
        name="RaterRestarting",
        expr='changes(process_start_time_seconds{job=~"rater-.+"}[30m]) > 2',
        for_="0m",
        severity="warning",
        summary="{{ $labels.instance }} of {{ $labels.job }} starts again and again.",
        description='It has started {{ $value | printf "%.0f" }} times within 30 minutes: something ends it.',
        case=Case(
            series={
                f'process_start_time_seconds{{{_CHARGING},instance="a"}}': "100x9 700x4 1000x4 1300x45"
            },
            silent="18m",
            fires="21m",
            over="60m",
            labels={"job": "rater-charging", "instance": "a"},
            value="3",
        ),
    ),
    Alert(
        name="RaterRecoverySlow",
        expr='rater_state{state="recovering"} == 1',
        for_="5m",
        severity="critical",
        summary="{{ $labels.instance }} of {{ $labels.job }} recovers and recovers.",
        description="It has been reading its state for 5 minutes, and takes no records meanwhile.",
        case=Case(
            series={f'rater_state{{{_CHARGING},instance="a",state="recovering"}}': "0x5 1x15 0x9"},
            silent="9m",
            fires="12m",
            over="22m",
            labels={"job": "rater-charging", "instance": "a", "state": "recovering"},
        ),
    ),
    Alert(
        name="RaterNotServing",
        expr='rater_state{state=~"starting|stopping"} == 1',
        for_="10m",
        severity="warning",
        summary="{{ $labels.instance }} of {{ $labels.job }} is {{ $labels.state }} and does no work.",
        description="It has been {{ $labels.state }} for 10 minutes.",
        case=Case(
            series={f'rater_state{{{_CHARGING},instance="a",state="starting"}}': "1x20 0x9"},
            silent="9m",
            fires="12m",
            over="22m",
            labels={"job": "rater-charging", "instance": "a", "state": "starting"},
        ),
    ),
    Alert(
        name="RaterLagUnknown",
        expr=(
            'sum by (job) (up{job=~"rater-(charging|recharge|gateway|notifier)"}) > 0\n'
            "unless on (job)\n"
            "count by (job) (rater_consumer_lag_records)"
        ),
        for_="5m",
        severity="critical",
        summary="{{ $labels.job }} runs, and knows no partition of its own.",
        description=(
            "No instance has said for 5 minutes how far behind it is: the broker is silent, or gives out no "
            "partitions."
        ),
        case=Case(
            series={
                f'up{{{_CHARGING},instance="a"}}': "1x40",
                f'{_LAG},topic="cdr.raw.v1",partition="0"}}': "0x5 stale _x20 0x14",
            },
            silent="9m",
            fires="14m",
            over="30m",
            labels={"job": "rater-charging"},
        ),
    ),
    Alert(
        name="RaterEventLoopLate",
        expr=(
            "histogram_quantile(0.99,\n"
            "  sum by (job, instance, loop, le) (rate(rater_event_loop_lag_seconds_bucket[5m]))) > 1"
        ),
        for_="10m",
        severity="warning",
        summary="{{ $labels.instance }} of {{ $labels.job }} is too busy to do things when they are due.",
        description=(
            "The loop {{ $labels.loop }} runs one thing of 100 later than {{ $value | humanizeDuration }} "
            "after its time; at 30 s without it the watchdog ends the process."
        ),
        case=Case(
            series={
                f'{_LOOP},le="1.0"}}': "0+60x10 600+48x20 1608+60x30",
                f'{_LOOP},le="2.5"}}': "0+60x70",
                f'{_LOOP},le="+Inf"}}': "0+60x70",
            },
            silent="19m",
            fires="26m",
            over="50m",
            labels={"job": "rater-charging", "instance": "a", "loop": "main"},
            value="2.425s",
        ),
    ),
)
