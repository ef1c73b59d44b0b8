"""Plan faults: what can never hold in a plan catalog, each with its field, what it must be and what was found.

A record with one is refused by whoever reads it. What may be meant, but seldom is, is a warning of `plan_lint`.
Fields are named as the file has them: `plans.P1.allowances.domestic.zones`.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from rater.core.call_types import plain_type
from rater.core.pricing.numbering import plain_kind
from rater.wire.demands import shown
from topics.fields import NO_CURRENCY
from topics.records import Allowance, FundingChain, Plan, PlanCatalog
from topics.records.plans import CREDITS

ONCE = "must be there once"


class Fault(NamedTuple):
    """One of them, with its code of the lint."""

    code: Literal["bad_field", "bad_name"]
    text: str


def faults(record: PlanCatalog) -> list[Fault]:
    """Return all of them, those of names first; a catalog without any makes a `Catalog`."""
    return [
        *(Fault("bad_name", each) for each in _misnamed(record)),
        *(Fault("bad_field", each) for each in _misvalued(record)),
    ]


def _misnamed(record: PlanCatalog) -> Iterator[str]:
    """Yield names that lead nowhere or are there twice, and chains that do not end with credits."""
    yield from _twice("plans", "plan_id", [plan.plan_id for plan in record.plans])
    yield from _twice("zones", "zone_id", [zone.zone_id for zone in record.zones])
    yield from _twice("sharing_groups", "group_id", [g.group_id for g in record.sharing_groups])
    yield from _of_countries(record)
    for plan in record.plans:
        ids = [allowance.allowance_id for allowance in plan.allowances]
        yield from _twice(f"plans.{plan.plan_id}.allowances", "allowance_id", ids)
        for allowance in plan.allowances:
            yield from _of_allowance(allowance_path(plan, allowance), allowance, record)
    yield from _of_chains(record)
    number_types = [plain_kind(each) for each in record.unpooled_number_types]
    yield from _repeated("unpooled_number_types", number_types)
    yield from _repeated("unpooled_prefixes", record.unpooled_prefixes)


def _misvalued(record: PlanCatalog) -> Iterator[str]:
    """Yield fields that do not fit what stands beside them."""
    for plan in record.plans:
        for allowance in plan.allowances:
            path = allowance_path(plan, allowance)
            yield from _of_prices(f"{path}.prices", allowance)
            if allowance.per != "licence" and allowance.pooled_by != "country_group":
                yield (
                    f"{path}.pooled_by: must be left out where `per` is {allowance.per}, "
                    f"found {shown(allowance.pooled_by)}"
                )
        if plan.exhaustion == "whichever_first":
            yield from _of_exhaustion(f"plans.{plan.plan_id}", plan)


def allowance_path(plan: Plan, allowance: Allowance) -> str:
    """Return how people name an allowance."""
    return f"plans.{plan.plan_id}.allowances.{allowance.allowance_id}"


def chain_path(chain: FundingChain) -> str:
    """Return how people name a chain."""
    return f"chains.{chain.direction}.{chain.call_type}"


def _of_countries(record: PlanCatalog) -> Iterator[str]:
    for zone in record.zones:
        yield from _repeated(f"zones.{zone.zone_id}", zone.countries)
    group_of: dict[str, str] = {}
    for group in record.sharing_groups:
        path = f"sharing_groups.{group.group_id}"
        yield from _repeated(path, group.countries)
        for country in dict.fromkeys(group.countries):
            other = group_of.setdefault(country, group.group_id)
            if other != group.group_id:
                yield f"{path}: must be in one group, found {country}, which is in {other}"


def _of_exhaustion(path: str, plan: Plan) -> Iterator[str]:
    """Yield where a plan ties allowances that are not counted alike: a user's own seconds cannot end everybody's."""
    first: dict[str, Allowance] = {}
    for each in plan.allowances:
        other = first.setdefault(each.pool, each)
        for name in ("per", "pooled_by"):
            wanted, found = getattr(other, name), getattr(each, name)
            if wanted != found:
                yield (
                    f"{path}.exhaustion: whichever_first must tie allowances of one `{name}`, found {wanted} "
                    f"({other.allowance_id}) and {found} ({each.allowance_id}) of pool {each.pool}"
                )


def _of_allowance(path: str, allowance: Allowance, record: PlanCatalog) -> Iterator[str]:
    known = {zone.zone_id for zone in record.zones}
    for name in ("zones", "usage_zones"):
        given = getattr(allowance, name)
        yield from _repeated(f"{path}.{name}", given)
        for zone in given:
            if zone not in known:
                yield f"{path}.{name}: must be a zone of the catalog{_of(known)}, found {shown(zone)}"
    number_types = [plain_kind(each) for each in allowance.number_types]
    yield from _repeated(f"{path}.number_types", number_types)
    yield from _repeated(f"{path}.call_types", map(plain_type, allowance.call_types))
    yield from _repeated(f"{path}.prices", [each.currency for each in allowance.prices])
    if allowance.pool == CREDITS:
        yield f"{path}.pool: must not be {CREDITS}, which is what pays after the pools"


def _of_prices(path: str, allowance: Allowance) -> Iterator[str]:
    for each in allowance.prices:
        if each.currency == NO_CURRENCY:
            yield f"{path}: must be of currencies, found {NO_CURRENCY}, which is that of accounts without credits"
        if not each.per_minute_micros and not each.fee_micros:
            yield f"{path}: must ask something of a minute or of a call, found neither of {each.currency}"


def _of_chains(record: PlanCatalog) -> Iterator[str]:
    pools = {allowance.pool for plan in record.plans for allowance in plan.allowances}
    named = [f"{c.direction}.{plain_type(c.call_type)}" for c in record.chains]
    yield from _repeated("chains", named)
    for chain in record.chains:
        path = chain_path(chain)
        yield from _repeated(path, chain.sources)
        if chain.sources[-1] != CREDITS:
            yield f"{path}: must end with {CREDITS}, found {shown(chain.sources[-1])}"
        for source in chain.sources[:-1]:
            if source == CREDITS:
                yield f"{path}: must name {CREDITS} last, found it before {shown(chain.sources[-1])}"
            elif source not in pools:
                yield f"{path}: must name pools of allowances{_of(pools)}, found {shown(source)}"


def _of(names: Iterable[str]) -> str:
    known = ", ".join(sorted(names))
    return f" ({known})" if known else ", of which there is none"


def _twice(path: str, name: str, ids: Iterable[str]) -> Iterator[str]:
    """Say which ids are there twice, of things that are known by them."""
    for each in _doubles(ids):
        yield f"{path}.{each}: {name} {ONCE}, found {shown(each)} again"


def _repeated(path: str, values: Iterable[str]) -> Iterator[str]:
    """Say which values of a list are there twice."""
    for each in _doubles(values):
        yield f"{path}: each {ONCE}, found {shown(each)} again"


def _doubles(values: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    found: dict[str, None] = {}
    for each in values:
        if each in seen:
            found[each] = None
        seen.add(each)
    return list(found)
