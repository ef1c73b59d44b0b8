"""Zone: a time zone as integers, so that the core needs no clock and no calendar."""

from bisect import bisect_right

from msgspec import Struct

from rater.core.limits import DAY_MS, SECOND_MS

WEEK_MS = 7 * DAY_MS

_MONDAY_MS = 3 * DAY_MS
"""1970-01-01 was a Thursday: three days after the Monday that begins its week."""

FOREVER_MS = 1 << 62
"""Later than any instant that a record can name."""


class Zone(Struct, frozen=True):
    """A time zone: its offsets from UTC and the instants at which they change."""

    name: str
    changes_ms: tuple[int, ...]
    """Instants at which the offset changes, ascending."""
    offsets_s: tuple[int, ...]
    """Seconds ahead of UTC: before the first change, then after each; one more than the changes."""

    def local_time(self, at_ms: int) -> tuple[int, int]:
        """Return the local ms since 1970-01-01 00:00, and when the clocks next change."""
        index = bisect_right(self.changes_ms, at_ms)
        local_ms = at_ms + self.offsets_s[index] * SECOND_MS
        even_until = self.changes_ms[index] if index < len(self.changes_ms) else FOREVER_MS
        return local_ms, even_until

    def even_time(self, at_ms: int) -> tuple[int, int, int]:
        """Return how many ms local time is ahead of UTC, since which change of the clocks, and until which."""
        index = bisect_right(self.changes_ms, at_ms)
        since_ms = self.changes_ms[index - 1] if index else -FOREVER_MS
        local_ms, until_ms = self.local_time(at_ms)
        return local_ms - at_ms, since_ms, until_ms


def time_of_week(local_ms: int) -> int:
    """Return the ms since Monday 00:00 of a local time."""
    return (local_ms + _MONDAY_MS) % WEEK_MS


UTC = Zone("UTC", (), (0,))
