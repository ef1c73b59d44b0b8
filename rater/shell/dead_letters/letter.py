"""Letter: what is kept in memory of a dead letter, which is read again by its place where all of it is needed.

A CDR in suspense that is to be written again is one, too (A105).
"""

from typing import NamedTuple

from topics.records import Dead, Suspended
from topics.records.rejects import LetterReason


class Place(NamedTuple):
    """Where a record lies."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        """Return it as ids name it."""
        return f"{self.topic}/{self.partition}/{self.offset}"


class Letter(NamedTuple):
    """A dead letter, without what it keeps of its record."""

    place: Place
    """Its own."""
    source: Place
    """Of the record that could not be read."""
    reason: LetterReason
    at_ms: int
    """The time of that record, which is its writer's word."""
    since_ms: int
    """When the letter was written."""
    tenant: str | None
    """As far as is known."""
    value_bytes: int
    """Of the record, about."""

    @property
    def dead_id(self) -> str:
        """Its id: the place of its record, of which it is the only letter that counts."""
        return str(self.source)


def letter_of(
    place: Place, since_ms: int, dead: Dead, tenant: str | None, value_bytes: int
) -> Letter:
    """Return a letter that was read."""
    source = Place(dead.source_topic, dead.source_partition, dead.source_offset)
    return Letter(place, source, dead.reason, dead.at_ms, since_ms, tenant, value_bytes)


def letter_of_suspended(
    place: Place, since_ms: int, said: Suspended, reason: LetterReason
) -> Letter:
    """Return what is kept of a CDR in suspense that is to be written again."""
    source = Place(said.source_topic, said.source_partition, said.source_offset)
    size = len(said.cdr)
    return Letter(place, source, reason, said.at_ms, since_ms, said.tenant_id, size)
