"""What `rater rerate` shows: the difference of each tenant, and the calls with the largest ones."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from rater.core.times import to_text
from rater.shell.rerating.found import Differs, Found
from rater.views.amounts import money
from rater.views.columns import Row

LARGEST = 10
"""Calls that are shown."""
TENANTS_HEAD: Row = ("tenant", "calls", "charged", "would cost", "difference")
CALLS_HEAD: Row = ("answered", "tenant", "cdr_id", "to", "charged", "would cost", "difference")


def _differences(calls: Sequence[Differs]) -> Iterator[tuple[str, str, list[Differs]]]:
    """Yield tenant, currency and calls, of each tenant that has any."""
    by: dict[tuple[str, str], list[Differs]] = {}
    for each in calls:
        by.setdefault((each.charge.tenant_id, each.charge.currency), []).append(each)
    for (tenant_id, currency), some in sorted(by.items()):
        yield tenant_id, currency, some


def _sums(calls: Sequence[Differs]) -> tuple[int, int]:
    before = sum(each.rerated.before_micros for each in calls)
    return before, sum(each.rerated.after_micros for each in calls)


def tenant_rows(found: Found) -> Iterator[Row]:
    """Yield a row for each tenant with a difference, and for each currency one of all."""
    in_all: dict[str, Counter[str]] = {}
    for tenant_id, currency, calls in _differences(found.calls):
        before, after = _sums(calls)
        yield (tenant_id, f"{len(calls):,}", *_amounts(before, after, currency))
        sums = in_all.setdefault(currency, Counter())
        sums.update(calls=len(calls), before=before, after=after)
    for currency, sums in sorted(in_all.items()):
        yield ("all", f"{sums['calls']:,}", *_amounts(sums["before"], sums["after"], currency))


def call_rows(found: Found) -> Iterator[Row]:
    """Yield a row for each of the calls with the largest differences."""
    for each in largest(found):
        charge, rerated = each.charge, each.rerated
        amounts = _amounts(rerated.before_micros, rerated.after_micros, charge.currency)
        answered = to_text(charge.call.answered_ms)
        yield (answered, charge.tenant_id, charge.cdr_id, charge.call.to, *amounts)


def largest(found: Found) -> list[Differs]:
    """Return the calls with the largest differences, whichever way."""
    ranked = sorted(found.calls, key=lambda each: -abs(each.rerated.difference_micros))
    return ranked[:LARGEST]


def fields_of(found: Found) -> Iterator[dict[str, Any]]:
    """Yield the same as objects."""
    for tenant_id, currency, calls in _differences(found.calls):
        before, after = _sums(calls)
        head = {"what": "tenant", "tenant_id": tenant_id, "currency": currency, "calls": len(calls)}
        yield head | _micros(before, after)
    for each in largest(found):
        charge, rerated = each.charge, each.rerated
        head = {"what": "call", "tenant_id": charge.tenant_id, "cdr_id": charge.cdr_id}
        head |= {"version": charge.version, "currency": charge.currency}
        yield head | _micros(rerated.before_micros, rerated.after_micros)


def _micros(before: int, after: int) -> dict[str, int]:
    said = {"before_micros": before, "after_micros": after}
    return said | {"difference_micros": after - before}


def _amounts(before: int, after: int, currency: str) -> Row:
    return money(before, currency), money(after, currency), money(after - before, currency)
