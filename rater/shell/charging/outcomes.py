"""Outcomes: all that can become of the records of charging's topics; what has not happened yet is shown as 0."""

from collections.abc import Iterator
from typing import get_args

from topics.catalog import CDR_RAW
from topics.records import SuspenseReason
from topics.records.ledger import CommandReason
from topics.records.rejects import DeadReason

CDRS = ("rated", "free", "voided", "superseded", "duplicate", "skipped")
COMMANDS = ("accepted", "duplicate", "skipped")


def outcomes_of(topic: str) -> Iterator[tuple[str, str]]:
    """Yield outcome and reason; the reason is empty where the outcome says it all."""
    is_cdr = topic == CDR_RAW.name
    for outcome in CDRS if is_cdr else COMMANDS:
        yield outcome, ""
    refused = ("suspended", SuspenseReason) if is_cdr else ("rejected", CommandReason)
    for outcome, reasons in (refused, ("dead", DeadReason)):
        for reason in get_args(reasons):
            yield outcome, reason
