"""User state: what the users' changelog says, decoded apart from the rater.

Layout 4: version byte, flag byte (1: a status is owed), then the user as a msgpack array.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from topics.fields import Count, Id, Millis, Month, NotNegative, TenantId
from topics.records import UserTerms
from topics.records.draws import PoolSeconds, SourceId

LAYOUT = 4
TERMS_MAX = 32
MONTHS_MAX = 17
POOLS_MAX = 1_024
_HEAD = 2
_FLAGS = {0: False, 1: True}


class StoredTerms(UserTerms, frozen=True, array_like=True):
    """What a user may do from an instant on."""


class StoredUser(msgspec.Struct, array_like=True, forbid_unknown_fields=True, frozen=True):
    """A user as charging keeps it: a row of its own, beside the account's."""

    tenant_id: TenantId
    user_id: Id
    terms: Annotated[tuple[StoredTerms, ...], Meta(min_length=1, max_length=TERMS_MAX)]
    spent: Annotated[dict[Month, NotNegative], Meta(max_length=MONTHS_MAX)]
    """Micros, by month."""
    used_s: Annotated[dict[SourceId, PoolSeconds], Meta(max_length=POOLS_MAX)]
    """By pool."""
    told_ms: Millis
    told_blocked: Annotated[int, Meta(ge=-1, le=63)]
    since_seq: Count
    told_s: dict[SourceId, tuple[PoolSeconds, PoolSeconds]]
    """How large a pool was when it was told that 80 % were used, and 100 %; 0: never."""


_decode = msgspec.msgpack.Decoder(StoredUser).decode


def read_user(value: bytes) -> tuple[bool, StoredUser]:
    """Read a changelog value: whether a status is owed, and the user; what is none raises ValueError."""
    if len(value) <= _HEAD or value[0] != LAYOUT:
        message = f"layout {value[:1].hex() or 'none'}, known is {LAYOUT}"
        raise ValueError(message)
    if value[1] not in _FLAGS:
        message = f"flags {value[1]}, known are {list(_FLAGS)}"
        raise ValueError(message)
    return _FLAGS[value[1]], _decode(memoryview(value)[_HEAD:])
