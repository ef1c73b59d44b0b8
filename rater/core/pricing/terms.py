"""Terms: all that a deck says about the calls to one prefix, one direction.

A prefix with a single plain row is that `Row`; anything more is `Terms`. Deny ranges are settled
here, once:

Rule 1: a deny row outranks every price of its deck under it. A prefix under a plain deny row maps
        to that deny row.
Rule 2: a deny row with hours or callers is a guard of the longer prefixes: asked at the answer,
        before their own rows.
Rule 3: the number alone finds the prefix; then, among its rows, the longest origin prefix of the
        caller's number wins, and rows without one are the fallback. Where no row fits the caller
        there is no rate, and nothing shorter is tried. Rows of the origin `unknown` are for callers
        whose number does not say where they are, and for no others.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from msgspec import Struct

from rater.core.pricing.rates import UNKNOWN_ORIGIN, Action, Row
from rater.core.pricing.schedule import Calendars, Clash, Schedule, compile_schedule


class Terms(Struct, frozen=True, gc=False):
    """The slots of one prefix, by caller, and the guards above it."""

    prefix: str
    schedules: dict[str, Schedule]
    """By origin prefix with its plus sign; the empty one is the fallback, `unknown` for unknown callers."""
    origin_lengths: tuple[int, ...]
    """Lengths of the origin prefixes, longest first."""
    guards: tuple["Terms", ...] = ()
    """Shorter prefixes that deny at some hours or to some callers, shortest first."""

    def schedule_for(self, caller: str | None) -> Schedule | None:
        """Return the slots for a caller; None where no row fits."""
        if caller and self.origin_lengths:
            for length in self.origin_lengths:
                found = self.schedules.get(caller[:length])
                if found is not None:
                    return found
        return self.schedules.get("")

    def candidates_for(self, caller: str | None) -> list[Schedule | None]:
        """Return the slots of every completion of a masked caller's number."""
        known, star, rest = (caller or "").partition("*")
        found = [self.schedule_for(known)]
        if star:
            length_max = len(known) + 1 + len(rest)
            found += [
                schedule
                for origin, schedule in self.schedules.items()
                if len(known) < len(origin) <= length_max and origin.startswith(known)
            ]
        return found

    @property
    def asks_caller(self) -> bool:
        """Tell whether the price depends on who calls."""
        return len(self.schedules) > 1 or "" not in self.schedules

    def rows(self) -> list[Row]:
        """Return all rows of the prefix."""
        return [row for schedule in self.schedules.values() for row in schedule.rows()]

    @property
    def may_deny(self) -> bool:
        """Tell whether some call is denied at its answer."""
        return any(schedule.may_deny for schedule in self.schedules.values())

    def price_terms(self) -> tuple[object, ...]:
        """Return all that decides a charge, guards included."""
        own = sorted((row.price_terms() for row in self.rows()), key=repr)
        return (tuple(own), tuple(guard.prefix for guard in self.guards))


Entry: TypeAlias = Row | Terms


def price_terms(entry: Entry) -> tuple[object, ...]:
    """Return all that decides a charge; equal for prefixes that price every call alike."""
    return ((entry.price_terms(),), ()) if isinstance(entry, Row) else entry.price_terms()


def compile_terms(
    rows: Iterable[Row], calendars: Calendars
) -> tuple[dict[str, Entry], list[Clash]]:
    """Compile the rows of one direction: entries by `+prefix`, and all that clashes."""
    by_prefix: dict[str, list[Row]] = {}
    for row in rows:
        by_prefix.setdefault("+" + row.prefix, []).append(row)
    clashes: list[Clash] = []
    entries: dict[str, Entry] = {}
    above: list[tuple[str, Entry]] = []
    for prefix in sorted(by_prefix):  # A prefix comes before all that is under it.
        while above and not prefix.startswith(above[-1][0]):
            above.pop()
        entry = _entry(by_prefix[prefix], [entry for _, entry in above], calendars, clashes)
        entries[prefix] = entry
        above.append((prefix, entry))
    return entries, clashes


def _entry(
    rows: Sequence[Row], above: Sequence[Entry], calendars: Calendars, clashes: list[Clash]
) -> Entry:
    """Compile one prefix under those above it, nearest last."""
    nearest = above[-1] if above else None
    single = rows[0] if len(rows) == 1 and rows[0].is_plain else None
    if single is not None and single.action is Action.DENY:
        return single
    if isinstance(nearest, Row) and nearest.action is Action.DENY:
        _schedules(rows, calendars, clashes)  # What is wrong is told even where it never applies.
        return nearest
    guards = tuple(entry for entry in above if isinstance(entry, Terms) and entry.may_deny)
    if single is not None and not guards:
        return single
    schedules = _schedules(rows, calendars, clashes)
    lengths = sorted({len(origin) for origin in schedules if origin[:1] == "+"}, reverse=True)
    return Terms(rows[0].prefix, schedules, tuple(lengths), guards)


def origin_of(row: Row) -> str:
    """Return the callers of a row as the slots of its prefix name them."""
    named = row.origin_prefix
    return "+" + named if named and named != UNKNOWN_ORIGIN else named


def _schedules(
    rows: Sequence[Row], calendars: Calendars, clashes: list[Clash]
) -> dict[str, Schedule]:
    """Compile the slots per origin prefix; clashes are added to the list."""
    by_origin: dict[str, list[Row]] = {}
    for row in rows:
        by_origin.setdefault(origin_of(row), []).append(row)
    schedules: dict[str, Schedule] = {}
    for origin, those in by_origin.items():
        compiled = compile_schedule(those, calendars)
        if isinstance(compiled, Schedule):
            schedules[origin] = compiled
        else:
            clashes += compiled
    return schedules
