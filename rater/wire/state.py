"""Accounts to bytes and back, for the accounts table and its changelog.

Layout 1: one version byte, one flag byte (bit 0: a status is owed), the next due time and the two watermarks as signed
64-bit little-endian integers, then the account as a msgpack array. The head can be read without the rest: timers and
checks at start look at a million accounts.
"""

import struct
from operator import attrgetter

import msgspec

from rater.core.account import NEVER_MS, Account, Threshold, next_due_ms
from rater.core.lots import CreditLot

LAYOUT = 1
_HEAD = struct.Struct("<BBqqq")
_NUMBERS = struct.Struct("<2xqqq")
_encode = msgspec.msgpack.Encoder().encode


class _Lot(msgspec.Struct, array_like=True, gc=False):
    lot_id: str
    purchased_ms: int
    expires_ms: int
    remaining: int


class _Threshold(msgspec.Struct, array_like=True, gc=False):
    threshold_id: str
    amount: int
    armed: bool


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
    calm_from: int = 1
    calm_to: int = 0
    due_ms: int = NEVER_MS


_decode = msgspec.msgpack.Decoder(_Account).decode
_values = attrgetter(*_Account.__struct_fields__)
_lot_values = attrgetter(*_Lot.__struct_fields__)
_threshold_values = attrgetter(*_Threshold.__struct_fields__)
_LOTS, _EXPIRED, _THRESHOLDS = 7, 8, 9
for _stored, _live in ((_Account, Account), (_Lot, CreditLot), (_Threshold, Threshold)):
    assert _stored.__struct_fields__ == _live.__match_args__, _live
assert _Account.__struct_fields__[_LOTS : _THRESHOLDS + 1] == ("lots", "expired", "thresholds")


class Head(msgspec.Struct, frozen=True, gc=False):
    """What a table knows of an account without reading it whole."""

    dirty: bool
    due_ms: int
    cdr_offset: int
    command_offset: int


def encode_account(account: Account) -> bytes:
    """Return the account in the current layout."""
    account.due_ms = next_due_ms(account)
    head = _HEAD.pack(
        LAYOUT, account.dirty, account.due_ms, account.cdr_offset, account.command_offset
    )
    values = list(_values(account))
    values[_LOTS] = [_lot_values(lot) for lot in account.lots]
    values[_EXPIRED] = [_lot_values(lot) for lot in account.expired]
    values[_THRESHOLDS] = [_threshold_values(threshold) for threshold in account.thresholds]
    return head + _encode(values)


def decode_account(value: bytes) -> Account:
    """Read an account of any layout we have written; another one raises ValueError: never guess at money."""
    if not value or value[0] != LAYOUT:
        msg = f"account layout {value[:1].hex() or 'none'} is not known; this rater reads {LAYOUT}"
        raise ValueError(msg)
    values = list(_values(_decode(memoryview(value)[_HEAD.size :])))
    values[_LOTS] = [CreditLot(*_lot_values(lot)) for lot in values[_LOTS]]
    values[_EXPIRED] = [CreditLot(*_lot_values(lot)) for lot in values[_EXPIRED]]
    values[_THRESHOLDS] = [Threshold(*_threshold_values(each)) for each in values[_THRESHOLDS]]
    return Account(*values)


def decode_head(value: bytes) -> Head:
    """Read the head of an account."""
    _, dirty, due_ms, cdr_offset, command_offset = _HEAD.unpack_from(value)
    return Head(bool(dirty), due_ms, cdr_offset, command_offset)


def read_numbers(value: bytes) -> tuple[int, int, int]:
    """Read of an account's head the due time and the two watermarks only."""
    return _NUMBERS.unpack_from(value)
