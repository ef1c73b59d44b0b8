"""Outcomes: all that can become of the records of recharge's topics; what has not happened yet is shown as 0."""

from collections.abc import Iterator
from typing import Final, get_args

from rater.batch.recharge.batch import COMMANDS, EVENTS, RESULTS, TIMERS
from topics.records.payments import QuarantineReason
from topics.records.rejects import DeadReason

OWN: Final = {
    EVENTS: ("heard",),
    RESULTS: (
        *("captured", "captured_late", "declined", "duplicate", "stale", "unclear"),
        *("reversed", "restored", "reversal_held", "reversal_of_refused", "reversal_settled"),
    ),
    COMMANDS: ("resumed",),
    TIMERS: ("due", "early"),
}


def outcomes_of(topic: str) -> Iterator[tuple[str, str]]:
    """Yield outcome and reason; the reason is empty where the outcome says it all."""
    for outcome in (*OWN[topic], "skipped"):
        yield outcome, ""
    if topic == RESULTS:
        for reason in get_args(QuarantineReason):
            yield "quarantined", reason
    for reason in get_args(DeadReason):
        yield "dead", reason
