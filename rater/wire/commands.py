"""Account commands from bytes: `decode_command` gives a `Command`, or says why not."""

from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from rater.core import commands as c
from rater.core.entries import ThresholdSetting
from rater.core.limits import AMOUNT_MICROS_MAX, DAY_MS, THRESHOLDS_MAX
from rater.wire.malformed import VALUE_BYTES_MAX, Malformed, Why, repeated_field, undecodable, unfit
from rater.wire.times import LATEST_MS, is_plausible, to_millis

_Id = Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+\Z")]
_Tenant = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._:@-]+\Z")]
_Name = Annotated[str, Meta(min_length=1, max_length=64)]
_Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z", min_length=3, max_length=3)]
_Amount = Annotated[int, Meta(ge=-AMOUNT_MICROS_MAX, le=AMOUNT_MICROS_MAX)]
_Positive = Annotated[int, Meta(ge=1, le=AMOUNT_MICROS_MAX)]

_BOUGHT_BEFORE_MS = LATEST_MS - 400 * DAY_MS
"""The expiry of a lot and the end of its grace must be times, too."""


class _Record(msgspec.Struct, tag_field="type"):
    command_id: _Id
    tenant_id: _Tenant


class _OpenAccount(_Record, tag="open_account"):
    currency: _Currency
    decks: Annotated[tuple[_Name, ...], Meta(min_length=1, max_length=16)]
    time_zone: _Name = "UTC"


class _AddFunds(_Record, tag="add_funds"):
    lot_id: _Id
    amount_micros: _Positive
    currency: _Currency
    purchased_at: Annotated[datetime, Meta(tz=True)]


class _Threshold(msgspec.Struct):
    threshold_id: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+\Z")]
    amount_micros: _Amount


class _SetThresholds(_Record, tag="set_thresholds"):
    thresholds: Annotated[tuple[_Threshold, ...], Meta(max_length=THRESHOLDS_MAX)]


class _Adjust(_Record, tag="adjust"):
    amount_micros: _Amount
    currency: _Currency
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class _CloseAccount(_Record, tag="close_account"):
    reason: Annotated[str, Meta(max_length=1000)] | None = None


class _ExpireLots(_Record, tag="expire_lots"):
    due_ms: Annotated[int, Meta(ge=0, le=4_133_980_800_000)]


_Any = _OpenAccount | _AddFunds | _SetThresholds | _Adjust | _CloseAccount | _ExpireLots
_decode = msgspec.json.Decoder(_Any).decode


def decode_command(value: bytes | None) -> c.Command | Malformed:
    """Read one command; never raises."""
    if not value or len(value) > VALUE_BYTES_MAX:
        return unfit(value or b"")
    try:
        raw = _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return undecodable(value, error)
    return repeated_field(value) or _convert(raw)


def _convert(raw: Any) -> c.Command | Malformed:  # noqa: PLR0911  # One return a type.
    head = (raw.command_id, raw.tenant_id)
    match raw:
        case _OpenAccount():
            if not is_time_zone(raw.time_zone):
                detail = f"not an IANA time zone; it is {raw.time_zone!r}"
                return Malformed(Why.UNKNOWN_VALUE, "time_zone", detail)
            return c.OpenAccount(*head, raw.currency, raw.decks, raw.time_zone)
        case _AddFunds():
            at_ms = to_millis(raw.purchased_at)
            if not is_plausible(at_ms) or at_ms >= _BOUGHT_BEFORE_MS:
                detail = f"not in the years 2000 to 2099; it is {raw.purchased_at.isoformat()}"
                return Malformed(Why.BAD_TIME, "purchased_at", detail)
            return c.AddFunds(*head, raw.lot_id, raw.amount_micros, raw.currency, at_ms)
        case _SetThresholds():
            settings = (ThresholdSetting(t.threshold_id, t.amount_micros) for t in raw.thresholds)
            return c.SetThresholds(*head, tuple(settings))
        case _Adjust():
            return c.Adjust(*head, raw.amount_micros, raw.currency, raw.reason)
        case _CloseAccount():
            return c.CloseAccount(*head, raw.reason)
    return c.ExpireLots(*head, raw.due_ms)


@lru_cache(1_024)
def is_time_zone(name: str) -> bool:
    """Say whether the time zone database knows a name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
