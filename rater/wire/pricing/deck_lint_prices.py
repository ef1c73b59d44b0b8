"""Lint of prices: each row by itself, and each prefix beside the one above it."""

from collections.abc import Iterable, Iterator, Mapping

from rater.core.money import NANOS_PER_MICRO, Micros
from rater.core.pricing.components.regulatory_fee import KIND as REGULATORY
from rater.core.pricing.rates import DAY_S, Action, Fee, Row, billed_seconds
from rater.core.pricing.schedule import week_intervals
from rater.core.pricing.terms import Entry
from rater.wire.pricing.deck_findings import (
    GRACE_S,
    JUMP,
    LONG_S,
    Finding,
    exact_nanos,
    fee_micros,
    most_expensive,
    per_minute,
    rate_nanos,
    rows_of,
    shown_micros,
    shown_nanos,
    uncapped_micros,
)
from rater.wire.pricing.deck_hours import common_hours, hours_text

MINUTE_S = 60


def lint_prices(entries: Mapping[str, Entry], rows: Iterable[Row]) -> Iterator[Finding]:
    """Find prices that are likely not meant; `rows` are all of one direction."""
    for prefix, entry in entries.items():
        if (above := _above(entries, prefix)) is not None:
            yield from _jumps(entry, above)
    answering = _answering(rows)
    for row in rows:
        if row.action is Action.RATE and not (row.rate_nanos or row.fees or row.min_charge_micros):
            above = _above(entries, "+" + row.prefix)
            yield _zero(row, None if above is None else most_expensive(above))
        if row.from_second or row.action is not Action.RATE:
            yield from _unused(row, answering.get(_slot(row), []))
        if row.action is Action.RATE:
            yield from _increments(row)
        if row.action is Action.RATE and not row.from_second:
            yield from _caps(row)
            yield from _graces(row)
            yield from _minimums(row)
            yield from _roundings(row)


def lint_regulatory_fees(rows: Iterable[Row]) -> Iterator[Finding]:
    """Find countries of which not all rows have the same regulatory fee: nothing but the row itself decides of it."""
    first: dict[str, dict[Micros, Row]] = {}
    for row in rows:
        if row.country and row.action is Action.RATE and not row.from_second:
            fee = dict(row.fees).get(REGULATORY, 0)
            first.setdefault(row.country, {}).setdefault(fee, row)
    for country, of_fee in first.items():
        one, *others = of_fee.items()
        for fee, row in others:
            message = (
                f"prefix {row.prefix} of {country} has a regulatory fee of {shown_micros(fee)}, prefix {one[1].prefix} "
                f"(line {one[1].line}) one of {shown_micros(one[0])}"
            )
            yield Finding("warning", row.line, "uneven_fee", message)


def _above(entries: Mapping[str, Entry], prefix: str) -> Entry | None:
    """Return the nearest priced prefix above."""
    above = (entries.get(prefix[:length]) for length in range(len(prefix) - 1, 1, -1))
    return next((entry for entry in above if entry and most_expensive(entry) is not None), None)


def _jumps(entry: Entry, above: Entry) -> Iterator[Finding]:
    child, parent = most_expensive(entry), most_expensive(above)
    if child is None or parent is None or child.line == parent.line:
        return
    if child.is_flat or parent.is_flat:  # No price of a minute to compare.
        return
    if rate_nanos(child) * parent.per_s > JUMP * rate_nanos(parent) * child.per_s:
        message = (
            f"prefix {child.prefix} costs {per_minute(child)} a minute, more than {JUMP} times the "
            f"{per_minute(parent)} of prefix {parent.prefix} (line {parent.line})"
        )
        yield Finding("warning", child.line, "child_over_parent", message)
        return
    for row in rows_of(entry):
        yield from _falls(row, rows_of(above))


def _falls(row: Row, above: Iterable[Row]) -> Iterator[Finding]:
    """Find a row far below all that the prefix above costs in its hours; each row, for one of many may be mistyped."""
    beside = [
        one
        for one in above
        if one.action is Action.RATE
        and one.line != row.line
        and one.calendar in ("", row.calendar)
        and common_hours(row, one)
    ]
    if row.action is not Action.RATE or not row.rate_nanos or not beside:
        return
    least = min(beside, key=lambda one: one.rate_nanos * DAY_S // one.per_s)
    if row.rate_nanos * least.per_s * JUMP >= least.rate_nanos * row.per_s:
        return
    when = "" if row.is_all_week else f", {hours_text(sorted(week_intervals(row)))}"
    since = f" from second {row.from_second}" if row.from_second else ""
    message = (
        f"prefix {row.prefix} costs {per_minute(row)} a minute{since}{when}, less than 1/{JUMP} of the "
        f"{per_minute(least)} of prefix {least.prefix} (line {least.line})"
    )
    yield Finding("warning", row.line, "child_under_parent", message)


def _zero(row: Row, parent: Row | None) -> Finding:
    message = (
        f"prefix {row.prefix} has action rate and rate 0: its calls cost nothing; where that is "
        "meant, say action free"
    )
    if parent is not None:
        message += f" (prefix {parent.prefix}, line {parent.line}: {per_minute(parent)} a minute)"
    return Finding("warning", row.line, "zero_rate", message)


_Slot = tuple[str, str]


def _slot(row: Row) -> _Slot:
    return row.prefix, row.origin_prefix


def _answering(rows: Iterable[Row]) -> dict[_Slot, list[Row]]:
    """Return by prefix and caller the rows that can be in force at an answer."""
    found: dict[_Slot, list[Row]] = {}
    for row in rows:
        if not row.from_second and row.action is Action.RATE:
            found.setdefault(_slot(row), []).append(row)
    return found


def _unused(row: Row, answering: list[Row]) -> Iterator[Finding]:
    """Find a fee or a cap of a row that is never in force at an answer, unless it repeats the one that counts."""
    why = f"action {row.action}" if row.action is not Action.RATE else "from_second above 0"
    for fee in row.fees:
        if not any(fee in one.fees for one in answering):
            message = f"prefix {row.prefix} has {why} and a {_shown_fee(fee)}, which no call pays"
            yield Finding("warning", row.line, "unused_fee", message)
    cap = row.max_charge_micros
    if cap is not None and cap not in {one.max_charge_micros for one in answering}:
        message = f"prefix {row.prefix} has {why} and a max_charge of {shown_micros(cap)}, which caps no call"
        yield Finding("warning", row.line, "unused_cap", message)
    least = row.min_charge_micros
    if least and least not in {one.min_charge_micros for one in answering}:
        message = f"prefix {row.prefix} has {why} and a min_charge of {shown_micros(least)}, which no call pays"
        yield Finding("warning", row.line, "unused_min", message)
    if row.grace_s and row.grace_s not in {one.grace_s for one in answering}:
        message = f"prefix {row.prefix} has {why} and a grace of {row.grace_s} s, which no call has"
        yield Finding("warning", row.line, "unused_grace", message)


def _shown_fee(fee: Fee) -> str:
    kind, micros = fee
    return f"{kind.replace('_', ' ')} of {shown_micros(micros)}"


def _increments(row: Row) -> Iterator[Finding]:
    increment = f"prefix {row.prefix} has an increment of {row.initial_s}/{row.increment_s}"
    if row.is_flat:
        return
    if row.initial_s > LONG_S and not row.from_second:
        cost = shown_micros(_capped(row, 1))
        message = (
            f"{increment}: a call of 1 second is billed {row.initial_s} seconds and costs {cost}"
        )
        yield Finding("warning", row.line, "long_increment", message)
    elif row.increment_s > LONG_S:
        seconds = row.initial_s + 1
        billed_s = billed_seconds(row, seconds, first=True)
        cost = shown_micros(_capped(row, seconds))
        message = f"{increment}: a call of {seconds} seconds is billed {billed_s} and costs {cost}"
        yield Finding("warning", row.line, "long_increment", message)


def _capped(row: Row, seconds: int) -> Micros:
    cost = uncapped_micros(row, seconds)
    if row.max_charge_micros is not None:
        cost = min(cost, row.max_charge_micros)
    return max(cost, row.min_charge_micros)


def _caps(row: Row) -> Iterator[Finding]:
    cap = row.max_charge_micros
    least = uncapped_micros(row, 1)
    if cap is None or cap >= least:
        return
    fees = fee_micros(row, 1)
    what = (
        f"the {' and '.join(map(_shown_fee, row.fees))}"
        if cap < fees
        else f"the {shown_micros(least)} of a call of 1 second"
    )
    message = (
        f"prefix {row.prefix} has a max_charge of {shown_micros(cap)}, below {what}: every call "
        f"costs {shown_micros(cap)}, whatever its length, and at least {shown_micros(least - cap)} too little"
    )
    yield Finding("warning", row.line, "low_cap", message)


def _minimums(row: Row) -> Iterator[Finding]:
    """Find a minimum that every call passes, and one that is far above what calls cost."""
    least = row.min_charge_micros
    shortest, minute = uncapped_micros(row, 1), uncapped_micros(row, MINUTE_S)
    said = f"prefix {row.prefix} has a min_charge of {shown_micros(least)}"
    if 0 < least <= shortest:
        message = f"{said}, which no call pays: one of 1 second costs {shown_micros(shortest)}"
        yield Finding("warning", row.line, "unused_min", message)
    elif minute and least > JUMP * minute:
        message = f"{said}, more than {JUMP} times the {shown_micros(minute)} of a call of a minute"
        yield Finding("warning", row.line, "high_min", message)


def _graces(row: Row) -> Iterator[Finding]:
    """Find a grace in which whole conversations are free."""
    longest = row.grace_s - 1
    if row.grace_s > GRACE_S:
        message = (
            f"prefix {row.prefix} has a grace of {row.grace_s} seconds: a call of {longest} costs "
            f"nothing instead of {shown_micros(_capped(row, longest))}"
        )
        yield Finding("warning", row.line, "long_grace", message)


def _roundings(row: Row) -> Iterator[Finding]:
    """Look at a call of a minute: what it costs exactly, and rounded."""
    exact, rounded = exact_nanos(row, MINUTE_S), uncapped_micros(row, MINUTE_S)
    how = f"rounded {row.rounding} to {row.decimals} decimals"
    said = f"prefix {row.prefix}: a call of a minute at {shown_nanos(exact)} is {how}, to"
    if exact and not rounded and not row.min_charge_micros:
        yield Finding("warning", row.line, "rounds_to_nothing", f"{said} 0: it costs nothing")
    elif rounded * NANOS_PER_MICRO > JUMP * exact:
        message = f"{said} {shown_micros(rounded)}, more than {JUMP} times as much"
        yield Finding("warning", row.line, "rounds_far_up", message)


def unused_rates(row: Row) -> Iterator[Finding]:
    """Find a rate that is not used because its row is free or denies."""
    if row.action is not Action.RATE and row.rate_nanos:
        message = (
            f"prefix {row.prefix} has action {row.action} and a rate of {shown_nanos(row.rate_nanos)}, "
            "which is not used"
        )
        yield Finding("warning", row.line, "unused_rate", message)
