"""Watching: what `rater watch` and `rater canary` see from outside, also when all workers are dead."""

from typing import Final

from deploy.observe.alert import Alert, Case
from deploy.observe.promql import happened, held

_WATCH = 'job="rater-watch",instance="a"'
_PLACE = f'{_WATCH},group="rater-charging",topic="cdr.raw.v1",partition="0"'
_TOPIC = f'{_WATCH},topic="cdr.raw.v1",partition="0"'
_CANARY = 'job="rater-canary",instance="a"'
_GROUP: Final = {"group": "rater-charging"}
_THERE: Final = {"group": "rater-charging", "topic": "cdr.raw.v1", "partition": "0"}


def _last(none: str, last: str) -> str:
    """Say how long ago something was done last; a time that was never told is 0, and that is decades ago."""
    ago = f"{last} ended {{{{ $value | humanizeDuration }}}} ago."
    return f"{{{{ if gt $value 1e9 }}}}{none} since it was started.{{{{ else }}}}{ago}{{{{ end }}}}"


ALERTS: Final = (
    Alert(
        name="RaterWatchBlind",
        expr="time() - max(rater_watch_last_success_timestamp_seconds) > 60",
        for_="1m",
        severity="critical",
        summary="The watch runs and sees nothing: the broker does not answer it.",
        description=(
            _last("No look has succeeded", "The last look that succeeded")
            + " Until it sees again, no alert on groups can come."
        ),
        case=Case(
            series={
                f"rater_watch_last_success_timestamp_seconds{{{_WATCH}}}": "0+60x10 600x10 1260+60x9"
            },
            silent="11m",
            fires="14m",
            over="24m",
            value="4m 0s",
        ),
    ),
    Alert(
        name="RaterGroupLagSecondsHigh",
        expr=(
            'max by (group, topic) (rater_group_lag_seconds{group!~"rater-notifier"}) > 120\n'
            f"unless on (topic)\n{held('charging', '30m', 'cdr.raw.v1')}"
        ),
        quiet_in=("charging",),
        for_="2m",
        severity="critical",
        summary="{{ $labels.group }} does not take {{ $labels.topic }}: it is dead, halted or too slow.",
        description="Seen from outside, the first record that is not taken is {{ $value | humanizeDuration }} old.",
        case=Case(
            series={f"rater_group_lag_seconds{{{_PLACE}}}": "0x5 30+60x20 0x9"},
            silent="9m",
            fires="12m",
            over="30m",
            labels={"group": "rater-charging", "topic": "cdr.raw.v1"},
            value="6m 30s",
        ),
    ),
    Alert(
        name="RaterGroupStandsStill",
        expr=(
            "max by (group, topic, partition) (rater_group_lag_records) > 0\n"
            "and on (group, topic, partition)\n"
            "max by (group, topic, partition) (changes(rater_group_committed_offset[15m])) == 0\n"
            f"unless on (topic)\n{held('charging', '30m', 'cdr.raw.v1')}"
        ),
        for_="5m",
        severity="critical",
        summary="{{ $labels.group }} has not moved in {{ $labels.topic }}, partition {{ $labels.partition }}.",
        description=(
            '{{ $value | printf "%.0f" }} records wait there, and nothing was committed for 15 minutes '
            "and more; other partitions may go on."
        ),
        quiet_in=("charging",),
        case=Case(
            series={
                f"rater_group_lag_records{{{_PLACE}}}": "0x10 7x40 0x9",
                f"rater_group_committed_offset{{{_PLACE}}}": "0+5x10 50x40 57+5x9",
            },
            silent="20m",
            fires="35m",
            over="52m",
            labels=_THERE,
            value="7",
        ),
    ),
    Alert(
        name="RaterGroupEmpty",
        expr="max by (group) (rater_group_members) == 0",
        for_="5m",
        severity="critical",
        summary="Nobody is in the group {{ $labels.group }}.",
        description="For 5 minutes no process has joined it: what it takes waits.",
        case=Case(
            series={f'rater_group_members{{{_WATCH},group="rater-charging"}}': "2x5 0x20 2x9"},
            silent="9m",
            fires="12m",
            over="27m",
            labels=_GROUP,
        ),
    ),
    Alert(
        name="RaterRecordsLost",
        expr="max by (group, topic, partition) (rater_group_lost_records) > 0",
        for_="0m",
        severity="critical",
        summary="Kafka has deleted records of {{ $labels.topic }} that {{ $labels.group }} had not taken.",
        description=(
            '{{ $value | printf "%.0f" }} offsets of partition {{ $labels.partition }} are gone: '
            "retention was faster."
        ),
        case=Case(
            series={f"rater_group_lost_records{{{_PLACE}}}": "0x5 12x20 0x5"},
            silent="5m",
            fires="6m",
            over="28m",
            labels=_THERE,
            value="12",
        ),
    ),
    Alert(
        name="RaterTopicMadeAnew",
        expr=(
            "max by (group, topic, partition) (rater_group_committed_offset)\n"
            "> on (topic, partition) group_left\n"
            "max by (topic, partition) (rater_topic_end_offset)"
        ),
        for_="2m",
        severity="critical",
        summary="{{ $labels.topic }} is shorter than what {{ $labels.group }} has taken of it.",
        description=(
            'Partition {{ $labels.partition }} ends before offset {{ $value | printf "%.0f" }}, which is committed: '
            "the topic was made anew, or the cluster lost its end."
        ),
        case=Case(
            series={
                f"rater_group_committed_offset{{{_PLACE}}}": "500x40",
                f"rater_topic_end_offset{{{_TOPIC}}}": "500x5 3x20 600x14",
            },
            silent="7m",
            fires="9m",
            over="27m",
            labels=_THERE,
            value="500",
        ),
    ),
    Alert(
        name="RaterTransactionOpen",
        expr=(
            "max by (topic, partition) (rater_topic_end_offset) "
            "- max by (topic, partition) (rater_topic_stable_offset) > 0\n"
            "and on (topic, partition)\n"
            "max by (topic, partition) (changes(rater_topic_stable_offset[20m])) == 0"
        ),
        for_="5m",
        severity="critical",
        summary="A transaction stays open in {{ $labels.topic }}: nobody can read beyond it.",
        description=(
            '{{ $value | printf "%.0f" }} offsets of partition {{ $labels.partition }} lie behind it, for 20 minutes '
            "and more. No lag shows them."
        ),
        case=Case(
            series={
                f"rater_topic_stable_offset{{{_TOPIC}}}": "0+5x10 50x45 100+5x9",
                f"rater_topic_end_offset{{{_TOPIC}}}": "0+5x10 60x45 100+5x9",
            },
            silent="25m",
            fires="40m",
            over="58m",
            labels={"topic": "cdr.raw.v1", "partition": "0"},
            value="10",
        ),
    ),
    Alert(
        name="RaterDeadLettersOld",
        expr="max by (topic, reason) (rater_dead_letters_oldest_age_seconds) > 86400",
        for_="5m",
        severity="warning",
        summary="Records of {{ $labels.topic }} could not be read, and nobody has ended their dead letters.",
        description=(
            "The oldest of them is there for {{ $value | humanizeDuration }}, {{ $labels.reason }}. "
            "The record itself is kept for a shorter time than its letter."
        ),
        case=Case(
            series={
                f'rater_dead_letters_oldest_age_seconds{{{_WATCH},topic="cdr.raw.v1",reason="not_json"}}': (
                    "0x5 86100+60x20 0x9"
                ),
            },
            silent="11m",
            fires="18m",
            over="30m",
            labels={"topic": "cdr.raw.v1", "reason": "not_json"},
            value="1d 0h 7m 0s",
        ),
    ),
    Alert(
        name="RaterCanaryFailed",
        expr=happened('rater_canary_rounds_total{outcome="failed"}', "job, step", "15m"),
        for_="0m",
        severity="critical",
        summary="The canary found something else than it had worked out, at the step {{ $labels.step }}.",
        description=(
            'At least {{ $value | printf "%.0f" }} rounds within 15 minutes. If its charges are wrong, '
            "those of others may be, too."
        ),
        case=Case(
            series={
                f'rater_canary_rounds_total{{{_CANARY},outcome="failed",step="charge"}}': "0x5 1x40"
            },
            silent="5m",
            fires="7m",
            over="30m",
            labels={"job": "rater-canary", "step": "charge"},
            value="1",
        ),
    ),
    Alert(
        name="RaterCanarySilent",
        expr=(
            "time() - max(rater_canary_last_success_seconds) > 300\n"
            f"unless\n{held('payments', '1h')}\n"
            f"unless\n{held('charging', '30m')}"
        ),
        for_="2m",
        severity="critical",
        summary="No round of the canary passes any more.",
        description=_last("None has passed", "The last one that passed")
        + " One is played every minute.",
        quiet_in=("payments", "charging"),
        case=Case(
            series={f"rater_canary_last_success_seconds{{{_CANARY}}}": "0+60x10 600x15 1560+60x9"},
            silent="16m",
            fires="19m",
            over="28m",
            value="9m 0s",
        ),
    ),
)
