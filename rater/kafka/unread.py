"""Unread: what stands in a partition for records of a batch that the client must not, or cannot, unpack.

A producer packs many records into one batch. A megabyte can hold gigabytes, and the name of a header bytes that are no
text: such a batch comes as one value in the place of its records, and ends as one dead letter that names them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Records `offset` to `last_offset`; to whoever looks no closer, a record without a value."""

    topic: str
    partition: int
    offset: int
    last_offset: int
    timestamp: int
    """The latest of the batch."""
    why: str
    key: None = None
    value: None = None
    headers: tuple[tuple[str, bytes], ...] = ()
