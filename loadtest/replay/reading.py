"""Reading: what of a CDR decides where it goes and when: its tenant, and when it ended. No more of it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import msgspec

from loadtest.replay import instants
from loadtest.replay.faults import ReplayError, shown
from loadtest.replay.sources import Source
from topics.partitioner import partition_of


class Head(msgspec.Struct, frozen=True, gc=False):
    """What is read of each."""

    tenant_id: str
    ended_at: str = ""


_decode = msgspec.json.Decoder(Head).decode


@dataclass(frozen=True, slots=True)
class Choice:
    """Which records of a source are meant: from a number on, and so many; the first is number 1."""

    source: Source
    first: int = 1
    count: int | None = None

    def records(self) -> Iterator[tuple[int, bytes]]:
        """Yield the number and the bytes of each."""
        last = None if self.count is None else self.first - 1 + self.count
        return islice(enumerate(self.source.records(), 1), self.first - 1, last)


@dataclass(frozen=True, slots=True)
class Extent:
    """How many records there are, and when the calls of the first, the earliest and the latest ended."""

    records: int
    first_ms: int
    latest_ms: int


def head_of(value: bytes, number: int) -> Head:
    """Return what is read of a record; ReplayError names what is wrong."""
    try:
        return _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ReplayError(f"record {number}: {error}, found {shown(value)}") from None


def ended_ms(head: Head, number: int) -> int:
    """Return when a call ended; ReplayError where that is no time."""
    try:
        return instants.read_ms(head.ended_at)
    except ValueError:
        wrong = f"record {number}: ended_at must be an RFC 3339 time, found {shown(head.ended_at)}"
        raise ReplayError(wrong) from None


def measure(choice: Choice, *, has_times: bool) -> Extent:
    """Read all of it once, the times where they are needed (else 0); ReplayError where it is empty."""
    count, first, latest = 0, 0, 0
    for number, value in choice.records():
        at = ended_ms(head_of(value, number), number) if has_times else 0
        first = first if count else at
        latest = max(latest, at)
        count += 1
    if not count:
        raise ReplayError(f"{choice.source.path}: no record is there from number {choice.first} on")
    return Extent(count, first, latest)


class Routes:
    """Of each tenant its key and its partition, worked out once."""

    def __init__(self, partitions: int) -> None:
        """Know none yet."""
        self.partitions = partitions
        self._known: dict[str, tuple[int, bytes]] = {}

    def of(self, tenant_id: str) -> tuple[int, bytes]:
        """Return the partition and the key."""
        found = self._known.get(tenant_id)
        if found is None:
            key = tenant_id.encode()
            found = self._known[tenant_id] = (partition_of(key, self.partitions), key)
        return found
