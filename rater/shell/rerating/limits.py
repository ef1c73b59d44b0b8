"""Limits: how much a job may move before it asks: of a tenant, and in all, in each currency. No clock, no I/O.

What is moved is what calls cost more or less, without its sign: a refund of 10 and a debit of 10 move 20. What the job
has moved before, under the same name, counts.
"""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple


class Limits(NamedTuple):
    """In micros."""

    per_tenant: int
    in_all: int


class Beyond(NamedTuple):
    """What would pass a limit."""

    tenant_id: str | None
    """None: all of them together."""
    currency: str
    micros: int
    limit: int


def beyond(moved: Mapping[tuple[str, str], int], limits: Limits) -> list[Beyond]:
    """Return what would pass the limits, of money moved by tenant and currency; the largest first."""
    found = [
        Beyond(tenant_id, currency, micros, limits.per_tenant)
        for (tenant_id, currency), micros in moved.items()
        if micros > limits.per_tenant
    ]
    in_all: Counter[str] = Counter()
    for (_, currency), micros in moved.items():
        in_all[currency] += micros
    found += [
        Beyond(None, currency, micros, limits.in_all)
        for currency, micros in in_all.items()
        if micros > limits.in_all
    ]
    return sorted(found, key=lambda each: -each.micros)
