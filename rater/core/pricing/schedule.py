"""Schedule: which row is in force on a date, at an hour of the week and a second of the call.

The rows of one prefix, direction and caller form the slots. The week, from Monday 00:00 local time,
is cut where any of them begins or ends; in each stretch the rows that hold are its tiers, by the
second of the call from which they do. At a second the tier with the greatest start at or before it
is in force, so tiers of different starts never clash; two rows with the same start that hold at the
same hour do, and the deck is refused.

Rows of a calendar form slots of their own, which hold on its dates, from midnight to midnight of local
time, instead of the others. Two calendars of one prefix and caller have no date in common.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise

from msgspec import Struct

from rater.core.limits import DAY_MS, SECOND_MS
from rater.core.pricing.rates import DAY_S, Action, Row
from rater.core.pricing.zones import WEEK_MS, time_of_week

WEEK_S = 7 * DAY_S

SLOTS_MAX = 256
"""Rows of one prefix, direction and caller: keeps the spans of the longest call below 10,000."""


Calendars = Mapping[str, frozenset[int]]
"""By name the dates of a deck's calendars, as days since 1970-01-01."""


class Tiers(Struct, frozen=True, gc=False):
    """The rows that hold at one hour, by the second of the call from which they do."""

    starts: tuple[int, ...]
    rows: tuple[Row, ...]

    def at(self, second: int) -> tuple[Row | None, int | None]:
        """Return the row in force at a second of the call, and the second of the next tier."""
        index = bisect_right(self.starts, second)
        following = self.starts[index] if index < len(self.starts) else None
        return (self.rows[index - 1] if index else None), following


class Dated(Struct, frozen=True, gc=False):
    """The slots that hold on the dates of a calendar."""

    days: frozenset[int]
    schedule: "Schedule"


class Schedule(Struct, frozen=True, gc=False):
    """The compiled slots: stretches of the week, in ms since Monday 00:00, from 0 on."""

    starts_ms: tuple[int, ...]
    tiers: tuple[Tiers, ...]
    dated: tuple[Dated, ...] = ()
    """What holds on the dates of calendars instead."""

    def on(self, day: int) -> "Schedule":
        """Return the slots that hold on a day."""
        for dated in self.dated:
            if day in dated.days:
                return dated.schedule
        return self

    def in_force(self, local_ms: int) -> tuple[Tiers, int]:
        """Return the tiers at a local time, and for how many ms they hold, as long as no clock is changed."""
        week_ms = time_of_week(local_ms)
        if not self.dated:
            tiers, end_ms = self.stretch(week_ms)
            return tiers, end_ms - week_ms
        day, day_ms = divmod(local_ms, DAY_MS)
        tiers, end_ms = self.on(day).stretch(week_ms)
        return tiers, min(end_ms - week_ms, DAY_MS - day_ms)

    def stretch(self, week_ms: int) -> tuple[Tiers, int]:
        """Return the tiers at a time of the week, and when in it their stretch ends."""
        index = bisect_right(self.starts_ms, week_ms)
        end_ms = self.starts_ms[index] if index < len(self.starts_ms) else WEEK_MS
        return self.tiers[index - 1], end_ms

    def frozen_at(self, local_ms: int) -> "Schedule":
        """Return a schedule that keeps for ever what holds at a local time."""
        return Schedule((0,), (self.in_force(local_ms)[0],))

    @property
    def is_even(self) -> bool:
        """Tell whether date and hour make no difference."""
        return len(self.tiers) == 1 and not self.dated

    def parts(self) -> list["Schedule"]:
        """Return the slots of the week, then those of each calendar."""
        return [self, *(dated.schedule for dated in self.dated)]

    @property
    def may_deny(self) -> bool:
        """Tell whether at some hour a call is denied at its answer."""
        answers = (tiers.at(0)[0] for part in self.parts() for tiers in part.tiers)
        return any(row is not None and row.action is Action.DENY for row in answers)

    def rows(self) -> list[Row]:
        """Return the rows, by line."""
        every = (tiers for part in self.parts() for tiers in part.tiers)
        found = {row.line: row for tiers in every for row in tiers.rows}
        return [found[line] for line in sorted(found)]


class Clash(Struct, frozen=True):
    """Two rows that may not stand in one deck."""

    kind: str
    """`overlap`: both hold at the same hour and second; `too_many_slots`: the first and last of too
    many; `unknown_calendar`: the deck has none of that name; `shared_date`: of two calendars."""
    first: Row
    second: Row
    day: int | None = None
    """The first date that two calendars share."""


def compile_schedule(rows: Sequence[Row], calendars: Calendars) -> Schedule | list[Clash]:
    """Compile the slots of one prefix, direction and caller; a list names what clashes."""
    if len(rows) > SLOTS_MAX:
        return [Clash("too_many_slots", rows[0], rows[-1])]
    by_name: dict[str, list[Row]] = {"": []}
    for row in rows:
        by_name.setdefault(row.calendar, []).append(row)
    clashes = _calendar_clashes(by_name, calendars)
    parts: dict[str, Schedule] = {}
    for name, those in by_name.items():
        part = _compile_week(those)
        if isinstance(part, Schedule):
            parts[name] = part
        else:
            clashes += part
    if clashes:
        return clashes
    week = parts.pop("")
    dated = tuple(Dated(calendars[name], part) for name, part in parts.items())
    return Schedule(week.starts_ms, week.tiers, dated) if dated else week


def _calendar_clashes(by_name: Mapping[str, list[Row]], calendars: Calendars) -> list[Clash]:
    """Return rows of calendars that are not there, and of two that share a date."""
    named = [(name, those[0]) for name, those in by_name.items() if name]
    clashes = [Clash("unknown_calendar", row, row) for name, row in named if name not in calendars]
    for (name, first), (other, second) in combinations(named, 2):
        if shared := calendars.get(name, frozenset()) & calendars.get(other, frozenset()):
            clashes.append(Clash("shared_date", first, second, min(shared)))
    return clashes


def _compile_week(rows: Sequence[Row]) -> Schedule | list[Clash]:
    """Compile the slots of one calendar, or of none."""
    clashes = _clashes(rows)
    if clashes:
        return clashes
    if len(rows) == 1 and rows[0].is_all_week:
        return Schedule((0,), (Tiers((rows[0].from_second,), (rows[0],)),))
    intervals = [(start, end, row) for row in rows for start, end in week_intervals(row)]
    cuts = sorted({0, WEEK_S}.union(*((start, end) for start, end, _ in intervals)))
    starts_ms: list[int] = []
    stretches: list[Tiers] = []
    for start, end in pairwise(cuts):
        tiers = _tiers([row for begin, stop, row in intervals if begin <= start and end <= stop])
        if not stretches or stretches[-1] != tiers:
            starts_ms.append(start * SECOND_MS)
            stretches.append(tiers)
    return Schedule(tuple(starts_ms), tuple(stretches))


def week_intervals(row: Row) -> Iterator[tuple[int, int]]:
    """Yield the seconds of the week in which a row holds; its days are those of the start."""
    if row.is_all_week:
        yield 0, WEEK_S
        return
    length = row.end_s - row.start_s
    if length <= 0:
        length += DAY_S
    for day in range(7):
        if row.days >> day & 1:
            start = day * DAY_S + row.start_s
            end = start + length
            yield start, min(end, WEEK_S)
            if end > WEEK_S:
                yield 0, end - WEEK_S


def _tiers(rows: list[Row]) -> Tiers:
    ordered = sorted(rows, key=lambda row: row.from_second)
    return Tiers(tuple(row.from_second for row in ordered), tuple(ordered))


def _clashes(rows: Sequence[Row]) -> list[Clash]:
    """Return the pairs of rows of one tier that hold at one hour; each later row once."""
    found: dict[int, Clash] = {}
    intervals = sorted(
        ((row.from_second, start, end, row) for row in rows for start, end in week_intervals(row)),
        key=lambda interval: (interval[:2], interval[3].line),
    )
    latest = None
    for interval in intervals:
        tier, start, end, row = interval
        if latest is not None and latest[0] == tier and start < latest[2]:
            first, second = sorted((latest[3], row), key=lambda clashing: clashing.line)
            found.setdefault(second.line, Clash("overlap", first, second))
        if latest is None or latest[0] != tier or end > latest[2]:
            latest = interval
    return list(found.values())
