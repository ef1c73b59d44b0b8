"""The accounts of one partition, as bytes: a table's state, and which of them a timer must look at.

The bytes are the committed truth; a batch works on copies and hands back new bytes after its commit.
"""

from collections.abc import Iterator, Mapping, Sequence

from rater.core.limits import DAY_MS, NEVER_MS
from rater.wire.account.state import (
    check_layout,
    decode_head,
    read_numbers,
)

_DIRTY = 1


class AccountsShard:
    """Account bytes by key (the tenant id), with the dirty ones and, by day, those that fall due."""

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}
        self._dirty: set[bytes] = set()
        self._due: dict[int, set[bytes]] = {}
        # Plain numbers, compared one by one: a list of them took as long for each account as to write it.
        self._cdrs = self._commands = self._requests = self._timers = -1
        self.get = self._values.get

    def __len__(self) -> int:
        """Return the number of accounts."""
        return len(self._values)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over keys and values."""
        return iter(self._values.items())

    def load(self, records: Sequence[tuple[bytes | None, bytes | None]]) -> None:
        """Take a fetch of the changelog; a record without a value removes its account."""
        for key, value in records:
            if key is None:
                continue
            if value is None:
                self._values.pop(key, None)
                self._dirty.discard(key)
            else:
                self._set(key, value)

    def put(self, values: Mapping[bytes, bytes]) -> None:
        """Take what a batch has committed."""
        for key, value in values.items():
            self._set(key, value)

    def dirty(self) -> list[bytes]:
        """Return the accounts that owe a status."""
        return list(self._dirty)

    def due(self, now_ms: int, most: int | None = None) -> list[tuple[bytes, int]]:
        """Return the accounts in which a lot falls due by now, or a month begins, each with its due time.

        `most`: how many of them at most.
        """
        found: list[tuple[bytes, int]] = []
        for day in [day for day in self._due if day * DAY_MS <= now_ms]:
            waiting = self._due[day]
            for key in list(waiting):
                if len(found) == most:
                    return found
                due_ms = self._due_ms(key)
                if due_ms // DAY_MS != day:
                    waiting.discard(key)
                elif due_ms <= now_ms:
                    found.append((key, due_ms))
            if not waiting:
                del self._due[day]
        return found

    def watermarks(self) -> tuple[int, int, int, int]:
        """Return the highest offsets applied, of CDRs, commands, requests and timers; -1 where there are none."""
        return self._cdrs, self._commands, self._requests, self._timers

    def _set(self, key: bytes, value: bytes) -> None:
        check_layout(value)
        self._values[key] = value
        if value[1] & _DIRTY:
            self._dirty.add(key)
        elif self._dirty:
            self._dirty.discard(key)
        due_ms, cdrs, commands, requests, timers = read_numbers(value)
        self._cdrs = max(self._cdrs, cdrs)
        self._commands = max(self._commands, commands)
        self._requests = max(self._requests, requests)
        self._timers = max(self._timers, timers)
        if due_ms != NEVER_MS:
            day = due_ms // DAY_MS
            bucket = self._due.get(day)
            if bucket is None:
                self._due[day] = {key}
            else:
                bucket.add(key)

    def _due_ms(self, key: bytes) -> int:
        value = self._values.get(key)
        return NEVER_MS if value is None else decode_head(value).due_ms
