"""The id table: remembered ids in columns, found by their hash, a whole batch at once (D8).

Problem: tens of millions of ids, at most 40 bytes and half a microsecond each, exact, and growing
without a stall that anybody notices.

Solution: the rows stand densely in columns, in the order they came, 28 bytes a row as in a
manifest. Beside them lies an open-addressing index of row numbers, 4 bytes a slot. To grow is to
extend the columns in place and to lay the small index anew; no row moves.

Rule 1: a row's home slot is the high half of its hash, scaled to the number of slots. Where a slot
is taken by another id the search goes on by a step of 1 to 128, a power of two that the low half
chooses. The number of slots is odd, so that every step comes to every slot.
Rule 2: two ids are the same when both halves of their hash are. No hash value is reserved: a free
slot holds 0, a taken one its row number plus one.
Rule 3: rows leave only through `keep`, which closes the gaps.
Rule 4: at most 3 of 5 slots are taken, 2 of 5 when the index has just been laid. With the slack of
the columns that makes 34.7 to 39.8 bytes a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.int64]
    Hashes = npt.NDArray[np.uint64]

ENTRY: Final = np.dtype([("high", "<u8"), ("low", "<u8"), ("content", "<u4"), ("tail", "<u8")])
"""One remembered id, byte for byte as `topics.manifests` packs it (tail: place, state, day)."""

ABSENT: Final = -1
"""The row of an id that is not in the table."""

ROWS_MAX: Final = 1 << 30
"""Row numbers and slot numbers must both fit 32 bits."""

_ROWS_MIN: Final = 1 << 10
_BLOCK_ROWS: Final = 1 << 15
_HALF: Final = np.uint64(32)
_STEP_SHIFT: Final = np.uint64(61)


class IdTable:
    def __init__(self) -> None:
        """Make an empty table."""
        self._rows = 0
        self._high = np.zeros(_ROWS_MIN, np.uint64)
        self._low = np.zeros(_ROWS_MIN, np.uint64)
        self._content = np.zeros(_ROWS_MIN, np.uint32)
        self._tail = np.zeros(_ROWS_MIN, np.uint64)
        self._index = np.zeros(_slots_for(_ROWS_MIN), np.uint32)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._rows

    @property
    def bytes_used(self) -> int:
        """Size of columns and index, slack included."""
        return sum(column.nbytes for column in (*self._columns(), self._index))

    def locate(self, high, low):
        """Find the row of each hash, ABSENT where there is none."""
        found = np.full(len(high), ABSENT, np.int64)
        pending = np.arange(len(high))
        slot = self._home(high)
        while pending.size:
            seen = self._index.take(slot)
            taken = seen.nonzero()[0]
            pending = pending.take(taken)
            row = seen.take(taken).astype(np.int64)
            row -= 1
            other = self._low.take(row) != low.take(pending)
            if not other.all():
                same = (~other).nonzero()[0]
                # The high half is another cache miss: only where the low half agrees.
                same = same[self._high.take(row.take(same)) == high.take(pending.take(same))]
                found[pending.take(same)] = row.take(same)
                other[:]=True
                other[same] = False
            on = other.nonzero()[0]
            pending = pending.take(on)
            slot = self._next(slot.take(taken.take(on)), low.take(pending))
        return found

    def read(self, rows):
        return self._content.take(rows), self._tail.take(rows)

    def put(self, entries):
        first, rows = self._rows, self._rows + len(entries)
        self._reserve(rows)
        for column, name in zip(self._columns(), ENTRY.names):
            column[first:rows] = entries[name]
        self._rows=rows
        row = np.arange(first, rows)
        slot = self._home(self._high[first:rows])
        placed = np.full(len(entries), ABSENT, np.int64)
        while row.size:
            free = (self._index.take(slot) == 0).nonzero()[0]
            # Several rows may want one slot: the last write wins, the others go on.
            self._index[slot.take(free)] = row.take(free) + 1
            holder = self._index.take(slot).astype(np.int64)
            holder -= 1
            won = holder == row
            placed[row[won] - first] = slot[won]
            on = (~won).nonzero()[0]
            row, slot, holder = row.take(on), slot.take(on), holder.take(on)
            other = self._low.take(holder) != self._low.take(row)
            if not other.all():
                other |= self._high.take(holder) != self._high.take(row)
                self._replace(holder[~other], row[~other], first)
                on = other.nonzero()[0]
                row, slot = row.take(on), slot.take(on)
            slot = self._next(slot, self._low.take(row))
        if placed.min(initial=0) == ABSENT:
            self._close(first, placed)

    def _replace(self, holder, row, first):
        old = holder < first
        holder, row = holder[old], row[old]
        self._content[holder] = self._content[row]
        self._tail[holder] = self._tail[row]

    def _close(self, first, placed):
        kept = placed != ABSENT
        rows = first + int(np.count_nonzero(kept))
        for column in self._columns():
            column[first:rows] = column[first:self._rows][kept]
        self._rows = rows
        self._index[placed[kept]] = np.arange(first + 1, rows + 1, dtype=np.uint32)

    def keep(self, kept: npt.NDArray[np.bool_]) -> None:
        """Remove the rows that are not kept; order stays, row numbers change."""
        rows = np.count_nonzero(kept)
        order = self._index[self._index != 0] - 1
        order = order[kept[order]]
        order = np.cumsum(kept, dtype=np.uint32)[order]
        for column in self._columns():
            column[:rows] = column[: self._rows][kept]
        self._rows = int(rows)
        if 2 * self._rows < len(self._high):
            self._resize_columns(max(_ROWS_MIN, self._rows))
        self._lay_index(order, self._rows)

    def _columns(self) -> tuple[np.ndarray, ...]:
        return self._high, self._low, self._content, self._tail

    def _reserve(self, rows):
        if rows > len(self._high):
            self._resize_columns(rows + rows // 16)
        if 5 * rows > 3 * len(self._index):
            self._lay_index(self._index[self._index != 0], rows)

    def _resize_columns(self, rows: int) -> None:
        assert rows <= ROWS_MAX, f"{rows} rows, must be at most {ROWS_MAX}"
        for column in self._columns():
            column.resize(rows, refcheck=False)  # In place: the memory is remapped, not copied.

    def _lay_index(self, row, rows=0) -> None:
        """Give every row from `first` on its slot."""
        self._index = np.zeros(_slots_for(max(_ROWS_MIN, rows)), np.uint32)
        for start in range(0, len(row), _BLOCK_ROWS):
            self._claim(row[start : start + _BLOCK_ROWS])

    def _claim(self, row):
        slot = self._home(self._high.take(row - 1))
        while row.size:
            free = (self._index.take(slot) == 0).nonzero()[0]
            # Several rows may want one slot: the last write wins, the others go on.
            self._index[slot.take(free)] = row.take(free)
            on = (self._index.take(slot) != row).nonzero()[0]
            row = row.take(on)
            slot = self._next(slot.take(on), self._low.take(row-1))

    def _home(self, high):
        slots = np.uint64(len(self._index))
        slot = high >> _HALF
        slot *= slots
        slot >>= _HALF
        return slot.view(np.int64)

    def _next(self, slot, low):
        slot += 1 << (low >> _STEP_SHIFT).view(np.int64)
        slot[slot >= len(self._index)] -= len(self._index)
        return slot

def _slots_for(rows):
    return (5 * rows // 2) | 1
