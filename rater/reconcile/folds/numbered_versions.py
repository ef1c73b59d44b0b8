"""Numbered versions: what settings and plans have in common on their topics, read anew.

A version is immutable and lies under its number; one that is not as it must be is a fault, and in force nowhere.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from rater.reconcile.difference import Complaint, Difference, difference
from rater.reconcile.reading.log import Record


class Numbered(Protocol):
    """A version of something."""

    @property
    def version(self) -> int:
        """Its number."""

    @property
    def valid_from_ms(self) -> int:
        """Since when it is in force."""


V = TypeVar("V", bound=Numbered)


def read_versions(
    records: Iterable[tuple[int, Record]],
    read: Callable[[Record], V | Complaint],
    proof: str,
    topic: str,
) -> tuple[list[V], list[Difference]]:
    """Return the versions on a topic, in its order, and what is wrong with the rest."""
    versions: dict[int, V] = {}
    faults: list[Difference] = []
    seen: dict[bytes | None, bytes | None] = {}
    for _, record in records:
        found: V | Complaint = (
            Complaint("value", "the same again: a version is immutable", record.value)
            if seen.setdefault(record.key, record.value) != record.value
            else read(record)
        )
        if isinstance(found, Complaint):
            faults.append(difference(proof, (topic, 0, record.offset), record.key, found))
        else:
            versions[found.version] = found
    return list(versions.values()), faults


def in_force(versions: Sequence[V], at_ms: int) -> V | None:
    """Return the version in force at an instant; None before the first."""
    begun = [each for each in versions if each.valid_from_ms <= at_ms]
    return max(begun, key=lambda each: (each.valid_from_ms, each.version), default=None)
