"""Account commands from bytes: `decode_command` gives a `Command`, or says why not."""

from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from rater.core.account import commands as c
from rater.core.limits import DAY_MS, THRESHOLDS_MAX
from rater.wire.account.settings_commands import (
    ResumeRecharge,
    SetAutoRecharge,
    SetPaymentMethods,
    SetRecipients,
    SetSpendLimits,
    convert_setting,
)
from rater.wire.command_fields import (
    Amount,
    CommandRecord,
    Currency,
    Hours,
    Id,
    Name,
    Note,
    NotNegative,
    Positive,
)
from rater.wire.demands import found
from rater.wire.malformed import Malformed, Why
from rater.wire.strict import read_strictly
from rater.wire.times import LATEST_MS, is_plausible, to_millis
from topics.records import ThresholdSetting

_BOUGHT_BEFORE_MS = LATEST_MS - 400 * DAY_MS
"""The expiry of a lot and the end of its grace must be times, too."""


_Decks = Annotated[tuple[Name, ...], Meta(min_length=1, max_length=16)]


class _OpenAccount(CommandRecord, tag="open_account"):
    currency: Currency
    decks: _Decks
    time_zone: Name = "UTC"


class _AddFunds(CommandRecord, tag="add_funds"):
    lot_id: Id
    amount_micros: Positive
    currency: Currency
    purchased_at: Annotated[datetime, Meta(tz=True)]
    recharge_seq: Annotated[int, Meta(ge=1, le=2**53 - 1)] | None = None
    payment_command_id: Id | None = None


class _Threshold(msgspec.Struct):
    threshold_id: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+\Z")]
    amount_micros: Amount | None = None
    hours: Hours | None = None
    label: Name | None = None


class _SetThresholds(CommandRecord, tag="set_thresholds"):
    thresholds: Annotated[tuple[_Threshold, ...], Meta(max_length=THRESHOLDS_MAX)]


class _Adjust(CommandRecord, tag="adjust"):
    amount_micros: Amount
    currency: Currency
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class _MovedBack(CommandRecord):
    payment_id: Id
    amount_micros: Positive
    reversed_micros: NotNegative
    currency: Currency
    reversal_id: Id
    reversal: Literal["refund", "dispute"]


class _ReversePayment(_MovedBack, tag="reverse_payment"):
    pass


class _RestorePayment(_MovedBack, tag="restore_payment"):
    pass


class _CloseAccount(CommandRecord, tag="close_account"):
    reason: Note | None = None


class _ReopenAccount(CommandRecord, tag="reopen_account"):
    reason: Note | None = None


class _SetDecks(CommandRecord, tag="set_decks"):
    decks: _Decks
    reason: Note | None = None


class _ExpireLots(CommandRecord, tag="expire_lots"):
    due_ms: Annotated[int, Meta(ge=0, le=4_133_980_800_000)]


_Any = (
    _OpenAccount
    | _AddFunds
    | _SetThresholds
    | _Adjust
    | _ReversePayment
    | _RestorePayment
    | _CloseAccount
    | _ReopenAccount
    | _SetDecks
    | _ExpireLots
    | SetAutoRecharge
    | SetPaymentMethods
    | SetRecipients
    | SetSpendLimits
    | ResumeRecharge
)
_decode = msgspec.json.Decoder(_Any).decode


def decode_command(value: bytes | None) -> c.Command | Malformed:
    """Read one command; never raises."""
    raw = read_strictly(_decode, value)
    return raw if isinstance(raw, Malformed) else _convert(raw)


def _convert(raw: Any) -> c.Command | Malformed:  # noqa: PLR0911  # One return a type.
    head = (raw.command_id, raw.tenant_id)
    match raw:
        case _OpenAccount():
            if not is_time_zone(raw.time_zone):
                detail = f"must be the name of an IANA time zone{found(raw.time_zone)}"
                return Malformed(Why.UNKNOWN_VALUE, "time_zone", detail)
            return c.OpenAccount(*head, raw.currency, raw.decks, raw.time_zone)
        case _AddFunds():
            at_ms = to_millis(raw.purchased_at)
            if not is_plausible(at_ms) or at_ms >= _BOUGHT_BEFORE_MS:
                detail = f"must be in the years 2000 to 2098{found(raw.purchased_at.isoformat())}"
                return Malformed(Why.BAD_TIME, "purchased_at", detail)
            return c.AddFunds(
                *head,
                raw.lot_id,
                raw.amount_micros,
                raw.currency,
                at_ms,
                raw.recharge_seq,
                raw.payment_command_id,
            )
        case _SetThresholds():
            settings = (
                ThresholdSetting(t.threshold_id, t.amount_micros, t.hours, t.label)
                for t in raw.thresholds
            )
            return c.SetThresholds(*head, tuple(settings))
        case _Adjust():
            return c.Adjust(*head, raw.amount_micros, raw.currency, raw.reason)
        case _MovedBack():
            kind = c.ReversePayment if isinstance(raw, _ReversePayment) else c.RestorePayment
            return kind(
                *head,
                raw.payment_id,
                raw.amount_micros,
                raw.reversed_micros,
                raw.currency,
                raw.reversal_id,
                raw.reversal,
            )
        case _ExpireLots():
            return c.ExpireLots(*head, raw.due_ms)
        case _CloseAccount() | _ReopenAccount() | _SetDecks():
            return _convert_standing(raw)
    return convert_setting(raw)


def _convert_standing(raw: _CloseAccount | _ReopenAccount | _SetDecks) -> c.Command:
    head = (raw.command_id, raw.tenant_id)
    match raw:
        case _CloseAccount():
            return c.CloseAccount(*head, raw.reason)
        case _ReopenAccount():
            return c.ReopenAccount(*head, raw.reason)
    return c.SetDecks(*head, raw.decks, raw.reason)


@lru_cache(1_024)
def is_time_zone(name: str) -> bool:
    """Say whether the time zone database knows a name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
