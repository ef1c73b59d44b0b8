"""Log: the records of one partition number of every topic, as they lie on the broker.

All topics keyed by tenant have the same number of partitions (D2), so one number of all of them holds everything of
its tenants: a proof needs one `Log` at a time, and memory is bounded by the largest.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from topics import catalog

PACKED_FROM_BYTES = 4_096
"""Records of ours are smaller. What others write is packed from here on: megabytes of blanks cost them nothing."""


class Record:
    """A record of one partition; `value` None is a tombstone, `at_ms` the record's timestamp.

    `last_offset`: it stands for all records up to there, which lie in one batch that cannot be unpacked.
    """

    __slots__ = ("_key", "_value", "at_ms", "last_offset", "offset")

    def __init__(
        self,
        offset: int,
        at_ms: int,
        key: bytes | None,
        value: bytes | None,
        last_offset: int | None = None,
    ) -> None:
        """Keep it as it is; see `packed`."""
        self.offset = offset
        self.at_ms = at_ms
        self.last_offset = last_offset
        self._key: bytes | _Packed | None = key
        self._value: bytes | _Packed | None = value

    @property
    def key(self) -> bytes | None:
        """Return the key."""
        return self._key.unpack() if isinstance(self._key, _Packed) else self._key

    @property
    def value(self) -> bytes | None:
        """Return the value."""
        return self._value.unpack() if isinstance(self._value, _Packed) else self._value

    def packed(self) -> Self:
        """Keep what is large packed from now on; return the record."""
        self._key, self._value = _pack(self.key), _pack(self.value)
        return self

    def replaced(self, **changes: Any) -> "Record":
        """Return a copy with other fields."""
        fields = {
            "offset": self.offset,
            "at_ms": self.at_ms,
            "key": self.key,
            "value": self.value,
            "last_offset": self.last_offset,
        }
        return Record(**{**fields, **changes})


class _Packed(NamedTuple):
    text: bytes

    def unpack(self) -> bytes:
        return zlib.decompress(self.text)


def _pack(text: bytes | None) -> bytes | _Packed | None:
    if text is None or len(text) < PACKED_FROM_BYTES:
        return text
    return _Packed(zlib.compress(text, 1))


@dataclass(frozen=True, slots=True)
class Slice:
    """One partition of one topic. `start`: records below it are gone (retention).

    `cut_at`: records from there on are there, and left out; None: none are.
    """

    records: Sequence[Record] = ()
    start: int = 0
    cut_at: int | None = None

    def leaves_out(self, offset: int) -> bool:
        """Say whether a record is left out."""
        return self.cut_at is not None and offset >= self.cut_at

    def reaches(self, at_ms: int) -> bool:
        """Say whether nothing written since a time can be gone: retention deletes from the beginning."""
        return self.start == 0 or (bool(self.records) and self.records[0].at_ms < at_ms)


EMPTY = Slice()

CO_PARTITIONED = tuple(topic.name for topic in catalog.CATALOG if not topic.made_by)
"""The topics with a common number of partitions; decks and settings come apart, they belong to all partitions."""
SHARED = tuple(topic.name for topic in catalog.CATALOG if topic.made_by)
UNPROVEN = (catalog.RECHARGES_CHANGELOG, catalog.NOTIFICATIONS_DEAD, catalog.NOTIFIER_SENT)
"""Nothing is proven of these: what a table or a service remembers is its own, and is not read."""
READ = tuple(name for name in CO_PARTITIONED if name not in {topic.name for topic in UNPROVEN})
"""The topics of a `Log`."""


@dataclass(frozen=True, slots=True)
class Log:
    """Partition `partition` of `partitions`; a topic that is not there is empty.

    `is_continued`: it begins at a cut, where an earlier log ended. Whatever a batch in it wrote is in it.
    """

    partition: int
    partitions: int
    slices: Mapping[str, Slice] = field(default_factory=dict)
    is_continued: bool = False

    def slice(self, topic: str) -> Slice:
        """Return this partition of a topic."""
        return self.slices.get(topic, EMPTY)


Located = tuple[int, Record]
"""A record and its partition."""


def logs_of(
    topics: Mapping[str, Iterable[Located]],
    partitions: int,
    starts: Mapping[tuple[str, int], int] | None = None,
) -> list[Log]:
    """Sort the records of whole topics into logs; `starts` are log start offsets other than 0."""
    sorted_out: list[dict[str, list[Record]]] = [
        {name: [] for name in topics} for _ in range(partitions)
    ]
    for name, records in topics.items():
        for partition, record in records:
            sorted_out[partition][name].append(record)
    begin = starts or {}
    return [
        Log(number, partitions, {n: Slice(r, begin.get((n, number), 0)) for n, r in those.items()})
        for number, those in enumerate(sorted_out)
    ]
