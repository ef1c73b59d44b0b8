"""Account commands from bytes: `decode_command` gives one of the published records, or says why not.

What a schema cannot say is looked at here: whether a time zone is known, whether currency and decks come together, what
a purchase leads to, and from when a contract holds.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar, Union
from zoneinfo import ZoneInfo

import msgspec

from rater.core.limits import DAY_MS
from rater.core.times import as_written, is_plausible, to_millis
from rater.wire.account.card_numbers import with_card_number
from rater.wire.demands import MISSING, found
from rater.wire.malformed import Malformed, Why
from rater.wire.strict import read_strictly
from topics.account_topics import ACCOUNT_SOURCES
from topics.fields import LATEST_MS, NO_CURRENCY
from topics.records import (
    AddFunds,
    Command,
    OpenAccount,
    OpenCredits,
    SetBillingMode,
    SetEntitlements,
    SetTimeZone,
    SetUser,
)

_BOUGHT_BEFORE_MS = LATEST_MS - 400 * DAY_MS
"""The expiry of a lot and the end of its grace must be times, too; an expiry that is said lies before it, likewise."""

_Opening = TypeVar("_Opening", OpenAccount, OpenCredits)
_Zoned = TypeVar("_Zoned", OpenAccount, SetTimeZone)
_DATED = (SetEntitlements, SetBillingMode, SetUser)
"""What says from when on it holds."""
_ANY: Any = Union[tuple(record for topic in ACCOUNT_SOURCES for record in topic.records)]  # noqa: UP007
_decode = msgspec.json.Decoder(_ANY).decode


def decode_command(value: bytes | None) -> Command | Malformed:
    """Read one command; never raises."""
    said: Command | Malformed = read_strictly(_decode, value)
    if isinstance(said, Malformed):
        return with_card_number(value or b"") or said
    if isinstance(said, OpenAccount):
        return _check_credits(_check_zone(said))
    if isinstance(said, OpenCredits):
        return _check_currency(said)
    if isinstance(said, SetTimeZone):
        return _check_zone(said)
    if isinstance(said, _DATED):
        return _check_valid_from(said)
    return _check_purchase(said) if isinstance(said, AddFunds) else said


def _check_zone(command: _Zoned) -> _Zoned | Malformed:
    if is_time_zone(command.time_zone):
        return command
    detail = f"must be the name of an IANA time zone{found(command.time_zone)}"
    return Malformed(Why.UNKNOWN_VALUE, "time_zone", detail)


def _check_credits(command: OpenAccount | Malformed) -> OpenAccount | Malformed:
    """Ask for a currency and decks, or for neither: then the account has no credits."""
    if isinstance(command, Malformed):
        return command
    if command.currency is None and command.decks:
        return Malformed(Why.MISSING_FIELD, "currency", f"{MISSING}, though there are decks")
    if command.currency is None:
        return command
    if not command.decks:
        return Malformed(Why.MISSING_FIELD, "decks", f"{MISSING}, though there is a currency")
    return _check_currency(command)


def _check_currency(command: _Opening) -> _Opening | Malformed:
    if command.currency != NO_CURRENCY:
        return command
    detail = (
        f"must be a currency, or not be there where the account has no credits{found(NO_CURRENCY)}"
    )
    return Malformed(Why.UNKNOWN_VALUE, "currency", detail)


def _check_purchase(command: AddFunds) -> AddFunds | Malformed:
    at_ms = to_millis(command.purchased_at)
    if not is_plausible(at_ms) or at_ms >= _BOUGHT_BEFORE_MS:
        return _beyond_years("purchased_at", command.purchased_at)
    if command.category == "paid":
        if command.expires_at is None:
            return command
        detail = (
            f"must not be there, but of promotional credit{found(as_written(command.expires_at))}"
        )
        return Malformed(Why.UNKNOWN_VALUE, "expires_at", detail)
    if (command.recharge_seq, command.payment_command_id) != (None, None):
        detail = f"must be paid where a payment brought the money{found(command.category)}"
        return Malformed(Why.UNKNOWN_VALUE, "category", detail)
    return _check_expiry(command, at_ms)


def _check_expiry(command: AddFunds, given_ms: int) -> AddFunds | Malformed:
    expires_at = command.expires_at
    if expires_at is None:
        return command
    expires_ms = to_millis(expires_at)
    if not is_plausible(expires_ms) or expires_ms >= _BOUGHT_BEFORE_MS:
        return _beyond_years("expires_at", expires_at)
    if expires_ms <= given_ms:
        detail = f"must be after purchased_at{found(as_written(expires_at))}"
        return Malformed(Why.BAD_TIME, "expires_at", detail)
    return command


def _beyond_years(field: str, at: datetime) -> Malformed:
    detail = f"must be in the years 2000 to 2098{found(as_written(at))}"
    return Malformed(Why.BAD_TIME, field, detail)


def _check_valid_from(command: SetEntitlements | SetBillingMode | SetUser) -> Command | Malformed:
    if command.valid_from is None or is_plausible(to_millis(command.valid_from)):
        return command
    detail = f"must be in the years 2000 to 2100{found(as_written(command.valid_from))}"
    return Malformed(Why.BAD_TIME, "valid_from", detail)


@lru_cache(1_024)
def is_time_zone(name: str) -> bool:
    """Say whether the time zone database knows a name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
