"""Lag: how far behind a group is in a partition, decided from offsets and from what lies behind the committed one.

Offsets alone do not say it: behind the last record that was taken there may be markers of transactions, and records of
transactions that were aborted, which no reader of committed records ever gets. So what lies there is looked at; what
has been seen once, a `Stretch`, need not be read again.
"""

from dataclasses import dataclass
from typing import NamedTuple

SECOND_MS = 1_000


class Offsets(NamedTuple):
    """What the broker says of a partition and of a group that takes it."""

    committed: int | None
    """Of the next record to take; None: the group has never committed here."""
    start: int
    """Of the first record that is there; what was before, retention has deleted."""
    stable: int
    """Behind the last record that may be read: before it, no transaction is open."""
    end: int
    """Behind the last record, those of open transactions among them."""

    @property
    def next(self) -> int:
        """Where the group goes on, or begins: at the first record that is there where it has no offset of its own."""
        return self.start if self.committed is None else max(self.committed, self.start)

    @property
    def lost(self) -> int:
        """How many offsets were deleted before the group came to them."""
        return 0 if self.committed is None else max(0, self.start - self.committed)

    @property
    def is_beyond(self) -> bool:
        """Whether the group has committed more than there is: the topic was made anew under it."""
        return self.committed is not None and self.committed > self.end


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a partition in which there is nothing to read."""

    begin: int
    end: int
    """The first offset of which that is not known."""
    timestamp_ms: int | None = None
    """Of the record at `end`, in its writer's time; None: what is there has not been seen."""

    def tells_of(self, offsets: Offsets) -> bool:
        """Say whether it holds what lies where the group goes on; a topic that was made anew has nothing of it."""
        is_there = self.end <= offsets.stable - (self.timestamp_ms is not None)
        return is_there and self.begin <= offsets.next <= self.end

    def reaches(self, stable: int) -> bool:
        """Say whether nothing more is to be read to know how far behind a group is."""
        return self.timestamp_ms is not None or self.end >= stable


class Lag(NamedTuple):
    """How far behind a group is in a partition."""

    records: int
    """Offsets from the first record that is not taken to the end of what may be read; a few of them may be markers."""
    seconds: float | None
    """Since the time of that record; 0.0: there is none. None: it could not be read."""


def lag_of(offsets: Offsets, stretch: Stretch | None, now_ms: int) -> Lag:
    """Return how far behind a group is; `stretch` is what is known of where it goes on, None: nothing."""
    if offsets.next >= offsets.stable:
        return Lag(0, 0.0)
    if stretch is None:
        return Lag(offsets.stable - offsets.next, None)
    if stretch.end >= offsets.stable:
        return Lag(0, 0.0)
    records = offsets.stable - max(stretch.end, offsets.next)
    if stretch.timestamp_ms is None or stretch.timestamp_ms < 0:
        return Lag(records, None)
    return Lag(records, max(0, now_ms - stretch.timestamp_ms) / SECOND_MS)
