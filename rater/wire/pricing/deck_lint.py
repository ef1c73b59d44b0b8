"""Deck lint: what in a rate deck will cost money, found before it does.

An `error` is a deck that cannot be loaded, or a premium range sold at another range's price. A
`warning` is something that is usually a mistake and sometimes meant. Each names its line and the
money at stake; `deck_findings.CODES` says what there is.
"""

from collections.abc import Iterable, Iterator, Sequence

from rater.core.pricing.prefixes import PrefixTable
from rater.core.pricing.rates import Action, Direction, Row
from rater.core.pricing.schedule import Calendars, Clash
from rater.core.pricing.terms import Entry, compile_terms
from rater.wire.pricing.deck_csv import Sheet, clash_fault, read_rows
from rater.wire.pricing.deck_findings import Finding, per_minute
from rater.wire.pricing.deck_lint_numbering import lint_impossible, lint_numbering
from rater.wire.pricing.deck_lint_prices import lint_prices, lint_regulatory_fees, unused_rates
from rater.wire.pricing.deck_lint_slots import lint_slots
from rater.wire.pricing.numbering import NumberRange

__all__ = ["Finding", "lint"]


def lint(
    sheet: Sheet, numbering: Sequence[NumberRange], calendars: Calendars | None = None
) -> list[Finding]:
    """Return all findings on a deck, by line; those on the whole file come last."""
    rows, faults = read_rows(sheet)
    known = calendars or {}
    found = [Finding("error", fault.line, "bad_cell", str(fault)) for fault in faults]
    for direction in Direction:
        those = [row for row in rows if row.direction is direction]
        entries, clashes = compile_terms(those, known)
        found += map(_clash, clashes)
        denied = set(_denied(those, entries))
        found += _never(those, entries, denied)
        found += lint_prices(entries, [row for row in those if row.line not in denied])
        found += lint_regulatory_fees(those)
        found += lint_slots(entries.values())
        found += lint_impossible(those, numbering)
        if direction is Direction.OUT:
            found += lint_numbering(PrefixTable(entries), numbering)
    found += _unused_calendars(rows, known)
    return sorted(found, key=lambda one: (one.line is None, one.line or 0, one.code, one.message))


def _unused_calendars(rows: Iterable[Row], calendars: Calendars) -> Iterator[Finding]:
    """Find calendars that no row names: their dates are priced as all others."""
    named = {row.calendar for row in rows}
    for name in sorted(set(calendars) - named):
        message = f"calendar {name} is named by no row: its {len(calendars[name])} dates are as all others"
        yield Finding("warning", None, "unused_calendar", message)


def _clash(clash: Clash) -> Finding:
    same = clash.first.price_terms() == clash.second.price_terms()
    code = "duplicate" if clash.kind == "overlap" and same else clash.kind
    return Finding("error", clash.second.line, code, str(clash_fault(clash)))


def _denied(rows: Iterable[Row], entries: dict[str, Entry]) -> Iterator[int]:
    """Yield the lines of rows that lie under a deny row."""
    for row in rows:
        entry = entries["+" + row.prefix]
        if isinstance(entry, Row) and entry.line != row.line and entry.action is Action.DENY:
            yield row.line


def _never(rows: Iterable[Row], entries: dict[str, Entry], denied: set[int]) -> Iterator[Finding]:
    """Find rows and prices that never apply."""
    for row in rows:
        if row.line not in denied:
            yield from unused_rates(row)
        elif row.action is not Action.DENY:
            entry = entries["+" + row.prefix]
            line = entry.line if isinstance(entry, Row) else None
            message = (
                f"prefix {row.prefix} lies under the deny row of line {line} and never applies: "
                f"its {per_minute(row)} a minute is not sold"
            )
            yield Finding("warning", row.line, "under_deny", message)
