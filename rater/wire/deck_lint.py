"""Deck lint: what in a rate deck will cost money, found before it does.

An `error` is a deck that cannot be loaded, or a premium range sold at another range's price. A
`warning` is something that is usually a mistake and sometimes meant: a child priced far above its
parent, a country whose mobile numbers cost what its landlines do, premium ranges without a deny
row, hours or callers without a row, rows that never apply.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from msgspec import Struct

from rater.core.money import NANOS_DECIMALS, div_half_even
from rater.core.prefixes import PrefixTable
from rater.core.rows import Action, Direction, Row
from rater.core.schedule import Clash, Schedule
from rater.core.terms import Entry, Terms, compile_terms
from rater.wire.amounts import format_decimal
from rater.wire.deck_cells import PREFIX_DIGITS_MAX
from rater.wire.deck_csv import Sheet, clash_fault, read_rows
from rater.wire.numbering import NumberRange

JUMP = 5
"""A child priced more than so many times its parent is told."""

SHOWN = 5
"""Prefixes named in one finding."""

DEAR_TYPES = frozenset(("premium", "shared_cost"))
SPLIT_TYPES = frozenset(("mobile", "mixed"))


class Finding(Struct, frozen=True):
    """Something to look at before the deck is loaded."""

    level: str
    """`error` or `warning`."""
    line: int | None
    """The line of the file; None: the file as a whole lacks something."""
    code: str
    message: str


def lint(sheet: Sheet, numbering: Sequence[NumberRange]) -> list[Finding]:
    """Return all findings on a deck, by line; those on the whole file come last."""
    rows, faults = read_rows(sheet)
    found = [Finding("error", fault.line, "bad_cell", str(fault)) for fault in faults]
    for direction in Direction:
        entries, clashes = compile_terms(row for row in rows if row.direction is direction)
        table = PrefixTable(entries)
        found += map(_clash, clashes)
        found += _jumps(entries)
        found += _never(rows, entries, direction)
        found += _gaps(entries)
        if direction is Direction.OUT:
            found += _mobile_splits(table, numbering)
            found += _premium(table, numbering)
    return sorted(found, key=lambda one: (one.line is None, one.line or 0, one.code, one.message))


def _clash(clash: Clash) -> Finding:
    same = clash.first.price_terms() == clash.second.price_terms()
    code = "duplicate" if clash.kind == "overlap" and same else clash.kind
    return Finding("error", clash.second.line, code, str(clash_fault(clash)))


def _jumps(entries: dict[str, Entry]) -> Iterator[Finding]:
    """Find children priced more than `JUMP` times the nearest priced prefix above."""
    for prefix, entry in entries.items():
        child = _dearest(entry)
        above = (entries.get(prefix[:length]) for length in range(len(prefix) - 1, 1, -1))
        parents = (parent for upper in above if upper and (parent := _dearest(upper)))
        parent = next(parents, None)
        if child is None or parent is None or child.line == parent.line:
            continue
        if child.rate_nanos * parent.per_s > JUMP * parent.rate_nanos * child.per_s:
            message = (
                f"prefix {child.prefix} costs {_per_minute(child)} a minute, more than {JUMP} times"
                f" the {_per_minute(parent)} of prefix {parent.prefix} (line {parent.line})"
            )
            yield Finding("warning", child.line, "child_over_parent", message)


def _never(
    rows: Iterable[Row], entries: dict[str, Entry], direction: Direction
) -> Iterator[Finding]:
    """Find rows and prices that never apply."""
    for row in rows:
        if row.direction is not direction:
            continue
        entry = entries["+" + row.prefix]
        if isinstance(entry, Row) and entry.line != row.line and entry.action is Action.DENY:
            if row.action is not Action.DENY:
                message = f"prefix {row.prefix} lies under the deny row of line {entry.line}"
                yield Finding("warning", row.line, "under_deny", f"{message} and never applies")
        elif row.action is not Action.RATE and row.rate_nanos:
            message = f"prefix {row.prefix} has action {row.action} and a rate, which is not used"
            yield Finding("warning", row.line, "unused_rate", message)


def _gaps(entries: dict[str, Entry]) -> Iterator[Finding]:
    """Find prefixes that have no row for some hours, seconds or callers."""
    for entry in entries.values():
        if not isinstance(entry, Terms):
            continue
        if "" not in entry.schedules and entry.schedules:
            row = next(iter(entry.schedules.values())).rows()[0]
            message = f"prefix {entry.prefix} has no row for callers of other origin prefixes"
            yield Finding("warning", row.line, "no_fallback", message)
        for schedule in entry.schedules.values():
            yield from _silent_hours(entry, schedule)


def _silent_hours(terms: Terms, schedule: Schedule) -> Iterator[Finding]:
    if any(not tiers.starts or tiers.starts[0] for tiers in schedule.tiers):
        message = f"prefix {terms.prefix} has hours or first seconds without a row"
        yield Finding("warning", schedule.rows()[0].line, "outside_bands", message)


def _mobile_splits(
    table: PrefixTable[Entry], numbering: Iterable[NumberRange]
) -> Iterator[Finding]:
    """Find countries whose mobile numbers are priced by a row that prices landlines too."""
    for country, ranges in _by_country(numbering):
        landline = {
            row.line
            for one in ranges
            if one.kind == "landline" and (row := _price_of(table, one.prefix))
        }
        unsplit = [
            (row, one.prefix)
            for one in ranges
            if one.kind == "mobile" and (row := _price_of(table, one.prefix))
            if row.line in landline and row.number_type not in SPLIT_TYPES
            if next(table.under("+" + one.prefix, PREFIX_DIGITS_MAX), None) is None
        ]
        if unsplit:
            message = (
                f"{country} has no mobile split: {_some(prefix for _, prefix in unsplit)}"
                f" cost what landlines do, by prefix {unsplit[0][0].prefix}"
            )
            yield Finding("warning", unsplit[0][0].line, "no_mobile_split", message)


def _premium(table: PrefixTable[Entry], numbering: Iterable[NumberRange]) -> Iterator[Finding]:
    """Find premium ranges at another range's price, and those that no row denies."""
    for country, ranges in _by_country(numbering):
        premium = [one.prefix for one in ranges if one.kind == "premium"]
        falling: dict[int, list[str]] = {}
        bare: list[str] = []
        rows: dict[int, Row] = {}
        for prefix in premium:
            if _is_settled_below(table, prefix):
                continue
            entry = table.find("+" + prefix)
            row = _price_of(table, prefix)
            if entry is None:
                bare.append(prefix)
            elif row is not None and row.number_type not in DEAR_TYPES:
                rows[row.line] = row
                falling.setdefault(row.line, []).append(prefix)
        for line, prefixes in falling.items():
            message = (
                f"premium numbers of {country} ({_some(prefixes)}) are sold at the price of prefix"
                f" {rows[line].prefix} {rows[line].number_type}".rstrip()
            )
            yield Finding("error", line, "premium_falls_through", message)
        if bare and any(_price_of(table, one.prefix) for one in ranges):
            message = f"{country} has no deny row for its premium numbers: {_some(bare)}"
            yield Finding("warning", None, "missing_deny", message)


def _is_settled_below(table: PrefixTable[Entry], prefix: str) -> bool:
    """Tell whether longer rows deny, or price as premium, every number of a range."""
    hidden = PREFIX_DIGITS_MAX - len(prefix)
    below = list(table.under("+" + prefix, hidden))
    prices = (_dearest(entry) for entry in below)
    dear = all(row is None or row.number_type in DEAR_TYPES for row in prices)
    return bool(below) and dear and table.covers("+" + prefix, hidden)


def _by_country(
    numbering: Iterable[NumberRange],
) -> Iterator[tuple[str, list[NumberRange]]]:
    key = attrgetter("country")
    for country, ranges in groupby(sorted(numbering, key=key), key):
        yield country or "the world", list(ranges)


def _price_of(table: PrefixTable[Entry], prefix: str) -> Row | None:
    entry = table.find("+" + prefix)
    return None if entry is None else _dearest(entry)


def _dearest(entry: Entry) -> Row | None:
    """Return the row with the highest rate; None where every row denies."""
    rows = [entry] if isinstance(entry, Row) else _rows_of(entry)
    priced = [row for row in rows if row.action is not Action.DENY]
    return max(priced, key=lambda row: row.rate_nanos * 86_400 // row.per_s, default=None)


def _rows_of(terms: Terms) -> list[Row]:
    return [row for schedule in terms.schedules.values() for row in schedule.rows()]


def _per_minute(row: Row) -> str:
    return format_decimal(div_half_even(row.rate_nanos * 60, row.per_s), NANOS_DECIMALS)


def _some(prefixes: Iterable[str]) -> str:
    known = list(prefixes)
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return ", ".join(known[:SHOWN]) + more
