"""Readers: what a worker reads a record of a topic with, so that what it would bury is found before it is sent."""

from collections.abc import Callable, Mapping
from typing import Final

from rater.wire.account.commands import decode_command
from rater.wire.cdrs import decode_cdr
from rater.wire.malformed import Malformed
from rater.wire.recharge.balance_events import decode_event
from rater.wire.recharge.commands import decode_recharge_command, decode_recharge_timer
from rater.wire.recharge.notifications import decode_notification
from rater.wire.recharge.payment_results import decode_result
from rater.wire.recharge.payments import decode_payment_order
from topics import catalog

READERS: Final[Mapping[str, Callable[[bytes], object]]] = {
    catalog.CDR_RAW.name: decode_cdr,
    **{topic.name: decode_command for topic in catalog.ACCOUNT_SOURCES},
    catalog.RECHARGE_COMMANDS.name: decode_recharge_command,
    catalog.RECHARGE_TIMERS.name: decode_recharge_timer,
    catalog.PAYMENT_COMMANDS.name: decode_payment_order,
    catalog.PAYMENT_RESULTS.name: decode_result,
    catalog.BALANCE_EVENTS.name: decode_event,
    catalog.NOTIFICATIONS.name: decode_notification,
}
"""By topic; what is not here, no worker reads."""


def unreadable(topic: str, value: bytes) -> Malformed | None:
    """Return why a worker would make a dead letter of a value; None where it would not."""
    read = READERS.get(topic)
    found = None if read is None else read(value)
    return found if isinstance(found, Malformed) else None
