"""Accounts to bytes and back, for the accounts table and its changelog.

Layout 4: one version byte, one flag byte (bit 0: a status is owed), the next due time and the offsets applied of the
four sources as signed 64-bit little-endian integers, then the account as a msgpack array. The head can be read without
the rest: timers and checks at start look at a million accounts.
"""

import struct
from operator import attrgetter

import msgspec

from rater.core.account.account import Account, HighRateWatch, Spending, Threshold, next_due_ms
from rater.core.account.lots import CreditLot
from rater.core.account.past import Past
from rater.core.limits import NEVER_MS
from rater.wire.layouts import unknown_layout

LAYOUT = 4
_HEAD = struct.Struct("<BBqqqqq")
_NUMBERS = struct.Struct("<2xqqqqq")
_encode = msgspec.msgpack.Encoder().encode


class _Lot(msgspec.Struct, array_like=True, gc=False):
    lot_id: str
    purchased_ms: int
    expires_ms: int
    remaining: int
    due_ms: int = -1


class _Threshold(msgspec.Struct, array_like=True, gc=False):
    threshold_id: str
    amount: int
    armed: bool
    label: str | None = None


class _HighRate(msgspec.Struct, array_like=True, gc=False):
    rate: int
    most: int
    known: list[str]
    fresh_ms: list[int]


class _Spending(msgspec.Struct, array_like=True, frozen=True):
    burn: int = 0
    burn_from: int = -1
    burn_to: int = 0
    per_hour: int = -1
    hour: int = 0
    spent: int = 0
    spent_before: int = 0
    cost_limit: int = 0
    high_rate: _HighRate | None = None
    held: int = 0
    tripped: int = 0


class _Past(msgspec.Struct, array_like=True, gc=False):
    settled_ms: int
    closures: list[tuple[int, int]]
    decks: list[tuple[int, tuple[str, ...]]]


class _Account(msgspec.Struct, array_like=True):
    """The account as it is stored: the order of the fields is the layout."""

    tenant_id: str
    currency: str
    time_zone: str
    decks: tuple[str, ...]
    seq: int = 0
    balance: int = 0
    debt: int = 0
    lots: list[_Lot] = []
    expired: list[_Lot] = []
    thresholds: list[_Threshold] = []
    closed_ms: int = NEVER_MS
    forfeited_to_ms: int = 0
    status_ms: int = 0
    status_class: int = -1
    dirty: bool = False
    cdr_offset: int = -1
    command_offset: int = -1
    request_offset: int = -1
    timer_offset: int = -1
    calm_from: int = 1
    calm_to: int = 0
    due_ms: int = NEVER_MS
    hour_thresholds: list[_Threshold] = []
    recharge_seq: int = 0
    spending: _Spending = _Spending()
    past: _Past | None = None


_decode = msgspec.msgpack.Decoder(_Account).decode
_values = attrgetter(*_Account.__struct_fields__)
_lot_values = attrgetter(*_Lot.__struct_fields__)
_threshold_values = attrgetter(*_Threshold.__struct_fields__)
_spending_values = attrgetter(*_Spending.__struct_fields__)
_past_values = attrgetter(*_Past.__struct_fields__)
_high_rate_values = attrgetter(*_HighRate.__struct_fields__)
for _stored, _live in (
    *((_Account, Account), (_Lot, CreditLot), (_Threshold, Threshold)),
    *((_Spending, Spending), (_HighRate, HighRateWatch), (_Past, Past)),
):
    assert _stored.__struct_fields__ == _live.__match_args__, _live
_LOTS, _EXPIRED, _THRESHOLDS, _HOURS, _SPENDING, _PAST = map(
    _Account.__struct_fields__.index,
    ("lots", "expired", "thresholds", "hour_thresholds", "spending", "past"),
)

_HIGH_RATE = _Spending.__struct_fields__.index("high_rate")


class Head(msgspec.Struct, frozen=True, gc=False):
    """What a table knows of an account without reading it whole."""

    dirty: bool
    due_ms: int
    offsets: tuple[int, int, int, int]
    """Applied of CDRs, commands, requests and timers."""


def encode_account(account: Account) -> bytes:
    """Return the account in the current layout."""
    account.due_ms = next_due_ms(account)
    head = _HEAD.pack(
        LAYOUT,
        account.dirty,
        account.due_ms,
        account.cdr_offset,
        account.command_offset,
        account.request_offset,
        account.timer_offset,
    )
    values = list(_values(account))
    values[_LOTS] = [_lot_values(lot) for lot in account.lots]
    values[_EXPIRED] = [_lot_values(lot) for lot in account.expired]
    values[_THRESHOLDS] = [_threshold_values(threshold) for threshold in account.thresholds]
    if account.hour_thresholds:
        values[_HOURS] = [_threshold_values(threshold) for threshold in account.hour_thresholds]
    spending = account.spending
    values[_SPENDING] = _spending_values(spending)
    if spending.high_rate is not None:
        values[_SPENDING] = kept = list(values[_SPENDING])
        kept[_HIGH_RATE] = _high_rate_values(spending.high_rate)
    if account.past is not None:
        values[_PAST] = _past_values(account.past)
    return head + _encode(values)


def decode_account(value: bytes) -> Account:
    """Read an account; one of another layout raises ValueError."""
    check_layout(value)
    values = list(_values(_decode(memoryview(value)[_HEAD.size :])))
    values[_LOTS] = [CreditLot(*_lot_values(lot)) for lot in values[_LOTS]]
    values[_EXPIRED] = [CreditLot(*_lot_values(lot)) for lot in values[_EXPIRED]]
    values[_THRESHOLDS] = [Threshold(*_threshold_values(each)) for each in values[_THRESHOLDS]]
    if values[_HOURS]:
        values[_HOURS] = [Threshold(*_threshold_values(each)) for each in values[_HOURS]]
    spending = list(_spending_values(values[_SPENDING]))
    if spending[_HIGH_RATE] is not None:
        spending[_HIGH_RATE] = HighRateWatch(*_high_rate_values(spending[_HIGH_RATE]))
    values[_SPENDING] = Spending(*spending)
    if values[_PAST] is not None:
        values[_PAST] = Past(*_past_values(values[_PAST]))
    return Account(*values)


def check_layout(value: bytes) -> None:
    """Refuse an account of another layout: ValueError, which says how to begin anew."""
    if not value or value[0] != LAYOUT:
        raise unknown_layout("account", value, LAYOUT)


def decode_head(value: bytes) -> Head:
    """Read the head of an account."""
    _, dirty, due_ms, *offsets = _HEAD.unpack_from(value)
    return Head(bool(dirty), due_ms, tuple(offsets))


def read_numbers(value: bytes) -> tuple[int, int, int, int, int]:
    """Read of an account's head the due time and the offsets applied only."""
    return _NUMBERS.unpack_from(value)
