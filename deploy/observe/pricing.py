"""Pricing: decks, plans and settings that cannot be used, and calls without a price."""

from typing import Final

from deploy.observe.alert import Alert, Case
from deploy.observe.promql import happened, share

_WORKER = 'job="rater-charging",instance="a"'
_CHARGING: Final = {"job": "rater-charging"}
_OF_CDRS = f'rater_records_total{{{_WORKER},topic="cdr.raw.v1"'
_CDRS = 'rater_records_total{topic="cdr.raw.v1"}'
_NOTICES = 'rater_notifier_notifications_total{job="rater-notifier",instance="a"'
_RATELESS = (
    'rater_records_total{topic="cdr.raw.v1",outcome="suspended",'
    'reason=~"no_rate|unknown_deck|currency_mismatch|ambiguous_prefix|ambiguous_origin|outside_bands"}'
)


def _refused(what: str, family: str) -> Alert:
    return Alert(
        name=f"Rater{what.capitalize()}RecordsRefused",
        expr=f"max by (job, reason) ({family}) > 0",
        for_="5m",
        severity="warning",
        summary=f"Records of the {what} topic cannot be used: {{{{ $labels.reason }}}}.",
        description=(
            '{{ $value | printf "%.0f" }} of them were read since {{ $labels.job }} started, and were passed over: '
            "what they were to say is not in force."
        ),
        case=Case(
            series={f'{family}{{{_WORKER},reason="rows"}}': "_x5 1x20 stale"},
            silent="9m",
            fires="12m",
            over="40m",
            labels={**_CHARGING, "reason": "rows"},
            value="1",
        ),
    )


ALERTS: Final = (
    Alert(
        name="RaterNoDecks",
        expr="max by (job) (rater_decks_whole) == 0",
        for_="5m",
        severity="critical",
        summary="{{ $labels.job }} has no rate deck: no call has a price.",
        description=(
            "For 5 minutes no version of a rate deck has been whole; every call that money would pay goes to "
            "suspense."
        ),
        case=Case(
            series={f"rater_decks_whole{{{_WORKER}}}": "2x5 0x15 2x9"},
            silent="10m",
            fires="12m",
            over="22m",
            labels=_CHARGING,
        ),
    ),
    _refused("deck", "rater_deck_records_refused_total"),
    _refused("plan", "rater_plan_records_refused_total"),
    _refused("settings", "rater_settings_records_refused_total"),
    Alert(
        name="RaterDeckPricesNothing",
        expr=happened("rater_deck_warnings_total", "job, problem", "1h"),
        for_="0m",
        severity="warning",
        summary="Accounts were given decks that price nothing: {{ $labels.problem }}.",
        description='At least {{ $value | printf "%.0f" }} within an hour; calls of these accounts go to suspense.',
        case=Case(
            series={f'rater_deck_warnings_total{{{_WORKER},problem="unpublished"}}': "_x5 2x90"},
            silent="4m",
            fires="6m",
            over="70m",
            labels={**_CHARGING, "problem": "unpublished"},
            value="2",
        ),
    ),
    Alert(
        name="RaterPlansUnknown",
        expr=happened("rater_plans_unknown_total", "job", "1h"),
        for_="0m",
        severity="warning",
        summary="Accounts or users were given plans that no catalog has.",
        description='At least {{ $value | printf "%.0f" }} within an hour; these plans pay no call, money does.',
        case=Case(
            series={f"rater_plans_unknown_total{{{_WORKER}}}": "0x5 1x80"},
            silent="5m",
            fires="7m",
            over="70m",
            labels=_CHARGING,
            value="1",
        ),
    ),
    Alert(
        name="RaterPlansUnlicensed",
        expr=happened("rater_plans_unlicensed_total", "job", "1h"),
        for_="0m",
        severity="warning",
        summary="Users were given plans that their account has no licence of.",
        description='At least {{ $value | printf "%.0f" }} within an hour; these plans pay none of their calls.',
        case=Case(
            series={f"rater_plans_unlicensed_total{{{_WORKER}}}": "0x5 1x80"},
            silent="5m",
            fires="7m",
            over="70m",
            labels=_CHARGING,
            value="1",
        ),
    ),
    Alert(
        name="RaterRateMissing",
        expr=share(_RATELESS, _CDRS, "15m") + "\n> 0.01",
        for_="15m",
        severity="critical",
        summary="Calls find no price.",
        description=(
            "{{ $value | humanizePercentage }} of the CDRs of 15 minutes went to suspense because no deck prices "
            "them."
        ),
        case=Case(
            series={
                f'{_OF_CDRS},outcome="rated",reason=""}}': "0+900x80",
                f'{_OF_CDRS},outcome="suspended",reason="no_rate"}}': "0x20 100+100x30 3100x30",
            },
            silent="30m",
            fires="45m",
            over="75m",
            value="10%",
        ),
    ),
    Alert(
        name="RaterSuspenseGrowing",
        expr="sum(rater_open_suspense_calls) - sum(rater_open_suspense_calls offset 1h) > 100",
        for_="5m",
        severity="warning",
        summary="More and more calls wait for a price.",
        description=(
            '{{ $value | printf "%.0f" }} more than an hour ago; nobody is charged for them until they have '
            "one."
        ),
        case=Case(
            series={f"rater_open_suspense_calls{{{_WORKER}}}": "50x65 250x90"},
            silent="69m",
            fires="72m",
            over="130m",
            value="200",
        ),
    ),
    Alert(
        name="RaterSuspenseOld",
        expr="max by (reason) (rater_open_suspense_age_seconds) > 3 * 86400",
        for_="15m",
        severity="warning",
        summary="A call has waited for more than three days: {{ $labels.reason }}.",
        description="The oldest that waits for it came {{ $value | humanizeDuration }} ago.",
        case=Case(
            series={
                f'rater_open_suspense_age_seconds{{{_WORKER},reason="no_rate"}}': "0x5 345600x30 0x5",
                f'rater_open_suspense_age_seconds{{{_WORKER},reason="denied"}}': "0x40",
            },
            labels={"reason": "no_rate"},
            silent="19m",
            fires="22m",
            over="38m",
            value="4d 0h 0m 0s",
        ),
    ),
    Alert(
        name="RaterSuspenseNotKept",
        expr="max by (job, instance) (rater_open_suspense_not_kept_total) > 0",
        for_="0m",
        severity="critical",
        summary="So many calls wait for a price that {{ $labels.instance }} keeps no more of them.",
        description=(
            '{{ $value | printf "%.0f" }} calls since it started lie on cdr.suspense.v1 alone: nothing will '
            "charge or free them by itself."
        ),
        case=Case(
            series={f"rater_open_suspense_not_kept_total{{{_WORKER}}}": "0x5 7x10"},
            silent="5m",
            fires="6m",
            labels={**_CHARGING, "instance": "a"},
            value="7",
        ),
    ),
    Alert(
        name="RaterDeadLetters",
        expr="\nor\n".join(
            happened(counter, by, "1h")
            for counter, by in (
                ('rater_records_total{outcome="dead"}', "job, topic, reason"),
                ('rater_gateway_commands_total{outcome="dead"}', "job"),
                ('rater_notifier_notifications_total{outcome="dead"}', "job"),
            )
        ),
        for_="0m",
        severity="warning",
        summary="{{ $labels.job }} could not read records.",
        description=(
            'At least {{ $value | printf "%.0f" }} within an hour became dead letters; what they were to say has '
            "not happened."
        ),
        case=Case(
            series={
                f'{_OF_CDRS},outcome="dead",reason="not_json"}}': "_x5 3x90",
                'rater_gateway_commands_total{job="rater-gateway",instance="a",outcome="dead"}': "_x5 3x90",
                f'{_NOTICES},kind="unreadable",outcome="dead"}}': "_x5 3x90",
            },
            silent="4m",
            fires="6m",
            over="70m",
            labels={**_CHARGING, "topic": "cdr.raw.v1", "reason": "not_json"},
            others=({"job": "rater-gateway"}, {"job": "rater-notifier"}),
            value="3",
        ),
    ),
)
