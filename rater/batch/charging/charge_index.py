"""The charge index: which CDRs and commands one partition has seen, and where their entries are.

Problem: a duplicate must be known for certain (D8), among tens of millions of ids, in memory, and
after a restart from Kafka alone.

Solution: a table of hashes (`id_table`), filled from the batch manifests: `load` at start, in the
order of their offsets, `remember` after each commit. An aborted batch needs nothing undone.

Rule 1: the index is exact from `oldest_day` on: it holds every id with that day or a later one
and none before. What is older cannot be proven new: the caller answers `too_old` without asking.
Rule 2: `oldest_day` never goes back. It follows stream time at `window_days`.
Rule 3: the index never holds more than `capacity_max` ids. When it is full, `oldest_day` rises
past the oldest days held, and each time there is a `Shortening` to be logged and counted. If one
day alone is too much, that day goes too: charging too little is mended, charging twice is not.
Rule 4: the same id again replaces the earlier one (a suspended CDR that is charged when recycled).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from xxhash import xxh3_128_digest

from rater.batch.charging.id_table import ABSENT, ENTRY, ROWS_MAX, IdTable
from topics.manifests import DAY_MAX, ID_BYTES, PLACE_MAX, IdState, check_ids_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from rater.batch.charging.id_table import Entries

    Hashes = npt.NDArray[np.uint64]
    """One row of two halves for each id."""

WINDOW_DAYS: Final = 7
CAPACITY_MAX: Final = 1 << 24
"""Ids of one partition: 640 MiB at the most."""

_LOAD_IDS: Final = 1 << 16
"""Manifests are collected to so many ids: one look-up for all costs half of one for each."""

_STATE_OFFSET: Final = 25
_STATE_SHIFT: Final = np.uint64(40)
_DAY_SHIFT: Final = np.uint64(48)
_STATES: Final = bytes(IdState)


Known = tuple[int, int, int]
"""With what content an id is remembered, as of which day, and in which state."""


class Found(NamedTuple):
    """What is remembered of each id asked for; all but `hit` is 0 where that is false."""

    hit: npt.NDArray[np.bool_]
    content: npt.NDArray[np.uint32]
    state: npt.NDArray[np.uint8]
    place: npt.NDArray[np.int64]
    day: npt.NDArray[np.int64]

    def known(self) -> dict[int, Known]:
        """Return what is remembered, by its place in the list that was asked for."""
        hits = np.flatnonzero(self.hit)
        columns = self.content[hits], self.day[hits], self.state[hits]
        facts = zip(*[column.tolist() for column in columns], strict=True)
        return dict(zip(hits.tolist(), facts, strict=True))


class Shortening(NamedTuple):
    """One shortening of the window because the index was full."""

    oldest_day_before: int
    oldest_day: int
    ids_dropped: int
    """Ids held or just coming that are older than the window is now."""


def hash_ids(keys: Sequence[bytes]) -> Hashes:
    """Hash keys made by `topics.manifests.cdr_key` and `command_key`."""
    digests = b"".join(map(xxh3_128_digest, keys))
    return np.frombuffer(digests, "<u8").reshape(-1, 2)


def make_entries(
    hashes: Hashes,
    *,
    content: npt.ArrayLike,
    place: npt.ArrayLike,
    state: npt.ArrayLike,
    day: npt.ArrayLike,
) -> Entries:
    """Make entries, one for each hash; their bytes are the packed ids of the manifest.

    The other arguments are sequences of integers, or one integer for all.
    """
    entries: Entries = np.zeros(len(hashes), ENTRY)
    entries["high"] = hashes[:, 0]
    entries["low"] = hashes[:, 1]
    entries["content"] = _within("content", content, 0, (1 << 32) - 1)
    tail = _within("place", place, 0, PLACE_MAX)
    tail = tail | _within("state", state, min(IdState), max(IdState)) << _STATE_SHIFT
    entries["tail"] = tail | _within("day", day, 0, DAY_MAX) << _DAY_SHIFT
    return entries


class ChargeIndex:
    """The remembered ids of one partition."""

    def __init__(self, window_days: int = WINDOW_DAYS, capacity_max: int = CAPACITY_MAX) -> None:
        """Make an empty index that knows no stream time yet."""
        assert window_days > 0, f"window_days {window_days}, must be at least 1"
        assert 0 < capacity_max <= ROWS_MAX, f"capacity_max {capacity_max}, must fit the table"
        self._window_days = window_days
        self._capacity_max = capacity_max
        self._table = IdTable()
        self._loaded: list[bytes] = []
        self._loaded_bytes = 0
        self._stream_day = 0
        self._oldest_day = 0
        self._shortenings: list[Shortening] = []

    def __len__(self) -> int:
        """Return the number of ids held."""
        self._settle()
        return len(self._table)

    @property
    def bytes_used(self) -> int:
        """Size in memory, slack included."""
        return self._table.bytes_used + self._loaded_bytes

    @property
    def oldest_day(self) -> int:
        """The first day of the window as it is, shortened or not; 0 until stream time is known."""
        self._settle()
        return self._oldest_day

    @property
    def window_shortened(self) -> bool:
        """Whether the window is shorter than asked for, because the index was full."""
        return self.oldest_day > max(0, self._stream_day - self._window_days)

    def take_shortenings(self) -> list[Shortening]:
        """Return the shortenings since the last time, to be logged and counted.

        While the index is loaded before stream time is known, days may be dropped that turn out to
        be past the window anyway. So nothing is told before `advance`, and then only what counts.
        """
        self._settle()
        if not self._stream_day:
            return []
        taken, self._shortenings = self._shortenings, []
        due = self._stream_day - self._window_days
        return [shortening for shortening in taken if shortening.oldest_day > due]

    def find(self, hashes: Hashes) -> Found:
        """Look up all ids of a batch at once."""
        self._settle()
        # Columns of their own: a strided half would be copied at every probe.
        high = np.ascontiguousarray(hashes[:, 0])
        rows = self._table.locate(high, np.ascontiguousarray(hashes[:, 1]))
        hit = rows != ABSENT
        content = np.zeros(len(rows), np.uint32)
        tail = np.zeros(len(rows), np.uint64)
        content[hit], tail[hit] = self._table.read(rows[hit])
        state = (tail >> _STATE_SHIFT).astype(np.uint8)
        place = (tail & np.uint64(PLACE_MAX)).astype(np.int64)
        return Found(hit, content, state, place, (tail >> _DAY_SHIFT).astype(np.int64))

    def remember(self, entries: Entries) -> None:
        """Remember the ids of a committed batch; what is before `oldest_day` is not kept."""
        self._settle()
        self._put(entries)

    def load(self, ids: bytes) -> None:
        """Remember the packed ids of one manifest, in the order of manifests (recovery).

        A cut-off id or an unknown state: ValueError with the reason, and nothing is taken.
        """
        check_ids_length(ids)
        unknown = ids[_STATE_OFFSET::ID_BYTES].translate(None, _STATES)
        if unknown:
            message = f"manifest id state: {unknown[0]}, must be one of {list(_STATES)}"
            raise ValueError(message)
        self._loaded.append(ids)
        self._loaded_bytes += len(ids)
        if self._loaded_bytes >= _LOAD_IDS * ID_BYTES:
            self._settle()

    def advance(self, stream_day: int) -> None:
        """Tell the day of stream time, and drop what is older than the window. No way back."""
        assert stream_day <= DAY_MAX, f"stream_day {stream_day}, must be at most {DAY_MAX}"
        if stream_day <= self._stream_day:
            return
        self._settle()
        self._stream_day = stream_day
        self._raise_oldest_day(stream_day - self._window_days)

    def _settle(self) -> None:
        """Put what has been loaded into the table."""
        if self._loaded:
            ids = b"".join(self._loaded)
            self._loaded, self._loaded_bytes = [], 0
            self._put(np.frombuffer(ids, ENTRY))

    def _put(self, entries: Entries) -> None:
        if len(self._table) + len(entries) > self._capacity_max:
            entries = _without_repeats(entries)
            self._make_room(entries)
        if (_days(entries) < self._oldest_day).any():
            entries = _without_repeats(entries)
            fresh = _days(entries) >= self._oldest_day
            self._forget(entries[~fresh])
            entries = entries[fresh]
        self._table.put(entries)

    def _forget(self, entries: Entries) -> None:
        """Drop ids that take on a day before the window."""
        rows = self._locate(entries)
        rows = rows[rows != ABSENT]
        if rows.size:
            kept = np.ones(len(self._table), np.bool_)
            kept[rows] = False
            self._table.keep(kept)

    def _make_room(self, entries: Entries) -> None:
        """Raise `oldest_day` until the table with these entries fits, if it does not.

        A sixteenth of the bound is made free at the least: to drop days lays the table anew, and
        that must stay rare even when every day has few ids.
        """
        held = self._held_from(entries)
        before = self._oldest_day
        if held[before] <= self._capacity_max:
            return
        room = self._capacity_max - self._capacity_max // 16
        self._raise_oldest_day(int(np.argmax(held <= room)))
        dropped = int(held[before] - held[self._oldest_day])
        self._shortenings.append(Shortening(before, self._oldest_day, dropped))

    def _held_from(self, entries: Entries) -> npt.NDArray[np.int64]:
        """Count for every day the ids of it and of later ones, as if entries were remembered."""
        rows = self._locate(entries)
        there = rows != ABSENT
        days = self._table.days()
        days[rows[there]] = _days(entries[there])
        days = np.concatenate((days, _days(entries[~there])))
        return np.bincount(days, minlength=DAY_MAX + 2)[::-1].cumsum()[::-1]

    def _raise_oldest_day(self, day: int) -> None:
        if day <= self._oldest_day:
            return
        self._oldest_day = day
        kept = self._table.days() >= day
        if not kept.all():
            self._table.keep(kept)

    def _locate(self, entries: Entries) -> npt.NDArray[np.int64]:
        high = np.ascontiguousarray(entries["high"])
        return self._table.locate(high, np.ascontiguousarray(entries["low"]))


def _without_repeats(entries: Entries) -> Entries:
    """Keep of entries with the same id the last one."""
    table = IdTable()
    table.put(entries)
    return table.entries()


def _days(entries: Entries) -> npt.NDArray[np.uint16]:
    return (entries["tail"] >> _DAY_SHIFT).astype(np.uint16)


def _within(field: str, values: npt.ArrayLike, least: int, most: int) -> npt.NDArray[np.uint64]:
    """Make a column of `values`; one outside the range is a programmer's error."""
    column = np.asarray(values, np.int64)
    if column.size:
        assert column.min() >= least, f"{field} {column.min()}, must be at least {least}"
        assert column.max() <= most, f"{field} {column.max()}, must be at most {most}"
    return column.astype(np.uint64)
