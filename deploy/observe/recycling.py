"""Recycling: what `rater recycler` leaves to people, and that it looks."""

from typing import Final

from deploy.observe.alert import Alert, Case

_RECYCLER = 'job="rater-recycler",instance="a"'

ALERTS: Final = (
    Alert(
        name="RaterRecyclerAsks",
        expr="sum by (bound) (rater_recycler_asking_tenants) > 0",
        for_="5m",
        severity="warning",
        summary="Calls in suspense could be charged, and the recycler asks first: {{ $labels.bound }}.",
        description=(
            'Of {{ $value | printf "%.0f" }} tenants the calls that could be charged are more than the bound of '
            "the {{ $labels.bound }}. Nothing of them is released until somebody does."
        ),
        case=Case(
            series={
                f'rater_recycler_asking_tenants{{{_RECYCLER},bound="balance"}}': "0x10 2x20 0x9"
            },
            silent="12m",
            fires="17m",
            over="35m",
            labels={"bound": "balance"},
            value="2",
        ),
    ),
    Alert(
        name="RaterRecyclerBlind",
        expr="time() - max(rater_recycler_looked_timestamp_seconds) > 900",
        for_="5m",
        severity="warning",
        summary="The recycler runs and cannot look at what waits.",
        description=(
            "Its last look that succeeded ended {{ $value | humanizeDuration }} ago. "
            "Calls in suspense wait on, also when what they wait for is there."
        ),
        case=Case(
            series={
                f"rater_recycler_looked_timestamp_seconds{{{_RECYCLER}}}": "0+60x10 600x25 2160+60x9",
            },
            silent="25m",
            fires="31m",
            over="38m",
            value="21m 0s",
        ),
    ),
)
