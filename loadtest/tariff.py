"""Tariff: a rate deck's CSV read as data, and an independent, slow answer to what a call costs.

It understands plain decks alone: one row per prefix and direction, no bands, tiers or origins. That
is enough for the sample deck, and it shares no code with the rater: where the two differ, one of
them is wrong.
"""

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

MICROS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """The price of a row. Amounts in units of the currency, exact; `cap` None means no cap.

    Rows of one price share one object, and it compares by identity: a cheap key of a cache.
    """

    action: str
    rate: Fraction
    per_s: int
    first_s: int
    next_s: int
    fee: Fraction
    fee_beside_pools: Fraction
    """Of the fee what a call owes also where pools pay every second of it."""
    rounding: str
    decimals: int
    cap: Fraction | None


class Row(NamedTuple):
    """One row of the deck: what it covers, and its terms."""

    prefix: str
    direction: str
    country: str
    """Empty: of no country, as global numbers are."""
    number_type: str
    terms: Terms


class Tariff:
    """The rows of a deck, to be asked for the one that prices a number."""

    def __init__(self, rows: Iterable[Row]) -> None:
        """Take the rows; the same prefix and direction twice is a ValueError."""
        self.rows = list(rows)
        self._by_prefix: dict[tuple[str, str], Row] = {}
        for row in self.rows:
            key = (row.direction, row.prefix)
            if key in self._by_prefix:
                raise ValueError(f"prefix: {row.prefix} {row.direction} is there twice")
            self._by_prefix[key] = row

    @classmethod
    def read(cls, path: Path) -> "Tariff":
        """Read a deck file. A row that is not plain: ValueError with line, column and value."""
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            return cls([_row(reader.line_num, cells) for cells in reader])

    def match(self, direction: str, number: str) -> Row | None:
        """Return the row that decides an E.164 number: a deny row, else the longest prefix."""
        digits = number.removeprefix("+")
        found = None
        for length in range(1, len(digits) + 1):
            row = self._by_prefix.get((direction, digits[:length]))
            if row is None:
                continue
            if row.terms.action == "deny":
                return row
            found = row
        return found


def charge_micros(terms: Terms, billsec: int) -> int:
    """Return what a call of at least one second costs: increments, fee, one rounding, cap."""
    billed_s = terms.first_s
    if billsec > terms.first_s and terms.next_s:
        billed_s += -((terms.first_s - billsec) // terms.next_s) * terms.next_s
    return _priced(terms, billed_s)


def rest_micros(terms: Terms, billsec: int, paid_s: int) -> int:
    """Return what is owed of a call whose first seconds pools have paid: no more than without them."""
    left_s = billsec - paid_s
    if left_s <= 0:
        return _rounded_micros(terms, terms.fee_beside_pools)
    if not terms.next_s:
        raise ValueError("increment: the load test does not know what pools leave of a flat price")
    rest = _priced(terms, -(-left_s // terms.next_s) * terms.next_s)
    return min(rest, charge_micros(terms, billsec))


@lru_cache(maxsize=262_144)
def _priced(terms: Terms, billed_s: int) -> int:
    if terms.action != "rate":
        return 0
    return _rounded_micros(terms, terms.fee + terms.rate * billed_s / terms.per_s)


def _rounded_micros(terms: Terms, exact: Fraction) -> int:
    rounded = _rounded(exact, terms)
    if terms.cap is not None:
        rounded = min(rounded, terms.cap)
    return int(rounded * MICROS)


def _rounded(exact: Fraction, terms: Terms) -> Fraction:
    scaled = exact * 10**terms.decimals
    match terms.rounding:
        case "up":
            whole = math.ceil(scaled)
        case "down":
            whole = math.floor(scaled)
        case "half_up":
            whole = math.floor(scaled + Fraction(1, 2))
        case _:
            whole = round(scaled)
    return Fraction(whole, 10**terms.decimals)


_FEES = ("connection_fee", "regulatory_fee", "surcharge")
_PLAIN_ONLY = (
    "grace_s",
    "min_charge",
    "calendar",
    "from_second",
    "days",
    "start",
    "end",
    "origin_prefix",
)


def _row(line: int, cells: Mapping[str, str | None]) -> Row:
    def cell(column: str, default: str = "") -> str:
        return (cells.get(column) or "").strip() or default

    for column in _PLAIN_ONLY:
        if cell(column) not in {"", "0"}:
            raise ValueError(
                f"line {line}: {column}: {cell(column)!r}, the load test knows plain rows only"
            )
    first, _, following = cell("increment", "60/60").partition("/")
    terms = _terms(
        cell("action", "rate"),
        cell("rate", "0"),
        int(cell("per_seconds", "60")),
        (int(first), int(following or first)),
        str(sum(Fraction(cell(fee, "0")) for fee in _FEES)),
        cell("regulatory_fee", "0"),
        (cell("rounding", "up"), int(cell("decimals", "6"))),
        cell("max_charge"),
    )
    prefix = cell("prefix").removeprefix("+")
    return Row(prefix, cell("direction", "out"), cell("country"), cell("number_type"), terms)


@cache
def _terms(  # noqa: PLR0913, PLR0917  # The columns of a row, as they stand in the file.
    action: str,
    rate: str,
    per_s: int,
    increment: tuple[int, int],
    fee: str,
    fee_beside_pools: str,
    rounding: tuple[str, int],
    cap: str,
) -> Terms:
    """Return the one object that all rows of this price share."""
    ceiling = Fraction(cap) if cap else None
    fees = Fraction(fee), Fraction(fee_beside_pools)
    return Terms(action, Fraction(rate), per_s, *increment, *fees, *rounding, ceiling)
