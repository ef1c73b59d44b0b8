"""Accounts to bytes and back, for the accounts table and its changelog.

Layout 1: one version byte, one flag byte (bit 0: a status is owed), the next due time and the two watermarks as signed
64-bit little-endian integers, then the account as a msgpack array. The head can be read without the rest: timers and
checks at start look at a million accounts.
"""

import struct

import msgspec

from rater.core.account import Account, next_due_ms

LAYOUT = 1
_HEAD = struct.Struct("<BBqqq")
_NUMBERS = struct.Struct("<2xqqq")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Account).decode


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
    return head + _encode(account)


def decode_account(value: bytes) -> Account:
    """Read an account of any layout we have written; another one raises ValueError: never guess at money."""
    if not value or value[0] != LAYOUT:
        msg = f"account layout {value[:1].hex() or 'none'} is not known; this rater reads {LAYOUT}"
        raise ValueError(msg)
    return _decode(memoryview(value)[_HEAD.size :])


def decode_head(value: bytes) -> Head:
    """Read the head of an account."""
    _, dirty, due_ms, cdr_offset, command_offset = _HEAD.unpack_from(value)
    return Head(bool(dirty), due_ms, cdr_offset, command_offset)


def read_numbers(value: bytes) -> tuple[int, int, int]:
    """Read of an account's head the due time and the two watermarks only."""
    return _NUMBERS.unpack_from(value)
