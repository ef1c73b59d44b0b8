"""Evidence: what was read of one CDR: what the ledger says, the records behind that, and what waits.

A record that a topic keeps no more is `Missing.GONE`; one that is nowhere though it would be kept is `Missing.ABSENT`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from topics.records import CommandRejected, Suspended

Place = tuple[str, int, int]
"""Topic, partition and offset."""


class Missing(StrEnum):
    """Why a record could not be read."""

    GONE = "gone"
    ABSENT = "absent"


class Raw(NamedTuple):
    """A record as it lies on its topic."""

    at_ms: int
    key: bytes | None
    value: bytes | None


class Posted(NamedTuple):
    """An entry of the ledger, and where it lies."""

    offset: int
    at_ms: int
    entry: Any
    """A record of the ledger."""


@dataclass(slots=True)
class Evidence:
    """What lies behind the entries of one CDR."""

    tenant_id: str
    cdr_id: str
    records: dict[Place, Raw | Missing] = field(default_factory=dict)
    suspended: list[Suspended] = field(default_factory=list)
    refused: list[CommandRejected] = field(default_factory=list)
    """Refusals to release it, in order."""

    def at(self, place: Place) -> Raw | Missing:
        """Return what lies at a place; what nobody has looked for counts as gone."""
        return self.records.get(place, Missing.GONE)


def source_of(entry: Any) -> Place:
    """Return where the record lies that an entry came of."""
    return entry.source_topic, entry.source_partition, entry.source_offset


def groups_of(posted: Sequence[Posted]) -> Iterator[list[Posted]]:
    """Yield the entries of each source record, which follow one another."""
    group: list[Posted] = []
    for each in posted:
        if group and source_of(group[-1].entry) != source_of(each.entry):
            yield group
            group = []
        group.append(each)
    if group:
        yield group


def is_about(entry: Any, cdr_id: str) -> bool:
    """Tell whether an entry is one of a CDR's own: its charge, or what takes that back."""
    return getattr(entry, "cdr_id", None) == cdr_id and entry.kind in ("charge", "charge_reversed")
