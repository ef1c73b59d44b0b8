"""Reading: which records of a source are meant, how many there are, and to which partition each goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from loadtest.replay.faults import ReplayError
from loadtest.replay.heads import Head, ended_ms, head_of
from loadtest.replay.sources import Source
from loadtest.replay.tenants import Tenants
from topics.partitioner import partition_of


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


def measure(choice: Choice, tenants: Tenants | None = None, *, has_times: bool) -> Extent:
    """Read all of it once, the times where they are needed (else 0); ReplayError where nothing would be sent."""
    count, first, latest = 0, 0, 0
    for number, value in choice.records():
        at = 0
        if has_times or tenants is not None:
            head = head_of(value, number)
            if tenants is not None and account_of(tenants, head, number) is None:
                continue
            at = ended_ms(head, number) if has_times else 0
        first = first if count else at
        latest = max(latest, at)
        count += 1
    if not count:
        raise ReplayError(f"{choice.source.path}: no record is there from number {choice.first} on")
    return Extent(count, first, latest)


def account_of(tenants: Tenants, head: Head, number: int) -> str | None:
    """Return who is charged for a record; None: it is left out. ReplayError: nobody says."""
    try:
        return tenants.of(head.tenant_id)
    except ReplayError as error:
        raise ReplayError(f"record {number}: {error}") from None


class Routes:
    """Of each tenant of the source its key and its partition, worked out once; None: its calls are left out."""

    def __init__(self, partitions: int, tenants: Tenants | None = None) -> None:
        """Know none yet. `tenants` says who is charged where that is another one."""
        self.partitions = partitions
        self._tenants = tenants
        self._known: dict[str, tuple[int, bytes] | None] = {}

    def of(self, head: Head, number: int) -> tuple[int, bytes] | None:
        """Return the partition and the key; None: the record is left out. ReplayError: nobody says who is charged."""
        try:
            return self._known[head.tenant_id]
        except KeyError:
            found = self._known[head.tenant_id] = self._found(head, number)
            return found

    def _found(self, head: Head, number: int) -> tuple[int, bytes] | None:
        account = head.tenant_id
        if self._tenants is not None:
            named = account_of(self._tenants, head, number)
            if named is None:
                return None
            account = named
        key = account.encode()
        return partition_of(key, self.partitions), key
