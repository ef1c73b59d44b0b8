"""Accounts to bytes and back, for the accounts table and its changelog.

Layout 9: one version byte, one flag byte (bit 0: a status is owed), the next due time (of lots, or of a month) and the
offsets applied of the four sources as signed 64-bit little-endian integers, then the account as a msgpack array. The
head can be read without the rest: timers and checks at start look at a million accounts. Compiled: a tenant's first CDR
of a batch pays for reading and writing it.
"""

import struct
from typing import Any, Final, NamedTuple, get_args

import msgspec

from rater.core.account.account import Account, HighRateWatch, Spending, Threshold, next_due_ms
from rater.core.account.contract import Billing, BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.lots import CreditLot
from rater.core.account.past import Past
from rater.core.account.zone_change import ZoneChange
from rater.wire.account.rows import (
    AccountRow,
    BillingModeRow,
    BillingRow,
    ContractRow,
    EntitlementRow,
    HighRateRow,
    LotRow,
    PastRow,
    SpendingRow,
    ThresholdRow,
    ZoneChangeRow,
    account_of,
    row_of,
)
from rater.wire.layouts import first_byte, unknown_layout

LAYOUT: Final = 9
_HEAD: Final = struct.Struct("<BBqqqqq")
_HEAD_BYTES: Final = 42
_NUMBERS: Final = struct.Struct("<2xqqqqq")
_pack_into: Final = _HEAD.pack_into
_encode_into: Final = msgspec.msgpack.Encoder().encode_into
_decode: Final = msgspec.msgpack.Decoder(AccountRow).decode
_room: Final = bytearray(_HEAD_BYTES)

assert _HEAD.size == _HEAD_BYTES
for _row, _live in (
    *((AccountRow, Account), (LotRow, CreditLot), (ThresholdRow, Threshold)),
    *((SpendingRow, Spending), (HighRateRow, HighRateWatch), (PastRow, Past)),
    *((ContractRow, Contract), (EntitlementRow, Entitlement), (BillingModeRow, BillingMode)),
    *((BillingRow, Billing), (ZoneChangeRow, ZoneChange)),
):
    assert len(get_args(_row)) == len(_live.__match_args__), _live


class Head(NamedTuple):
    """What a table knows of an account without reading it whole."""

    dirty: bool
    due_ms: int
    offsets: tuple[int, int, int, int]
    """Applied of CDRs, commands, requests and timers."""


def encode_account(account: Account) -> bytes:
    """Return the account in the current layout."""
    account.due_ms = due_ms = next_due_ms(account)
    _encode_into(row_of(account), _room, _HEAD_BYTES)
    _pack_into(
        _room,
        0,
        LAYOUT,
        account.dirty,
        min(due_ms, account.carry_ms),
        account.cdr_offset,
        account.command_offset,
        account.request_offset,
        account.timer_offset,
    )
    return bytes(_room)


def decode_account(value: bytes) -> Account:
    """Read an account; one of another layout raises ValueError."""
    check_layout(value)
    row: Any = _decode(value[_HEAD_BYTES:])
    return account_of(row)


def check_layout(value: bytes) -> None:
    """Refuse an account of another layout: ValueError, which says how to begin anew."""
    if not value or value[0] != LAYOUT:
        raise unknown_layout("account", first_byte(value), LAYOUT)


def decode_head(value: bytes) -> Head:
    """Read the head of an account."""
    _, dirty, due_ms, *offsets = _HEAD.unpack_from(value)
    return Head(bool(dirty), due_ms, tuple(offsets))


def read_numbers(value: bytes) -> tuple[int, int, int, int, int]:
    """Read of an account's head the due time and the offsets applied only."""
    return _NUMBERS.unpack_from(value)
