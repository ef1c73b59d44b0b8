"""Zone change: from the beginning of a month on an account's clocks are those of another time zone.

Rule 1: the month in which a change is asked for ends when it would have ended without it, by the clocks of before. With
        that instant the next month begins and the new clocks count: they say when it ends.
Rule 2: where the new clocks still count the first hours of it to the month before (a change from east to west), these
        hours are of the new month all the same. So each instant is of one month, and months follow without a gap.
Rule 3: a change alters no month of what starts in the month in which it is asked for, or in the first 26 days of the
        next. So a call is of the same month whether it is charged before the request or after it.
Rule 4: a change asked for before another has begun takes its place; to ask for the time zone of now takes it back.
Rule 5: a change that another has followed so long ago that no call of then is taken any more is let go.
"""

from typing import Final, final

from rater.core.account.past import KEPT_MS
from rater.core.limits import NEVER_MS
from rater.core.value import Value


@final
class ZoneChange(Value):
    """The time zone from an instant on, and the month that begins then, as 2026-12."""

    __match_args__ = ("from_ms", "month", "time_zone")
    __slots__ = __match_args__

    def __init__(self, from_ms: int, month: str, time_zone: str) -> None:
        self.from_ms: Final = from_ms
        self.month: Final = month
        self.time_zone: Final = time_zone


def change_at(changes: list[ZoneChange], at_ms: int) -> ZoneChange | None:
    """Return the change that holds at an instant; None before the first."""
    found: ZoneChange | None = None
    for each in changes:
        if each.from_ms <= at_ms:
            found = each
    return found


def next_change_ms(changes: list[ZoneChange], at_ms: int) -> int:
    """Return when the next change begins; NEVER_MS where none is known."""
    return min([each.from_ms for each in changes if each.from_ms > at_ms], default=NEVER_MS)


def time_zone_at(time_zone: str, changes: list[ZoneChange], at_ms: int) -> str:
    """Return the time zone at an instant; before all changes it is the one given."""
    change = change_at(changes, at_ms)
    return time_zone if change is None else change.time_zone


def latest_time_zone(time_zone: str, changes: list[ZoneChange]) -> str:
    """Return the time zone that holds once all changes have begun."""
    return changes[-1].time_zone if changes else time_zone


def with_zone_change(
    time_zone: str, changes: list[ZoneChange], change: ZoneChange, now_ms: int
) -> tuple[str, list[ZoneChange]]:
    """Return the time zone before all changes that are known after one more, and those changes, in order."""
    kept = [each for each in changes if each.from_ms < change.from_ms]
    if latest_time_zone(time_zone, kept) != change.time_zone:
        kept.append(change)
    while len(kept) > 1 and kept[1].from_ms <= now_ms - KEPT_MS:
        time_zone = kept.pop(0).time_zone
    return time_zone, kept
