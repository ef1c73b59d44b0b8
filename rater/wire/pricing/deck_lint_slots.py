"""Lint of slots: hours, first seconds and callers without a row; tiers that an increment swallows."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from rater.core.money import div_half_even
from rater.core.pricing.rates import UNKNOWN_ORIGIN, Row, billed_seconds
from rater.core.pricing.schedule import Schedule, Tiers
from rater.core.pricing.terms import Entry, Terms
from rater.wire.pricing.deck_findings import (
    Finding,
    most_expensive,
    per_minute,
    rate_nanos,
    shown_nanos,
)
from rater.wire.pricing.deck_hours import hours_of, hours_text

_WAIT = "calls there wait in suspense and are not charged"


def lint_slots(entries: Iterable[Entry]) -> Iterator[Finding]:
    """Find what the slots of a prefix leave out, and what they take from each other."""
    for entry in entries:
        if isinstance(entry, Terms):
            yield from _callers(entry)
            for origin, schedule in entry.schedules.items():
                for part in schedule.parts():
                    where = _of(origin) + _on(part)
                    yield from _silent_hours(entry, where, part)
                    yield from _silent_seconds(entry, where, part)
                    yield from _swallowed(entry, part)
                yield from _flat(entry, schedule)


def _callers(terms: Terms) -> Iterator[Finding]:
    if "" not in terms.schedules and terms.schedules:
        row = next(iter(terms.schedules.values())).rows()[0]
        message = (
            f"prefix {terms.prefix} has no row for callers of other origin prefixes than "
            f"{', '.join(terms.schedules)}: {_WAIT}{_asked(terms)}"
        )
        yield Finding("warning", row.line, "no_fallback", message)
    if any(terms.schedules) and UNKNOWN_ORIGIN not in terms.schedules:
        row = terms.rows()[0]
        message = (
            f"prefix {terms.prefix} has rows by origin prefix and none of {UNKNOWN_ORIGIN}: calls of "
            f"callers without a number wait in suspense and are not charged{_asked(terms)}"
        )
        yield Finding("warning", row.line, "no_unknown_origin", message)


def _silent_hours(terms: Terms, where: str, schedule: Schedule) -> Iterator[Finding]:
    silent = [hours_of(schedule, n) for n, tiers in enumerate(schedule.tiers) if not tiers.starts]
    if silent:
        message = (
            f"prefix {terms.prefix}{where} has no row for {hours_text(silent)}: "
            f"{_WAIT}{_asked(terms)}"
        )
        yield Finding("warning", schedule.rows()[0].line, "outside_bands", message)


def _silent_seconds(terms: Terms, where: str, schedule: Schedule) -> Iterator[Finding]:
    late = [(n, tiers) for n, tiers in enumerate(schedule.tiers) if tiers.starts]
    for first in sorted({tiers.starts[0] for _, tiers in late} - {0}):
        those = [(n, tiers) for n, tiers in late if tiers.starts[0] == first]
        hours = hours_text(hours_of(schedule, n) for n, _ in those)
        message = (
            f"prefix {terms.prefix}{where} has no row for the first {first} seconds of a "
            f"call, {hours}: {_WAIT}{_asked(terms)}"
        )
        yield Finding("warning", those[0][1].rows[0].line, "outside_bands", message)


def _of(origin: str) -> str:
    return f" for callers {origin}" if origin else ""


def _on(part: Schedule) -> str:
    named = {row.calendar for tiers in part.tiers for row in tiers.rows} - {""}
    return f" on dates of {min(named)}" if named else ""


def _asked(terms: Terms) -> str:
    row = most_expensive(terms)
    return "" if row is None else f"; line {row.line} asks {per_minute(row)} a minute"


def _swallowed(terms: Terms, schedule: Schedule) -> Iterator[Finding]:
    found: dict[tuple[int, int], Finding] = {}
    for tiers in schedule.tiers:
        for swallowing, loser, seconds, is_all in _overruns(tiers):
            per_s = swallowing.per_s * loser.per_s
            apart = rate_nanos(loser) * swallowing.per_s - rate_nanos(swallowing) * loser.per_s
            if not apart:
                continue
            money = shown_nanos(div_half_even(abs(apart) * seconds, per_s))
            lost = "never applies" if is_all else f"loses its first {seconds} seconds"
            message = (
                f"prefix {terms.prefix}: the tier of line {loser.line} from second "
                f"{loser.from_second} ({per_minute(loser)} a minute) {lost}: they are billed by the "
                f"increment {swallowing.initial_s}/{swallowing.increment_s} of the tier before "
                f"({per_minute(swallowing)} a minute), {money} a call too "
                f"{'little' if apart > 0 else 'much'}"
            )
            key = swallowing.line, loser.line
            found[key] = Finding("warning", swallowing.line, "tier_swallowed", message)
    yield from found.values()


def _flat(terms: Terms, schedule: Schedule) -> Iterator[Finding]:
    """Find tiers after one price per call, and hours of one that others run into."""
    for row in schedule.rows():
        every = [tiers for part in schedule.parts() for tiers in part.tiers]
        if row.from_second and any(tiers.rows[0].is_flat for tiers in every if row in tiers.rows):
            message = (
                f"prefix {terms.prefix}: the tier from second {row.from_second} ({per_minute(row)} a "
                "minute) never applies: the row before it has one price per call"
            )
            yield Finding("warning", row.line, "under_flat", message)
    metered = [row for row in schedule.rows() if not (row.is_flat or row.from_second)]
    for row in schedule.rows():
        if row.is_flat and metered:
            message = (
                f"prefix {terms.prefix} has one price per call from line {row.line}: a call that begins "
                f"under line {metered[0].line} ({per_minute(metered[0])} a minute) and runs into its "
                "hours pays nothing for them"
            )
            yield Finding("warning", row.line, "runs_into_flat", message)


def _overruns(tiers: Tiers) -> Iterator[tuple[Row, Row, int, bool]]:
    """Yield what each tier, used to its end, bills beyond it: its row, the next one's, seconds, whether all."""
    paid = 0
    first = True
    ends = (*tiers.starts[1:], None)
    for (row, loser), start, end, next_end in zip(
        pairwise(tiers.rows), tiers.starts, ends, (*ends[1:], None), strict=False
    ):
        if end is None or end <= paid:
            continue
        if row.is_flat:
            return
        begin = max(start, paid)
        paid = begin + billed_seconds(row, end - begin, first=first)
        first = False
        if paid > end:
            is_all = next_end is not None and paid >= next_end
            beyond = min(paid, next_end) if next_end is not None else paid
            yield row, loser, beyond - end, is_all
