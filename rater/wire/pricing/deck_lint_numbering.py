"""Lint by the numbering plan: countries whose mobile or premium numbers are sold at another range's price."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter

from rater.core.pricing.prefixes import PrefixTable
from rater.core.pricing.rates import Row
from rater.core.pricing.terms import Entry
from rater.wire.pricing.deck_cells import PREFIX_DIGITS_MAX
from rater.wire.pricing.deck_findings import Finding, most_expensive, per_minute, some
from rater.wire.pricing.numbering import IMPOSSIBLE, NumberRange

HIGH_RATE_TYPES = frozenset(("premium", "shared_cost"))
SPLIT_TYPES = frozenset(("mobile", "mixed"))


def lint_numbering(
    table: PrefixTable[Entry], numbering: Iterable[NumberRange]
) -> Iterator[Finding]:
    """Find what the numbering plan knows better than the deck."""
    ranges = [one for one in numbering if one.kind != IMPOSSIBLE]
    yield from _mobile_splits(table, ranges)
    yield from _premium(table, ranges)


def lint_impossible(rows: Iterable[Row], numbering: Iterable[NumberRange]) -> Iterator[Finding]:
    """Find prefixes that no number begins with."""
    never = tuple(one.prefix for one in numbering if one.kind == IMPOSSIBLE)
    for row in rows:
        if row.prefix.startswith(never):
            message = (
                f"prefix {row.prefix} keeps a trunk zero after its calling code: no number begins "
                f"so, and its {per_minute(row)} a minute is not sold"
            )
            yield Finding("warning", row.line, "impossible_prefix", message)


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
                f"{country} has no mobile split: {some(prefix for _, prefix in unsplit)}"
                f" cost what landlines do, {per_minute(unsplit[0][0])} a minute by prefix"
                f" {unsplit[0][0].prefix}"
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
            elif row is not None and row.number_type not in HIGH_RATE_TYPES:
                rows[row.line] = row
                falling.setdefault(row.line, []).append(prefix)
        for line, prefixes in falling.items():
            message = (
                f"premium numbers of {country} ({some(prefixes)}) are sold at the price of prefix"
                f" {rows[line].prefix} {rows[line].number_type}".rstrip()
                + f", {per_minute(rows[line])} a minute"
            )
            yield Finding("error", line, "premium_falls_through", message)
        if bare and any(_price_of(table, one.prefix) for one in ranges):
            message = f"{country} has no deny row for its premium numbers: {some(bare)}"
            yield Finding("warning", None, "missing_deny", message)


def _is_settled_below(table: PrefixTable[Entry], prefix: str) -> bool:
    """Tell whether longer rows deny, or price as premium, every number of a range."""
    hidden = PREFIX_DIGITS_MAX - len(prefix)
    below = list(table.under("+" + prefix, hidden))
    prices = (most_expensive(entry) for entry in below)
    are_all = all(row is None or row.number_type in HIGH_RATE_TYPES for row in prices)
    return bool(below) and are_all and table.covers("+" + prefix, hidden)


def _by_country(
    numbering: Iterable[NumberRange],
) -> Iterator[tuple[str, list[NumberRange]]]:
    key = attrgetter("country")
    for country, ranges in groupby(sorted(numbering, key=key), key):
        yield country or "the world", list(ranges)


def _price_of(table: PrefixTable[Entry], prefix: str) -> Row | None:
    entry = table.find("+" + prefix)
    return None if entry is None else most_expensive(entry)
