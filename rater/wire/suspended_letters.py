"""Suspended letters: CDRs in suspense that nothing here mends, read as dead letters are: they are to be written again.

Rule 1: what lies under another key than its tenant's, or in another partition, is `misrouted`, for whatever else it
        waits, unless charging keeps it.
Rule 2: what says something else under an id that is known is a `conflict`: somebody has to choose.
"""

from base64 import b64encode
from typing import Final, Literal, cast

import msgspec

from topics.partitioner import partition_of
from topics.records import Dead, DeadReason, Suspended
from topics.records.rejects import LetterReason

MISROUTED: Final = "misrouted"
CONFLICT: Final = "conflict"
SUSPENDED: Final[frozenset[str]] = frozenset((MISROUTED, CONFLICT))
"""Reasons for which a CDR in suspense is to be written again."""
_UNSEEN: Final = frozenset((MISROUTED, CONFLICT, "too_old", "in_future"))
"""Reasons that come before anybody has asked whose partition it is, and that one."""

_read: Final = msgspec.json.Decoder(Suspended).decode


def decode_suspended(value: bytes | None) -> Suspended | None:
    """Read a record of suspense; None for what is none."""
    try:
        return _read(value or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def reason_of(
    said: Suspended, key: bytes | None, partitions: int
) -> Literal["misrouted", "conflict"] | None:
    """Return why a CDR in suspense is to be written again, by the key of its record; None: it is not.

    `partitions` are those of its source.
    """
    if said.kept or said.reason not in _UNSEEN:
        return None
    tenant = said.tenant_id.encode()
    if key != tenant or said.source_partition != partition_of(tenant, partitions):
        return "misrouted"
    return "conflict" if said.reason == CONFLICT else None


def as_letter(said: Suspended, key: bytes | None, reason: LetterReason) -> Dead:
    """Return a record of suspense as a letter says it: with key and value of the record that it is of."""
    return Dead(
        said.suspense_id,
        cast("DeadReason", reason),
        said.detail,
        said.at_ms,
        said.source_topic,
        said.source_partition,
        said.source_offset,
        key_b64=None if key is None else b64encode(key).decode(),
        value_b64=b64encode(said.cdr.encode()).decode(),
        settings_version=said.settings_version,
    )
