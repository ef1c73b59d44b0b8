"""Stopping: what the charging settings hold for maintenance, as long as they do."""

from typing import Final

from deploy.observe.alert import Alert, Case

_RECHARGE = 'job="rater-recharge",instance="a"'

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
)
