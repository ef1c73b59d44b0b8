"""Billing: which tenants of a plan pay later, since when, and how much of a month they may owe."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from loadtest.accounts import Population, Tenant, head, rfc3339
from loadtest.plan import PERCENT, Plan

_LONG_AGO_S = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
_FROM_THE_MIDDLE = 0.3
"""Of those who pay later: those for whom that begins in the middle of the calls."""
_IS_LIMITED = 0.5
_LIMIT_PCT = (1, 60)
"""A limit is between so much and so much of what the tenant's calls cost, pools apart."""


class PaysLater(NamedTuple):
    """Since when a tenant pays later, seconds since 1970, and what of a month it may owe; 0: no limit."""

    from_s: int
    limit_micros: int


def who_pays_later(plan: Plan, population: Population) -> dict[str, PaysLater]:
    """Return the tenants that pay later; a generator of their own says who does."""
    random = Random(f"billing {plan.seed}")
    draw = random.random
    found: dict[str, PaysLater] = {}
    for serial, each in enumerate(population.tenants, 1) if plan.post_paid else ():
        is_later, from_s = draw() * PERCENT < plan.post_paid, _LONG_AGO_S
        if draw() < _FROM_THE_MIDDLE:
            from_s = plan.middle_s
        spend = int(plan.cdrs * plan.spend_micros * population.share(serial))
        limit = drawn_limit(random, spend)
        if is_later:
            found[each.tenant_id] = PaysLater(from_s, limit)
    return found


def drawn_limit(random: Random, spend_micros: int) -> int:
    """Return what may be owed of a month, of a tenant that spends about so much; 0: no limit."""
    percent = random.randint(*_LIMIT_PCT) if random.random() < _IS_LIMITED else 0
    return max(spend_micros * percent // 100, 1) if percent else 0


def commands(
    population: Population, later: Mapping[str, PaysLater]
) -> Iterator[tuple[Tenant, dict[str, object]]]:
    """Yield what lets tenants pay later."""
    for each in population.tenants:
        if (mode := later.get(each.tenant_id)) is None:
            continue
        yield each, {**head(each, "set_billing_mode", "billing"), **settings(mode)}


def settings(mode: PaysLater) -> dict[str, object]:
    """Return what a `set_billing_mode` command says of a tenant that pays later."""
    limit = {"credit_limit_micros": mode.limit_micros} if mode.limit_micros else {}
    return {"mode": "post_paid", "valid_from": rfc3339(mode.from_s), **limit}
