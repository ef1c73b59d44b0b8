"""User rows: a user to bytes and back, for the users table and its changelog."""

from typing import Final

import msgspec

from rater.core.account.user import User
from topics.records import CarriedPool, SpentMonth, StoredUser
from topics.records.users import USERS_LAYOUT

_encode: Final = msgspec.json.Encoder().encode
_NONE_TOLD: Final = (0, 0)
_decode: Final = msgspec.json.Decoder(StoredUser).decode


def encode_user(user: User) -> bytes:
    """Return the row of a user."""
    return _encode(
        StoredUser(
            USERS_LAYOUT,
            user.tenant_id,
            user.user_id,
            user.terms,
            tuple([SpentMonth(*each) for each in user.spent.items()]),
            tuple(
                [
                    CarriedPool(name, used_s, *user.told_s.get(name, _NONE_TOLD))
                    for name, used_s in user.used_s.items()
                ]
            ),
            user.since_seq,
            user.told_ms,
            user.told_blocked,
            user.is_owed,
        )
    )


def decode_user(value: bytes) -> User:
    """Read a user, as we wrote it; anything else raises ValueError."""
    try:
        row = _decode(value)
    except msgspec.MsgspecError as error:
        message = f"users changelog: {value[:80]!r} is none: {error}"
        raise ValueError(message) from error
    return User(
        row.tenant_id,
        row.user_id,
        row.terms,
        {each.month: each.spent_micros for each in row.spent},
        {each.pool: each.used_s for each in row.pools},
        row.told_ms,
        row.told_blocked,
        row.is_owed,
        row.since_seq,
        {p.pool: (p.told_80_s, p.told_100_s) for p in row.pools if p.told_80_s or p.told_100_s},
    )
