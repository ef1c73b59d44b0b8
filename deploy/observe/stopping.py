"""Stopping: what the charging settings hold for maintenance, as long as they do."""

from typing import Final

from deploy.observe.alert import Alert, Case

_RECHARGE = 'job="rater-recharge",instance="a"'
_CHARGING = 'job="rater-charging",instance="a"'


def _longer(kind: str, hours: int) -> str:
    """Return for how many seconds a stop of all tenants goes on, where it is longer than so many hours."""
    since = f'max by (kind) (rater_maintenance_since_seconds{{kind="{kind}",scope="all"}} > 0)'
    return f"time() - {since} > {hours * 3_600}"


ALERTS: Final = (
    Alert(
        name="RaterMaintenanceStop",
        expr="max by (kind, scope) (rater_maintenance_since_seconds) > 0",
        for_="0m",
        severity="warning",
        summary="The charging settings hold {{ $labels.kind }} for maintenance: {{ $labels.scope }}.",
        description=(
            "Since {{ $value | humanizeTimestamp }}. scope all: of all tenants; tenants: of some that they name. It "
            "goes on until a version of the settings ends it."
        ),
        case=Case(
            series={
                f'rater_maintenance_since_seconds{{{_RECHARGE},kind="payments",scope="all"}}': "0x5 1700000000x20 0x9",
                f'rater_maintenance_since_seconds{{{_RECHARGE},kind="payments",scope="tenants"}}': "0x40",
            },
            silent="5m",
            fires="6m",
            over="27m",
            labels={"kind": "payments", "scope": "all"},
            value="2023-11-14 22:13:20 +0000 UTC",
        ),
    ),
    Alert(
        name="RaterMaintenanceForgotten",
        expr=f"{_longer('charging', 1)}\nor\n{_longer('payments', 24)}",
        for_="5m",
        severity="critical",
        summary="The charging settings still hold {{ $labels.kind }} of all tenants for maintenance.",
        description=(
            "For {{ $value | humanizeDuration }}. More than an hour without charging, or a day without payments, is "
            "longer than anybody plans: people call on balances that do not move, or are barred. Whoever means it "
            "silences this until the time that was agreed on."
        ),
        case=Case(
            series={
                f'rater_maintenance_since_seconds{{{_CHARGING},kind="charging",scope="all"}}': "0x9 600x80 0x9",
                f'rater_maintenance_since_seconds{{{_RECHARGE},kind="payments",scope="all"}}': "600x99",
                f'rater_maintenance_since_seconds{{{_CHARGING},kind="charging",scope="tenants"}}': "1x99",
            },
            silent="70m",
            fires="76m",
            over="91m",
            labels={"kind": "charging"},
            value="1h 6m 0s",
        ),
    ),
)
