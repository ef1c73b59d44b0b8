"""Deck slots: which rows of a prefix hold when, read anew from the published cells, and what they bill of a call.

Asked where it decides a price: no call costs more because a pool has paid a part of it (A91), and of a prefix with
several rows what the whole costs depends on those under which the pool's seconds fell. Callers are not held: each
origin of the prefix may have been the call's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rater.reconcile.folds.deck_prices import Price, read_price
from topics.records import DeckManifest

_DAY_S = 86_400
_MINUTE_S = 60
_SECOND_MS = 1_000
_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Slot(NamedTuple):
    """A row and when it holds: on days from a second of the day to another, and from a second of the call on."""

    price: Price
    origin: str
    calendar: str
    days: frozenset[int]
    """Of the week, Monday is 0: those on which its hours begin."""
    start_s: int
    end_s: int
    from_second: int

    def holds(self, weekday: int, second: int) -> bool:
        """Tell whether the row holds on a day of the week at a second of it."""
        if self.start_s < self.end_s:
            return weekday in self.days and self.start_s <= second < self.end_s
        if second >= self.start_s:
            return weekday in self.days
        return second < self.end_s and (weekday - 1) % 7 in self.days


class Stretch(NamedTuple):
    """Seconds of a call under one row, and what is billed of them."""

    seconds: int
    billed_s: int
    price: Price


def nanos_of(stretches: Iterable[Stretch]) -> Fraction:
    """Return what stretches cost."""
    return sum((each.price.cost_nanos(each.billed_s) for each in stretches), Fraction(0))


@dataclass(frozen=True, slots=True)
class Clockwork:
    """What a version of a deck says of times."""

    zone: ZoneInfo
    is_kept: bool
    """Whether what holds at the answer holds for the whole call."""
    dates: Mapping[str, frozenset[date]]
    """Those of each calendar."""

    @classmethod
    def of(cls, manifest: DeckManifest) -> "Clockwork":
        """Read them; a time zone or a date that there is not: ValueError or LookupError."""
        try:
            zone = ZoneInfo(manifest.time_zone)
        except OSError as error:
            message = f"time_zone: {manifest.time_zone!r} is none"
            raise ValueError(message) from error
        dates = {
            each.name: frozenset(date.fromisoformat(day) for day in each.dates)
            for each in manifest.calendars
        }
        return cls(zone, manifest.band_policy == "start", dates)


@dataclass(frozen=True, slots=True)
class Slots:
    """The rows of a prefix, and the clocks by which they hold."""

    rows: Sequence[Slot]
    clockwork: Clockwork

    def billings(
        self, answered_ms: int, seconds: int, paid_s: int
    ) -> Iterator[tuple[list[Stretch], list[Stretch]]]:
        """Yield for every origin what is billed of a whole call, and what of it after its first seconds are paid."""
        for origin in sorted({row.origin for row in self.rows}):
            under = list(self._under(origin, answered_ms, seconds))
            rows = [row for _, _, row in under]
            # A row of one price per call at the answer pays for hours in which no other holds, too.
            if rows[0] is not None and (None not in rows or not rows[0].price.increment_s):
                yield _billed(under, seconds, 0), _billed(under, seconds, paid_s)

    def _under(
        self, origin: str, answered_ms: int, seconds: int
    ) -> Iterator[tuple[int, int, Slot | None]]:
        """Yield the stretches of a call under one row: first second, end, row."""
        rows = [row for row in self.rows if row.origin == origin]
        start, last = 0, self._at(rows, answered_ms, 0)
        for second in self._marks(rows, answered_ms, seconds):
            row = self._at(rows, answered_ms, second)
            if row is not last:
                yield start, second, last
                start, last = second, row
        yield start, seconds, last

    def _at(self, rows: Sequence[Slot], answered_ms: int, second: int) -> Slot | None:
        """Return the row in force at a second of a call; None: none is."""
        asked_ms = answered_ms + (0 if self.clockwork.is_kept else second * _SECOND_MS)
        there = (_EPOCH + timedelta(milliseconds=asked_ms)).astimezone(self.clockwork.zone)
        named = [name for name, days in self.clockwork.dates.items() if there.date() in days]
        dated = [row for row in rows if row.calendar in named]
        of_day = there.hour * 3_600 + there.minute * _MINUTE_S + there.second
        holding = [
            row
            for row in dated or [row for row in rows if not row.calendar]
            if row.from_second <= second and row.holds(there.weekday(), of_day)
        ]
        return max(holding, key=lambda row: row.from_second, default=None)

    def _marks(self, rows: Sequence[Slot], answered_ms: int, seconds: int) -> list[int]:
        """Return the seconds of a call at which another row may come into force.

        Clocks are changed at whole minutes, and zones are whole minutes from UTC; hours of rows may have seconds.
        """
        marks = {row.from_second for row in rows}
        if not self.clockwork.is_kept:
            of_minute = {0} | {
                edge % _MINUTE_S for row in rows for edge in (row.start_s, row.end_s)
            }
            # A second of the call is of the instant at which it begins: the first at an edge or after it.
            answered_s = answered_ms // _SECOND_MS
            for edge in of_minute:
                marks |= set(range((edge - answered_s) % _MINUTE_S, seconds, _MINUTE_S))
        return sorted(mark for mark in marks if 0 < mark < seconds)


def read_slots(
    manifest: DeckManifest,
    rows: Iterable[tuple[tuple[str, str], Mapping[str, str]]],
) -> dict[tuple[str, str], Slots]:
    """Read the slots of rows with their prefixes; what cannot be read: ValueError or LookupError."""
    clockwork = Clockwork.of(manifest)
    found: dict[tuple[str, str], list[Slot]] = {}
    for prefix, cells in rows:
        found.setdefault(prefix, []).append(read_slot(cells))
    return {prefix: Slots(tuple(each), clockwork) for prefix, each in found.items()}


def read_slot(cells: Mapping[str, str]) -> Slot:
    """Read when a row holds; a cell that says none: ValueError."""

    def said(name: str, default: str) -> str:
        return cells.get(name, "").strip() or default

    return Slot(
        read_price(cells),
        said("origin_prefix", "").lstrip("+"),
        said("calendar", ""),
        _days(said("days", "mon-sun")),
        _second_of_day(said("start", "00:00")),
        _second_of_day(said("end", "24:00")),
        int(said("from_second", "0")),
    )


def _billed(
    under: Sequence[tuple[int, int, Slot | None]], seconds: int, paid_s: int
) -> list[Stretch]:
    """Bill the stretches of a call after its first seconds: what one is billed beyond its end, the next is not."""
    begin, billed = paid_s, list[Stretch]()
    for start, end, row in under:
        assert row is not None, under
        if not start and not row.price.increment_s:
            left_s = seconds - paid_s
            return [Stretch(left_s, row.price.billed_s(left_s, is_first=True), row.price)]
        if begin < end:
            is_first = not (paid_s or billed)
            billed_s = row.price.billed_s(end - begin, is_first=is_first)
            billed.append(Stretch(end - begin, billed_s, row.price))
            # A tier that pays for a whole call costs nothing later, and is passed like any other.
            begin = max(end, begin + billed_s)
    return billed


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.lower().replace(",", " ").split():
        first, _, last = part.partition("-")
        begin = _WEEK.index(first)
        found |= {(begin + day) % 7 for day in range((_WEEK.index(last or first) - begin) % 7 + 1)}
    return frozenset(found)


def _second_of_day(text: str) -> int:
    hours, minutes, *seconds = (int(part) for part in text.split(":"))
    return hours * 3_600 + minutes * _MINUTE_S + sum(seconds)
