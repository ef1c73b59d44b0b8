"""Account commands from bytes: `decode_command` gives one of the published records, or says why not.

What a schema cannot say is looked at here: whether a time zone is known, and what a purchase leads to.
"""

from functools import lru_cache
from typing import Any, Union
from zoneinfo import ZoneInfo

import msgspec

from rater.core.limits import DAY_MS
from rater.core.times import is_plausible, to_millis
from rater.wire.account.card_numbers import with_card_number
from rater.wire.demands import found
from rater.wire.malformed import Malformed, Why
from rater.wire.strict import read_strictly
from topics.account_topics import ACCOUNT_SOURCES
from topics.fields import LATEST_MS
from topics.records import AddFunds, Command, OpenAccount

_BOUGHT_BEFORE_MS = LATEST_MS - 400 * DAY_MS
"""The expiry of a lot and the end of its grace must be times, too."""

_ANY: Any = Union[tuple(record for topic in ACCOUNT_SOURCES for record in topic.records)]  # noqa: UP007
_decode = msgspec.json.Decoder(_ANY).decode


def decode_command(value: bytes | None) -> Command | Malformed:
    """Read one command; never raises."""
    said: Command | Malformed = read_strictly(_decode, value)
    if isinstance(said, Malformed):
        return with_card_number(value or b"") or said
    if isinstance(said, OpenAccount):
        return _check_zone(said)
    return _check_purchase(said) if isinstance(said, AddFunds) else said


def _check_zone(command: OpenAccount) -> OpenAccount | Malformed:
    if is_time_zone(command.time_zone):
        return command
    detail = f"must be the name of an IANA time zone{found(command.time_zone)}"
    return Malformed(Why.UNKNOWN_VALUE, "time_zone", detail)


def _check_purchase(command: AddFunds) -> AddFunds | Malformed:
    at_ms = to_millis(command.purchased_at)
    if is_plausible(at_ms) and at_ms < _BOUGHT_BEFORE_MS:
        return command
    detail = f"must be in the years 2000 to 2098{found(command.purchased_at.isoformat())}"
    return Malformed(Why.BAD_TIME, "purchased_at", detail)


@lru_cache(1_024)
def is_time_zone(name: str) -> bool:
    """Say whether the time zone database knows a name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
