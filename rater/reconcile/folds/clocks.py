"""Clocks: in which month an instant lies for an account, folded from its ledger.

Its time zone may be another from a month on. Such a change says the month that begins with it, and when; no instant
after it lies in a month before, though the new clocks may show the old one for some hours yet.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.standing import KEPT_MS
from rater.reconcile.folds.turns import forget

_MINUTE_MS = 60_000
_DAY_MS, _DAY_S = 86_400_000, 86_400
_FAR_DAY = 1_000_000
"""Of the year 4707."""


class Turn(NamedTuple):
    """What holds from an instant on: the month that begins then, and by whose clocks it ends."""

    from_ms: int
    month: str
    time_zone: str


class Clocks:
    """One account's, as far as the ledger has been folded."""

    def __init__(self, time_zone: str) -> None:
        """Begin with a time zone that is not to change."""
        self.first = self.kept_first = time_zone
        """The one before all turns."""
        self.turns: list[Turn] = []
        """All since what it begins with: statuses and charges of long ago are held by them, too."""
        self.kept: list[Turn] = []
        """Those that the account keeps, before which it has `kept_first`."""
        self._known: list[tuple[int, str, list[Turn]]] = [(0, time_zone, [])]
        """The same after an entry that changed it, by its number."""

    def begin(self, entry: Any) -> None:
        """Take what a month carries forward."""
        said = entry.time_zone_changes
        self.first = self.kept_first = said[0].previous_time_zone if said else entry.time_zone
        self.turns = [Turn(each.valid_from_ms, each.month, each.time_zone) for each in said]
        self.kept = self.turns
        self._known = [(entry.seq - 1, self.first, self.kept)]

    def forget(self, seq: int) -> None:
        """Forget what was known before an entry."""
        forget(self._known, seq)

    def month(self, at_ms: int) -> str:
        """Return the month of an instant, as 2026-12."""
        turns = [turn for turn in self.turns if turn.from_ms <= at_ms]
        if not turns:
            return _local(at_ms, self.first)
        return max(turns[-1].month, _local(at_ms, turns[-1].time_zone))

    def ends(self, month: str, at_ms: int) -> bool:
        """Say whether a month ends at an instant."""
        return self.month(at_ms - 1) == month != self.month(at_ms)

    def span(self, month: str) -> tuple[int, int]:
        """Return the first instant of a month, and that of the next."""
        year, number = map(int, month.split("-"))
        return self._first_of(month), self._first_of(f"{year + number // 12}-{number % 12 + 1:02}")

    def _first_of(self, month: str) -> int:
        begun = [turn for turn in self.turns if turn.month <= month]
        if begun and begun[-1].month == month:
            return begun[-1].from_ms
        year, number = map(int, month.split("-"))
        zone = _zone(begun[-1].time_zone if begun else self.first)
        return int(datetime(year, number, 1, tzinfo=zone).timestamp()) * 1_000

    def take(self, entry: Any, minute: int) -> Iterator[Complaint]:
        """Fold a change; complain of what it could not have been. `minute`: the latest of an entry, since 1970."""
        from_ms, now_ms = entry.valid_from_ms, max(entry.at_ms, minute * _MINUTE_MS)
        if from_ms <= now_ms or not self.ends(self.month(now_ms), from_ms):
            yield Complaint("valid_from_ms", f"the end of {self.month(now_ms)}", from_ms)
        if entry.month != self.month(from_ms):
            yield Complaint("month", self.month(from_ms), entry.month)
        before = self.zone_at(now_ms)
        if entry.previous_time_zone != before:
            yield Complaint("previous_time_zone", before, entry.previous_time_zone)
        if entry.time_zone == (self.turns[-1].time_zone if self.turns else self.first):
            yield Complaint("time_zone", "another than before", entry.time_zone)
        self.turns = [turn for turn in self.turns if turn.from_ms <= now_ms]
        kept = [turn for turn in self.kept if turn.from_ms <= now_ms]
        if entry.time_zone != before:
            turn = Turn(from_ms, entry.month, entry.time_zone)
            self.turns, kept = [*self.turns, turn], [*kept, turn]
        old = bisect_right(kept, entry.at_ms - KEPT_MS, key=lambda turn: turn.from_ms) - 1
        if old > 0:
            self.kept_first, kept = kept[old - 1].time_zone, kept[old:]
        self.kept = kept
        self._known.append((entry.seq, self.kept_first, kept))

    def zone_at(self, at_ms: int) -> str:
        """Return the time zone at an instant."""
        return _zone_at(self.first, self.turns, at_ms)

    def known_at(self, seq: int, at_ms: int) -> tuple[str, list[tuple[str, Turn]]]:
        """Return the time zone of an instant by what was known after an entry, and the turns that a status then says.

        These are the last one by then, and those to come, each with the time zone before it.
        """
        index = bisect_right(self._known, seq, key=lambda known: known[0])
        _, first, turns = self._known[max(index - 1, 0)]
        if not turns:
            return first, []
        said = with_before(first, turns)
        begun = sum(turn.from_ms <= at_ms for turn in turns)
        return _zone_at(first, turns, at_ms), said[max(begun - 1, 0) :]


def with_before(first: str, turns: list[Turn]) -> list[tuple[str, Turn]]:
    """Return turns, each with the time zone before it."""
    zones = [first, *(turn.time_zone for turn in turns)]
    return list(zip(zones, turns, strict=False))


def turns_of(changes: Any) -> list[tuple[str, Turn]]:
    """Return the same as a record says them."""
    return [
        (each.previous_time_zone, Turn(each.valid_from_ms, each.month, each.time_zone))
        for each in changes
    ]


def _zone_at(first: str, turns: list[Turn], at_ms: int) -> str:
    return ([first] + [turn.time_zone for turn in turns if turn.from_ms <= at_ms])[-1]


def _local(at_ms: int, time_zone: str) -> str:
    """Return the month that clocks show; in a time zone that nobody knows those of UTC."""
    day = at_ms // _DAY_MS
    if 0 < day < _FAR_DAY:
        # Clocks were never changed by more than a day: what they show before and behind it, they show on it.
        before = _shown_on(day - 2, time_zone)
        if before == _shown_on(day + 3, time_zone):
            return before
    return _shown(at_ms // 1_000, time_zone)


def _shown_on(day: int, time_zone: str) -> str:
    return _shown(day * _DAY_S, time_zone)


@lru_cache(maxsize=16_384)
def _shown(at_s: int, time_zone: str) -> str:
    there = datetime.fromtimestamp(0, UTC) + timedelta(seconds=at_s)
    return f"{there.astimezone(_zone(time_zone)):%Y-%m}"


def _zone(time_zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(time_zone)
    except (OSError, ValueError, KeyError):
        return ZoneInfo("UTC")
