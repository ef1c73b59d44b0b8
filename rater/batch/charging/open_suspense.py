"""Open suspense: the calls that wait for a price or an account, whole, until they are charged, freed or replaced.

What cannot be charged is in suspense for months; this table says which of it is still open, whatever the window of the
charge index forgets. It is written in the transaction that suspends a call, and in the one that ends its waiting.

Rule 1: of one id the highest version waits; where another call has it, once the window forgot it, the first does.
A later version that is charged ends it; so does a void.
Rule 2: while a later version waits, an earlier one may be charged or void; then the later one is marked (`charged`,
`voided`): to charge it would take that back, which only a version does that comes after it.
Rule 3: an account has at most OPEN_CALLS_MAX of them and a partition OPEN_BYTES_MAX bytes. What comes beyond it waits
in suspense as other calls do, for somebody who sees to it: its record says that it is not kept, a metric and the log
say how many. A version that replaces another is always kept.
Rule 4: what waits for its account, and not for a price, is never freed (`never_free`).
Rule 5: what waits for an operator's word never takes the place of what does not, and leaves it its own; it has narrower
bounds of its own, and is not counted beyond them: whoever sends a month again may send nothing else.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, cast, final

import msgspec

from rater.core.account.mending import is_by_word, is_kept, is_priceless
from rater.core.limits import DAY_MS
from rater.wire.layouts import check_layout
from topics.keys import suspense_key
from topics.records import OpenSuspense
from topics.records.open_suspense import (
    OPEN_BYTES_MAX,
    OPEN_CALLS_MAX,
    OPEN_SUSPENSE_LAYOUT,
    WORD_BYTES_MAX,
    WORD_CALLS_MAX,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rater.batch.charging.lot_ids import Changes
    from rater.core.cdr import Cdr, Source
    from rater.core.suspension import Suspension
    from topics.records import SuspenseReason

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(OpenSuspense).decode


@final
class SuspenseShard:
    """The calls of one partition that wait, as bytes: a table's state."""

    def __init__(self) -> None:
        self.all: Final = Tally()
        self.words: Final = Tally()
        """Of them those that wait for an operator's word."""
        self.later = 0
        """How many of them are no first versions."""
        self._values: dict[bytes, bytes] = {}
        self._came: dict[tuple[int, SuspenseReason], dict[bytes, int]] = {}
        """By day and reason, when those came that may be freed."""
        self.get = self._values.get

    def __len__(self) -> int:
        """Return the number of calls."""
        return len(self._values)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over keys and values."""
        return iter(self._values.items())

    def came_by(self, at_ms: int, most: int | None = None) -> list[tuple[bytes, int]]:
        """Return the calls that came by an instant and may be freed, the earliest days first; `most`: so many."""
        found: list[tuple[bytes, int]] = []
        for day in sorted(each for each in self._came if each[0] * DAY_MS <= at_ms):
            found += [(key, came) for key, came in self._came[day].items() if came <= at_ms]
            if most is not None and len(found) >= most:
                return found[:most]
        return found

    def earliest(self) -> tuple[int, bytes] | None:
        """Return when the call came that has waited longest of those that may be freed, and its key."""
        if not self._came:
            return None
        first = min(day for day, _ in self._came)
        calls = (each for (day, _), each in self._came.items() if day == first)
        return min((came, key) for each in calls for key, came in each.items())

    def oldest(self) -> dict[SuspenseReason, int]:
        """Return, by reason, when the call came that has waited longest of those that may be freed."""
        days: dict[SuspenseReason, int] = {}
        for day, reason in self._came:
            days[reason] = min(day, days.get(reason, day))
        return {reason: min(self._came[day, reason].values()) for reason, day in days.items()}

    def load(self, records: Sequence[tuple[bytes | None, bytes | None]]) -> None:
        """Take a fetch of the changelog, in its order; a record without a value ends a waiting."""
        for key, value in records:
            if key is None:
                message = f"suspense changelog: a record without a key, value {value!r}"
                raise ValueError(message)
            self._drop(key)
            if value is not None:
                self._take(key, value)

    def put(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Take what a batch has committed."""
        if changes:
            self.load(list(changes.items()))

    def _take(self, key: bytes, value: bytes) -> None:
        check_layout("suspense changelog", value, OPEN_SUSPENSE_LAYOUT)
        row = read_open(value)
        self._values[key] = value
        self.later += row.version > 1
        _count(row, 1, len(value), self.all, self.words)
        if _may_be_free(row):
            self._came.setdefault((row.at_ms // DAY_MS, row.reason), {})[key] = row.at_ms

    def _drop(self, key: bytes) -> None:
        value = self._values.pop(key, None)
        if value is None:
            return
        row = read_open(value)
        self.later -= row.version > 1
        _count(row, -1, -len(value), self.all, self.words)
        if _may_be_free(row):
            day = row.at_ms // DAY_MS, row.reason
            del self._came[day][key]
            if not self._came[day]:
                del self._came[day]


@final
class Tally:
    """How many of some calls wait, and their bytes; of a batch by how much it changes that."""

    def __init__(self) -> None:
        self.calls: Final[Counter[str]] = Counter()
        """By account; none of those that have none."""
        self.bytes_used = 0

    def add(self, tenant_id: str, calls: int, size: int) -> None:
        """Count calls of an account, or no longer."""
        self.calls[tenant_id] += calls
        if not self.calls[tenant_id]:
            del self.calls[tenant_id]
        self.bytes_used += size


def _count(row: OpenSuspense, calls: int, size: int, of_all: Tally, of_words: Tally) -> None:
    """Count a row where it belongs."""
    of_all.add(row.tenant_id, calls, size)
    if is_by_word(row.reason):
        of_words.add(row.tenant_id, calls, size)


def _is_full(kept: Tally, mine: Tally, tenant_id: str, size: int, bounds: tuple[int, int]) -> bool:
    """Say whether one more call of an account is beyond the bounds: of its calls, and of the bytes of all."""
    calls = kept.calls[tenant_id] + mine.calls[tenant_id]
    return calls >= bounds[0] or kept.bytes_used + mine.bytes_used + size > bounds[1]


def _may_be_free(row: OpenSuspense) -> bool:
    return not row.charged and not row.never_free


def read_open(value: bytes) -> OpenSuspense:
    """Read a call that waits, as we wrote it; anything else raises ValueError."""
    try:
        return _decode(value)
    except msgspec.MsgspecError as error:
        message = f"suspense changelog: {value[:80]!r} is none: {error}"
        raise ValueError(message) from error


@final
class SuspenseBatch:
    """The calls that wait as one batch sees them: those that are kept, and what it changes."""

    def __init__(self, shard: SuspenseShard, changes: Changes, beyond: Counter[str]) -> None:
        """Begin with nothing changed; `changes` and `beyond` are those of the batch's decision, and are filled here."""
        self.shard = shard
        self.changes = changes
        self.beyond = beyond
        """How many calls of each account are not kept, for a limit is reached."""
        self.has_later = shard.later > 0
        """Whether versions may wait that are no first ones."""
        self._all = Tally()
        self._words = Tally()

    def of(self, tenant_id: str, cdr_id: str) -> OpenSuspense | None:
        """Return what waits under an id."""
        value = self._value(suspense_key(tenant_id, cdr_id))
        return None if value is None else read_open(value)

    def keep(
        self, cdr: Cdr, text: bytes, source: Source, why: Suspension, stands: tuple[bool, bool]
    ) -> bool:
        """Keep a call that waits from now on; `stands`: whether a charge of an earlier version does, or its void.

        False: it is not kept, for nothing here can mend it, a later version or another call of its id waits, or a limit
        is reached.
        """
        if not is_kept(why.reason):
            return False
        before = self.of(cdr.tenant_id, cdr.cdr_id)
        if before is not None and not _gives_way(before, cdr, why):
            return False
        row = OpenSuspense(
            OPEN_SUSPENSE_LAYOUT,
            cdr.tenant_id,
            cdr.cdr_id,
            cdr.version,
            source.at_ms,
            source.topic,
            source.partition,
            source.offset,
            cast("SuspenseReason", str(why.reason)),
            text.decode(),
            stands[0],
            not is_priceless(why),
            stands[1],
        )
        value = _encode(row)
        if before is None and not self._has_room(row, len(value)):
            if not is_by_word(row.reason):
                self.beyond[cdr.tenant_id] += 1
            return False
        self.has_later = self.has_later or cdr.version > 1
        self._set(row, value)
        return True

    def settled(self, cdr: Cdr, *, stands: bool) -> None:
        """Note that a version was charged, or a void taken; `stands`: whether a charge stands after it."""
        row = self.of(cdr.tenant_id, cdr.cdr_id)
        if row is None:
            return
        if row.version < cdr.version:
            self.end(row)
        elif (row.charged, row.voided) != (stands, not stands):
            marked = msgspec.structs.replace(row, charged=stands, voided=not stands)
            self._set(marked, _encode(marked))

    def wait_on(self, row: OpenSuspense, why: Suspension) -> None:
        """Note what a call that was looked at again waits for now."""
        reason = cast("SuspenseReason", str(why.reason))
        now = msgspec.structs.replace(row, reason=reason, never_free=not is_priceless(why))
        if now != row:
            self._set(now, _encode(now))

    def end(self, row: OpenSuspense) -> None:
        """End the waiting of a call."""
        self._set(row, None)

    def _set(self, row: OpenSuspense, value: bytes | None) -> None:
        key = suspense_key(row.tenant_id, row.cdr_id)
        before = self._value(key)
        if before is not None:
            _count(read_open(before), -1, -len(before), self._all, self._words)
        if value is not None:
            _count(row, 1, len(value), self._all, self._words)
        self.changes[key] = value

    def _value(self, key: bytes) -> bytes | None:
        return self.changes[key] if key in self.changes else self.shard.get(key)

    def _has_room(self, row: OpenSuspense, size: int) -> bool:
        who, bounds = row.tenant_id, (WORD_CALLS_MAX, WORD_BYTES_MAX)
        if is_by_word(row.reason) and _is_full(self.shard.words, self._words, who, size, bounds):
            return False
        return not _is_full(self.shard.all, self._all, who, size, (OPEN_CALLS_MAX, OPEN_BYTES_MAX))


def _gives_way(before: OpenSuspense, cdr: Cdr, why: Suspension) -> bool:
    """Say whether what waits makes room for what comes: an earlier version; or the same, which waited for a word."""
    if is_by_word(why.reason):
        return is_by_word(before.reason) and before.version < cdr.version
    return before.version < cdr.version + is_by_word(before.reason)
