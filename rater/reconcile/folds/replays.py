"""Replays: the records that ends of dead letters say were written again, and what must lie in their places.

A record that lay where it did not belong is written again to another partition. Partitions are read one after another:
which places are named is read before all of them, what lies there is noted as they come, and what ends say is held
against that in the end. Of a record its digests are kept, and of no other record anything.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from rater.reconcile.difference import Complaint, Difference, difference
from rater.reconcile.reading.log import Log, Record, Slice
from rater.reconcile.reading.schemas import decoder_of
from topics import catalog
from topics import records as r
from topics.partitioner import partition_of

PROOF = "letters ended"
TOPIC = catalog.DEAD_ENDED.name
SENT = "sent_partition, sent_offset"

Place = tuple[str, int, int]
"""Topic, partition, offset."""


class Sighting(NamedTuple):
    """What lies in a place: the digests of key and value, and whether it is the partition of the key."""

    key: str
    value: str
    is_right: bool


class Claim(NamedTuple):
    """What an end says: where a record lies, with which digests; None: nobody knows any more."""

    end: tuple[int, int, bytes | None]
    """Where the end lies: partition, offset, key."""
    place: Place
    key: str | None
    value: str | None


_GONE: Final = "their records, written again, are deleted"
_LEFT_OUT: Final = "their records, written again, belong to later batches"


def digest(text: bytes | None) -> str:
    """Return the digest of a key or a value; of none it is empty."""
    return "" if text is None else sha256(text).hexdigest()


def source_of(end: r.DeadEnded) -> Place | None:
    """Return where the record lies, or lay, of whose letter this is the end; None: the id is no place."""
    topic, _, rest = end.dead_id.partition("/")
    partition, _, offset = rest.partition("/")
    is_place = all(each.isascii() and each.isdecimal() for each in (partition, offset))
    return (topic, int(partition), int(offset)) if is_place else None


def sent_to(end: r.DeadEnded) -> Place | None:
    """Return where a record was written again; None: nowhere, or it is not said."""
    source = source_of(end)
    if source is None or end.sent_partition is None or end.sent_offset is None:
        return None
    return source[0], end.sent_partition, end.sent_offset


def record_at(part: Slice, offset: int) -> Record | None:
    """Return the record at an offset."""
    index = bisect_left(part.records, offset, key=lambda record: record.offset)
    found = part.records[index] if index < len(part.records) else None
    return found if found is not None and found.offset == offset else None


class Replays:
    """What ends name, what was seen there, and what is claimed of it."""

    def __init__(self) -> None:
        """Know of nothing yet."""
        self._named: dict[tuple[str, int], set[int]] = defaultdict(set)
        self._seen: dict[Place, Sighting | str] = {}
        self._claims: list[Claim] = []
        self.unproven: Counter[str] = Counter()
        """Of how many ends something is not known, by what."""

    def name(self, ends: Iterable[Record]) -> None:
        """Take ends, before what they name is read."""
        decode = decoder_of(catalog.DEAD_ENDED)
        for record in ends:
            try:
                place = sent_to(decode(record.value or b""))
            except (msgspec.MsgspecError, ValueError, RecursionError):
                continue
            if place is not None:
                self._named[place[:2]].add(place[2])

    def look(self, log: Log) -> None:
        """Note what lies in the places of a partition that are named."""
        for topic, partition in [each for each in self._named if each[1] == log.partition]:
            part = log.slice(topic)
            for offset in self._named[topic, partition]:
                seen = _sighting(part, offset, topic, log)
                if seen is not None:
                    self._seen[topic, partition, offset] = seen

    def claim(self, claims: Iterable[Claim]) -> None:
        """Take what ends of a partition say."""
        self._claims += claims

    def settle(self) -> Iterator[Difference]:
        """Hold what is claimed against what was seen, when all partitions were read."""
        claimed: set[Place] = set()
        for claim in self._claims:
            partition, offset, key = claim.end
            for wrong in self._hold(claim, claimed):
                yield difference(PROOF, (TOPIC, partition, offset), key, wrong)
            claimed.add(claim.place)

    def _hold(self, claim: Claim, claimed: set[Place]) -> Iterator[Complaint]:
        where = "/".join(map(str, claim.place))
        if claim.place in claimed:
            yield Complaint(SENT, "a record that no other end names", where)
        seen = self._seen.get(claim.place)
        if seen is None:
            yield Complaint(SENT, f"a record at {where}", None)
        elif isinstance(seen, str):
            self.unproven[seen] += 1
        else:
            for name, right, found in (
                ("key", claim.key, seen.key),
                ("value", claim.value, seen.value),
            ):
                if right not in (None, found):
                    yield Complaint(f"{name} at {where}", f"SHA-256 {right}", f"SHA-256 {found}")
            if not seen.is_right:
                yield Complaint("sent_partition", "that of its key", claim.place[1])


def _sighting(part: Slice, offset: int, topic: str, log: Log) -> Sighting | str | None:
    if offset < part.start:
        return _GONE
    if part.leaves_out(offset):
        return _LEFT_OUT
    record = record_at(part, offset)
    if record is None:
        return None
    key, kind = record.key, catalog.BY_NAME[topic].key
    is_right = key is None or log.partition == partition_of(
        kind.tenant_of(key) or key, log.partitions
    )
    return Sighting(digest(key), digest(record.value), is_right)
