"""The id table: remembered ids in columns, found by their hash, a whole batch at once (D8).

Problem: tens of millions of ids, at most 40 bytes and half a microsecond each, exact, and growing
without a stall that anybody notices.

Solution: the rows stand densely in columns, in the order they came, 28 bytes a row as in a
manifest. Beside them lies an open-addressing index of row numbers, 4 bytes a slot. To grow is to
extend the columns in place and to lay the small index anew; no row moves.

Rule 1: a row's home slot is the high half of its hash, scaled to the number of slots. Where a slot
is taken by another id the search goes on by a step of 1 to 128, a power of two that the low half
chooses (one step for all would make long queues). The number of slots is odd, so that every step
comes to every slot.
Rule 2: two ids are the same when both halves of their hash are. No hash value is reserved: a free
slot holds 0, a taken one its row number plus one.
Rule 3: rows leave only through `keep`, which closes the gaps.
Rule 4: at most 3 of 5 slots are taken, 2 of 5 when the index has just been laid. With the slack of
the columns that makes 34.7 to 39.8 bytes a row, once there are some thousand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Rows = npt.NDArray[np.int64]
    """Row numbers."""
    Slots = npt.NDArray[np.int64]
    """Slot numbers."""
    Halves = npt.NDArray[np.uint64]
    """The high or the low halves of hashes."""
    Entries = npt.NDArray[np.void]
    """Remembered ids, of dtype ENTRY."""

ENTRY: Final = np.dtype([("high", "<u8"), ("low", "<u8"), ("content", "<u4"), ("tail", "<u8")])
"""One remembered id, byte for byte as `topics.manifests` packs it (tail: place, state, day)."""

ABSENT: Final = -1
"""The row of an id that is not in the table."""

ROWS_MAX: Final = 1 << 30
"""Row numbers and slot numbers must both fit 32 bits."""

_ROWS_MIN: Final = 1 << 10
_BLOCK_ROWS: Final = 1 << 15
_HALF_BITS: Final = np.uint64(32)
_STEP_SHIFT: Final = np.uint64(61)
_DAY_SHIFT: Final = np.uint64(48)


class IdTable:
    """Rows of remembered ids and the index that finds them. It knows no window and no bound."""

    def __init__(self) -> None:
        """Make an empty table."""
        self._rows = 0
        self._high = np.zeros(_ROWS_MIN, np.uint64)
        self._low = np.zeros(_ROWS_MIN, np.uint64)
        self._content = np.zeros(_ROWS_MIN, np.uint32)
        self._tail = np.zeros(_ROWS_MIN, np.uint64)
        self._index = _free_slots(_ROWS_MIN)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._rows

    @property
    def bytes_used(self) -> int:
        """Size of columns and index, slack included."""
        return sum(column.nbytes for column in self._columns()) + self._index.nbytes

    def days(self) -> npt.NDArray[np.uint16]:
        """Return the day of every row, in row order."""
        return (self._tail[: self._rows] >> _DAY_SHIFT).astype(np.uint16)

    def entries(self) -> Entries:
        """Return a copy of all rows, in their order."""
        entries: Entries = np.zeros(self._rows, ENTRY)
        entries["high"] = self._high[: self._rows]
        entries["low"] = self._low[: self._rows]
        entries["content"] = self._content[: self._rows]
        entries["tail"] = self._tail[: self._rows]
        return entries

    def read(self, rows: Rows) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint64]]:
        """Return content and tail of rows."""
        return self._content.take(rows), self._tail.take(rows)

    def locate(self, high: Halves, low: Halves) -> Rows:
        """Find the row of each hash, ABSENT where there is none."""
        found = np.full(len(high), ABSENT, np.int64)
        pending = np.arange(len(high))
        slot = self._home(high)
        while pending.size:
            seen = self._index.take(slot)
            taken = seen.nonzero()[0]
            pending = pending.take(taken)
            row = seen.take(taken).astype(np.int64) - 1
            other = self._differ(row, high, low, pending)
            same = (~other).nonzero()[0]
            found[pending.take(same)] = row.take(same)
            on = other.nonzero()[0]
            pending = pending.take(on)
            slot = self._next(slot.take(taken.take(on)), low.take(pending))
        return found

    def put(self, entries: Entries) -> None:
        """Add entries; one whose id is there already replaces that row's content and tail.

        Of entries with the same id the last one holds.
        """
        first = self._rows
        self._reserve(first + len(entries))
        self._rows += len(entries)
        self._high[first : self._rows] = entries["high"]
        self._low[first : self._rows] = entries["low"]
        self._content[first : self._rows] = entries["content"]
        self._tail[first : self._rows] = entries["tail"]
        slots = self._place(first)
        if slots.min(initial=0) == ABSENT:
            self._close_gaps(first, slots)

    def keep(self, kept: npt.NDArray[np.bool_]) -> None:
        """Remove the rows that are not kept; order stays, row numbers change."""
        assert len(kept) == self._rows, f"{len(kept)} marks for {self._rows} rows"
        numbers = np.cumsum(kept, dtype=np.uint32)
        taken = self._taken()
        order = numbers[taken[kept[taken - 1]] - 1]
        rows = int(np.count_nonzero(kept))
        for column in self._columns():
            column[:rows] = column[: self._rows][kept]
        self._rows = rows
        if 2 * rows < len(self._high):
            self._resize_columns(max(_ROWS_MIN, rows))
        self._lay_index(order, rows)

    def _differ(self, row: Rows, high: Halves, low: Halves, at: Rows) -> npt.NDArray[np.bool_]:
        """Say which rows hold another id than the hash at the same place of `at`."""
        other: npt.NDArray[np.bool_] = self._low.take(row) != low.take(at)
        if not other.all():
            # Each half is a cache miss of its own: the high one only where the low one agrees.
            same = (~other).nonzero()[0]
            other[same] = self._high.take(row.take(same)) != high.take(at.take(same))
        return other

    def _place(self, first: int) -> Slots:
        """Give the rows from `first` on a slot each; ABSENT for one whose id has a row already."""
        slots = np.full(self._rows - first, ABSENT, np.int64)
        row = np.arange(first, self._rows)
        slot = self._home(self._high[first : self._rows])
        while row.size:
            holder = self._claim(slot, row)
            won = holder == row
            slots[row[won] - first] = slot[won]
            on = (~won).nonzero()[0]
            row, slot, holder = row.take(on), slot.take(on), holder.take(on)
            other = self._differ(holder, self._high, self._low, row)
            self._replace(holder[~other], row[~other], first)
            on = other.nonzero()[0]
            row = row.take(on)
            slot = self._next(slot.take(on), self._low.take(row))
        return slots

    def _claim(self, slot: Slots, row: Rows) -> Rows:
        """Put rows into the slots that are free; return the row that each slot holds then."""
        free = (self._index.take(slot) == 0).nonzero()[0]
        # Several rows may want one slot: the last write holds. Repeats of an id always want the
        # same slot and come in the order of rows, so that none before the last one gets it.
        self._index[slot.take(free)] = row.take(free) + 1
        return self._index.take(slot).astype(np.int64) - 1

    def _replace(self, holder: Rows, row: Rows, first: int) -> None:
        """Let rows that are there take over from new rows of the same id."""
        old = holder < first  # Else the holder is a repeat within the batch, and a later one.
        holder, row = holder[old], row[old]
        self._content[holder] = self._content[row]
        self._tail[holder] = self._tail[row]

    def _close_gaps(self, first: int, slots: Slots) -> None:
        """Remove the new rows that found no slot of their own."""
        kept = slots != ABSENT
        rows = first + int(np.count_nonzero(kept))
        for column in self._columns():
            column[first:rows] = column[first : self._rows][kept]
        self._index[slots[kept]] = np.arange(first + 1, rows + 1, dtype=np.uint32)
        self._rows = rows

    def _columns(self) -> tuple[npt.NDArray[Any], ...]:
        return self._high, self._low, self._content, self._tail

    def _reserve(self, rows: int) -> None:
        if rows > len(self._high):
            self._resize_columns(rows + rows // 16)
        if 5 * rows > 3 * len(self._index):
            self._lay_index(self._taken(), rows)

    def _resize_columns(self, rows: int) -> None:
        assert rows <= ROWS_MAX, f"{rows} rows, must be at most {ROWS_MAX}"
        for column in self._columns():
            # In place: large blocks are remapped, not copied. No view of a column ever leaves.
            column.resize(rows, refcheck=False)

    def _taken(self) -> npt.NDArray[np.uint32]:
        """Return what the taken slots hold. That is nearly the order of homes in any new index."""
        taken: npt.NDArray[np.uint32] = self._index[self._index != 0]
        return taken

    def _lay_index(self, order: npt.NDArray[np.uint32], rows: int) -> None:
        """Make an index with room for `rows`, of row numbers plus one in the order of homes."""
        self._index = _free_slots(max(rows, _ROWS_MIN))
        # Block by block in that order all stays in the cache: twice as fast as at one go.
        for start in range(0, len(order), _BLOCK_ROWS):
            row = order[start : start + _BLOCK_ROWS].astype(np.int64) - 1
            slot = self._home(self._high.take(row))
            while row.size:
                on = (self._claim(slot, row) != row).nonzero()[0]
                row = row.take(on)
                slot = self._next(slot.take(on), self._low.take(row))

    def _home(self, high: Halves) -> Slots:
        slot = high >> _HALF_BITS
        slot *= np.uint64(len(self._index))
        slot >>= _HALF_BITS
        return slot.view(np.int64)

    def _next(self, slot: Slots, low: Halves) -> Slots:
        slot += 1 << (low >> _STEP_SHIFT).view(np.int64)
        slot[slot >= len(self._index)] -= len(self._index)
        return slot


def _free_slots(rows: int) -> npt.NDArray[np.uint32]:
    """Make an index two fifths of which `rows` will take."""
    return np.zeros(5 * rows // 2 | 1, np.uint32)
