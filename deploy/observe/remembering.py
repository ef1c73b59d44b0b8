"""Remembering: what a worker knows of CDRs, decks, plans and settings."""

from typing import Final

from deploy.observe.alert import Alert, Case
from deploy.observe.promql import happened

_WORKER = 'job="rater-charging",instance="a"'
_LABELS: Final = {"job": "rater-charging", "instance": "a"}

ALERTS: Final = (
    Alert(
        name="RaterDedupeWindowShort",
        expr=happened("rater_dedupe_window_evictions_total", "job, instance", "1h"),
        for_="0m",
        severity="warning",
        summary="{{ $labels.instance }} forgets the ids of CDRs sooner than it is told to.",
        description=(
            'Its charge index was full, and dropped {{ $value | printf "%.0f" }} days to make room: CDRs of '
            "before them are refused as too old."
        ),
        case=Case(
            series={f"rater_dedupe_window_evictions_total{{{_WORKER}}}": "0x5 1x80"},
            silent="5m",
            fires="7m",
            over="70m",
            labels=_LABELS,
            value="1",
        ),
    ),
    Alert(
        name="RaterViewsDiffer",
        expr="\nor\n".join(
            f'label_replace(max by (job) ({family}) - min by (job) ({family}) > 0, "what", "{what}", "", "")'
            for what, family in (
                ("decks", "rater_decks_whole"),
                ("plans", "rater_plan_catalog_version"),
                ("settings", "rater_charging_settings_version"),
            )
        ),
        for_="10m",
        severity="critical",
        summary="Instances of {{ $labels.job }} do not know the same {{ $labels.what }}.",
        description="For 10 minutes one has known other versions than another: the same call has two prices.",
        case=Case(
            series={
                'rater_decks_whole{job="rater-charging",instance="a"}': "3x5 4x40",
                'rater_decks_whole{job="rater-charging",instance="b"}': "3x25 4x20",
            },
            silent="14m",
            fires="17m",
            over="28m",
            labels={"job": "rater-charging", "what": "decks"},
        ),
    ),
)
