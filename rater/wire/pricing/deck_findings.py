"""Findings of deck lint: what there is to find, and how prices are shown in it."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from rater.core.money import (
    MICROS_DECIMALS,
    NANOS_DECIMALS,
    NANOS_PER_MICRO,
    Micros,
    div_ceil,
    div_half_even,
)
from rater.core.pricing.components.registry import owed_fees, total
from rater.core.pricing.rates import Action, Row, billed_seconds
from rater.core.pricing.terms import Entry, Terms
from rater.core.pricing.totals import round_once
from rater.wire.pricing.amounts import format_decimal

JUMP = 5
"""More than so many times a price, or less than that part of it, is told."""

LONG_S = 600
"""A longer increment is told."""

GRACE_S = 60
"""A longer grace is told."""

SHOWN = 5
"""Prefixes named in one finding."""


class Finding(Struct, frozen=True):
    """Something to look at before the deck is loaded."""

    level: str
    """`error` or `warning`."""
    line: int | None
    """The line of the file; None: the file as a whole lacks something."""
    code: str
    message: str


CODES: Mapping[str, str] = {
    "bad_cell": "a cell, or a line, that cannot be read",
    "duplicate": "the same row twice",
    "overlap": "two rows of one prefix that hold at the same hours",
    "too_many_slots": "more rows of one prefix than a deck may have",
    "unknown_calendar": "a row of a calendar that the deck does not have",
    "shared_date": "a date of two calendars that both have rows of one prefix",
    "premium_falls_through": "premium numbers at another range's price",
    "missing_deny": "a country whose premium numbers no row prices or denies",
    "no_mobile_split": "mobile numbers at the price of landlines",
    "child_over_parent": f"a prefix at more than {JUMP} times the price of the one above it",
    "child_under_parent": f"a prefix at less than 1/{JUMP} of the price of the one above it",
    "zero_rate": "action rate with rate 0, no fee and no min_charge: free calls that nobody called free",
    "unused_rate": "a rate in a row that is free or denies",
    "unused_fee": "a fee or a surcharge that no call pays",
    "uneven_fee": "a regulatory fee that rows of one country do not say alike",
    "unused_cap": "a max_charge that caps no call",
    "unused_grace": "a grace that no call has",
    "unused_min": "a min_charge that no call pays",
    "high_min": f"a min_charge of more than {JUMP} times what a call of a minute costs",
    "long_grace": f"a grace of more than {GRACE_S} seconds",
    "low_cap": "a max_charge below what the shortest call costs: every call costs the same",
    "rounds_to_nothing": "a call of a minute that is rounded to 0",
    "rounds_far_up": f"a call of a minute that is rounded to more than {JUMP} times its price",
    "long_increment": f"an increment of more than {LONG_S} seconds, such as a day",
    "tier_swallowed": "seconds of a tier that the increment of the tier before has billed already",
    "under_flat": "a tier after one price per call: it never applies",
    "runs_into_flat": "hours of one price per call, which calls that began before them do not pay",
    "under_deny": "a row under a deny row: it never applies",
    "outside_bands": "hours, or first seconds of a call, without a row",
    "unused_calendar": "a calendar that no row names",
    "no_fallback": "callers without a row",
    "no_unknown_origin": "callers without a number, where the caller decides the price",
    "impossible_prefix": "a prefix that keeps a trunk zero: no number begins so, and no call is priced by it",
}
"""Every code, and what it means; the first seven are errors, the others warnings."""


def most_expensive(entry: Entry) -> Row | None:
    """Return the row with the highest rate; None where every row denies."""
    priced = [row for row in rows_of(entry) if row.action is not Action.DENY]
    return max(priced, key=lambda row: rate_nanos(row) * 86_400 // row.per_s, default=None)


def rows_of(entry: Entry) -> list[Row]:
    """Return the rows of a prefix."""
    if isinstance(entry, Terms):
        return entry.rows()
    return [entry]


def rate_nanos(row: Row) -> int:
    """Return the rate that calls pay: that of a free row is not used."""
    return row.rate_nanos if row.action is Action.RATE else 0


def per_minute(row: Row) -> str:
    """Return the price of a minute, for people."""
    return shown_nanos(div_half_even(rate_nanos(row) * 60, row.per_s))


def shown_nanos(nanos: int) -> str:
    """Return an amount for people."""
    return format_decimal(nanos, NANOS_DECIMALS)


def shown_micros(micros: Micros) -> str:
    """Return an amount for people."""
    return format_decimal(micros, MICROS_DECIMALS)


def exact_nanos(row: Row, seconds: int) -> int:
    """Return what a call under one row costs before it is rounded and capped."""
    if row.action is not Action.RATE:
        return 0
    billed_s = billed_seconds(row, seconds, first=True)
    return (
        div_ceil(row.rate_nanos * billed_s, row.per_s) + fee_micros(row, seconds) * NANOS_PER_MICRO
    )


def uncapped_micros(row: Row, seconds: int) -> Micros:
    """Return what a call under one row costs before it is capped."""
    if row.action is not Action.RATE:
        return 0
    billed_s = billed_seconds(row, seconds, first=True)
    return round_once(row, row.rate_nanos * billed_s, row.per_s, fee_micros(row, seconds))


def fee_micros(row: Row, seconds: int) -> Micros:
    """Return the fees of a call under one row."""
    return total(owed_fees(row.fees, seconds))


def some(prefixes: Iterable[str]) -> str:
    """Name the first few."""
    known = list(prefixes)
    more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
    return ", ".join(known[:SHOWN]) + more
