"""Unread: a record that stands for a whole batch of Kafka's which was not unpacked.

The transport gives it attributes that no other record has: `last_offset`, of the last record of the batch, and `why`.
"""

from rater.wire.malformed import Malformed, Why


def last_offset_of(record: object) -> int | None:
    """Return the last offset of what stands for a batch; None of a single record."""
    last: int | None = getattr(record, "last_offset", None)
    return last


def why_dead(record: object, why: Malformed) -> Malformed:
    """Return why a record is a dead letter; `why` is what its value says."""
    if last_offset_of(record) is None:
        return why
    return Malformed(Why.NOT_UNPACKED, None, str(getattr(record, "why", "")))
