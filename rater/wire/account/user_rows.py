"""User rows: a user to bytes and back, for the users table and its changelog. Compiled: with many users nearly every
CDR of a batch pays for both.

Layout 4: one version byte, one flag byte (1: a status is owed), then the user as a msgpack array of what `UserRow`
names. What we wrote ourselves is read by its types alone; the limits of its values are not asked again.
"""

from typing import Any, Final, get_args

import msgspec

from rater.core.account.user import User
from rater.wire.layouts import first_byte, unknown_layout
from topics.records import UserTerms
from topics.records.users import ConferenceDialOut, OutboundCalls

LAYOUT: Final = 4
_HEAD: Final = 2
_OWED: Final = 1

TermsRow = tuple[int, int, str, OutboundCalls, ConferenceDialOut, tuple[str, ...], bool, int | None]
"""In the order of `UserTerms`."""
UserRow = tuple[
    str,
    str,
    list[TermsRow],
    dict[str, int],
    dict[str, int],
    int,
    int,
    int,
    dict[str, tuple[int, int]],
]
"""Tenant and user, terms, spent, used_s, told_ms, told_blocked, since_seq, told_s."""

assert len(get_args(TermsRow)) == len(UserTerms.__struct_fields__)
assert len(get_args(UserRow)) == len(User.__match_args__) - 1  # is_owed stands in the flag byte.

_encode_into: Final = msgspec.msgpack.Encoder().encode_into
_decode: Final = msgspec.msgpack.Decoder(UserRow).decode
_terms_row: Final = msgspec.structs.astuple
_terms: Final = UserTerms
_room: Final = bytearray([LAYOUT, 0])


def encode_user(user: User) -> bytes:
    """Return the row of a user."""
    told_s, used_s = user.told_s, user.used_s
    if told_s:
        # Of a pool that is forgotten nothing was told.
        told_s = {name: told for name, told in told_s.items() if name in used_s}
    row = (
        user.tenant_id,
        user.user_id,
        [_terms_row(each) for each in user.terms],
        user.spent,
        used_s,
        user.told_ms,
        user.told_blocked,
        user.since_seq,
        told_s,
    )
    _room[1] = _OWED if user.is_owed else 0
    _encode_into(row, _room, _HEAD)
    return bytes(_room)


def decode_user(value: bytes) -> User:
    """Read a user, as we wrote it; anything else raises ValueError."""
    check_user(value)
    try:
        row: Any = _decode(value[_HEAD:])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _no_user(value, str(error)) from error
    if not row[2]:
        raise _no_user(value, "it has no terms")
    return User(
        row[0],
        row[1],
        tuple([_terms(t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7]) for t in row[2]]),
        row[3],
        row[4],
        row[5],
        row[6],
        value[1] == _OWED,
        row[7],
        row[8],
    )


def check_user(value: bytes) -> None:
    """Refuse a row of another layout, and one whose flags are not ours: ValueError."""
    if not value or value[0] != LAYOUT:
        raise unknown_layout("users changelog", first_byte(value), LAYOUT)
    if len(value) <= _HEAD or value[1] > _OWED:
        raise _no_user(value, "its flags are not known, or nothing follows them")


def is_owed(value: bytes) -> bool:
    """Tell of a row that was checked whether a status is owed."""
    return value[1] == _OWED


def _no_user(value: bytes, why: str) -> ValueError:
    return ValueError(f"users changelog: {value[:80]!r} is none: {why}")
