"""Plan lint: what may be meant in a plan catalog, but usually costs somebody money; one warning each.

What can never hold is an error, and is said by `plan_faults` or by the schema.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache

from rater.core.call_types import plain_type
from rater.core.pricing.numbering import plain_kind
from rater.wire.demands import cut, shown
from rater.wire.plans.plan_faults import allowance_path, chain_path
from rater.wire.pricing.deck_findings import Finding, some
from rater.wire.pricing.numbering import IMPOSSIBLE, load_numbering
from rater.wire.settings.currencies import load_currencies
from topics.fields import NO_CURRENCY, TEST_CURRENCY
from topics.records import Allowance, FundingChain, Plan, PlanCatalog
from topics.records.plans import ANY_TYPE, CREDITS

PREMIUM = "premium"

CODES: Mapping[str, str] = {
    "bad_file": "a file that is not TOML, or has not the shape of a catalog",
    "bad_field": "a field that is missing, unknown, or not what it must be",
    "bad_name": "a name that leads nowhere, or is there twice; a chain that does not end with credits",
    "unused_allowance": "an allowance that no chain draws on: licences give seconds that nobody can use",
    "unused_call_type": "a call type of an allowance whose chain does not draw on it",
    "never_drawn": "an allowance of which every number type is taken out of all pools",
    "overlap": "two allowances of one plan, pool name and rank that can pay the same call: the first is drawn first",
    "not_whole_units": "seconds that are no multiple of the plan's unit: what is left of them pays nothing",
    "nothing_to_tie": "`whichever_first` in a plan of which no two allowances share a pool name",
    "split_group": "a zone of usage countries with a part of a sharing group: one shares what the other has not",
    "unknown_country": "a country that no number is of, by the numbering data that ship",
    "unknown_number_type": "a number type that the numbering data that ship do not have",
    "unused_zone": "a zone that no allowance names",
    "premium_pooled": "premium numbers that pools may pay",
    "odd_text": "a text with a control character, one that turns the direction of writing, or blanks at an end",
    "unknown_currency": "a price in a currency that ISO 4217 does not list, or no longer",
}
"""Every code, and what it means; the first three are errors, the others warnings."""


def lint_plans(record: PlanCatalog) -> list[Finding]:
    """Return the warnings of a catalog without faults."""
    found = [
        *(warning for plan in record.plans for warning in _of_plan(plan, record)),
        *_of_countries(record),
        *_of_number_types(record),
        *_of_texts(record),
    ]
    return [Finding("warning", None, code, message) for code, message in found]


Warnings = Iterator[tuple[str, str]]


def _of_plan(plan: Plan, record: PlanCatalog) -> Warnings:
    for n, allowance in enumerate(plan.allowances):
        path = allowance_path(plan, allowance)
        yield from _of_use(path, allowance, record)
        if rest := allowance.seconds % plan.unit_s:
            yield (
                "not_whole_units",
                f"{path}: {allowance.seconds} s are not whole units of {plan.unit_s} s: {rest} s are left over",
            )
        for other in plan.allowances[:n]:
            if _overlap(other, allowance, record):
                yield (
                    "overlap",
                    (
                        f"{path}: pays calls that {other.allowance_id} pays, too, of the same pool and rank: "
                        f"{other.allowance_id} is drawn first; say which by `rank`"
                    ),
                )
    pools = [allowance.pool for allowance in plan.allowances]
    if plan.exhaustion != "independent" and len(set(pools)) == len(pools):
        yield (
            "nothing_to_tie",
            f"plans.{plan.plan_id}.exhaustion: {plan.exhaustion}, but no two allowances share a pool",
        )


def _of_use(path: str, allowance: Allowance, record: PlanCatalog) -> Warnings:
    """Say whom no chain leads to."""
    unpooled = {plain_kind(each) for each in record.unpooled_number_types}
    if allowance.number_types and unpooled.issuperset(map(plain_kind, allowance.number_types)):
        yield (
            "never_drawn",
            f"{path}.number_types: each of them is among unpooled_number_types: nothing is ever drawn",
        )
    naming = [chain for chain in record.chains if allowance.pool in chain.sources]
    idle = [each for each in allowance.call_types if not _reaches(naming, each, record)]
    if not naming or (idle and len(idle) == len(allowance.call_types)):
        yield (
            "unused_allowance",
            f"{path}: no chain of its call types names pool {allowance.pool}: its seconds pay nothing",
        )
    elif idle:
        yield (
            "unused_call_type",
            f"{path}.call_types: {', '.join(idle)}: no chain of it names pool {allowance.pool}",
        )


def _reaches(naming: list[FundingChain], call_type: str, record: PlanCatalog) -> bool:
    """Tell whether a call of a type comes to one of some chains."""
    named = {(chain.direction, plain_type(chain.call_type)) for chain in record.chains}
    asked = plain_type(call_type)
    return any(
        plain_type(chain.call_type) == asked
        or (chain.call_type == ANY_TYPE and (chain.direction, asked) not in named)
        for chain in naming
    )


def _overlap(one: Allowance, other: Allowance, record: PlanCatalog) -> bool:
    """Tell whether two allowances of a plan can pay the same call, and nothing says which does so first."""
    zones = {zone.zone_id: set(zone.countries) for zone in record.zones}

    def meet(these: tuple[str, ...], those: tuple[str, ...], of: Callable[[str], set[str]]) -> bool:
        if not these or not those:
            return True
        return not set().union(*map(of, these)).isdisjoint(set().union(*map(of, those)))

    return (
        (one.pool, one.rank) == (other.pool, other.rank)
        and (one.scope == other.scope or "any" in {one.scope, other.scope})
        and meet(one.zones, other.zones, zones.__getitem__)
        and meet(one.usage_zones, other.usage_zones, zones.__getitem__)
        and meet(one.number_types, other.number_types, lambda each: {plain_kind(each)})
        and meet(one.call_types, other.call_types, lambda each: {plain_type(each)})
    )


def _of_countries(record: PlanCatalog) -> Warnings:
    lists = {f"zones.{zone.zone_id}": zone.countries for zone in record.zones}
    lists |= {f"sharing_groups.{each.group_id}": each.countries for each in record.sharing_groups}
    for path, countries in lists.items():
        if unknown := [each for each in countries if each not in _known_countries()]:
            yield "unknown_country", f"{path}: no number is of {some(unknown)}"
    allowances = [each for plan in record.plans for each in plan.allowances]
    usage = {name for each in allowances for name in each.usage_zones}
    used = usage.union(*(each.zones for each in allowances))
    for zone in record.zones:
        if zone.zone_id not in used:
            yield "unused_zone", f"zones.{zone.zone_id}: no allowance names it"
        for group in record.sharing_groups:
            outside = [each for each in group.countries if each not in zone.countries]
            if zone.zone_id in usage and 0 < len(outside) < len(group.countries):
                yield (
                    "split_group",
                    (
                        f"zones.{zone.zone_id}: usage countries without {some(outside)}, which share the pools of "
                        f"{group.group_id} and add nothing to them"
                    ),
                )


def _of_number_types(record: PlanCatalog) -> Warnings:
    lists = {"unpooled_number_types": record.unpooled_number_types}
    lists |= {
        f"{allowance_path(plan, each)}.number_types": each.number_types
        for plan in record.plans
        for each in plan.allowances
    }
    for path, types in lists.items():
        if unknown := [each for each in types if plain_kind(each) not in _known_types()]:
            yield "unknown_number_type", f"{path}: no number that we know is {some(unknown)}"
    unpooled = {plain_kind(each) for each in record.unpooled_number_types}
    pools = {each.pool for plan in record.plans for each in plan.allowances}
    drawing = [chain for chain in record.chains if not pools.isdisjoint(chain.sources)]
    if drawing and PREMIUM not in unpooled:
        yield (
            "premium_pooled",
            (
                f"unpooled_number_types: without {PREMIUM}, pools of {chain_path(drawing[0])} may pay premium numbers "
                f"before {CREDITS} do"
            ),
        )


def _of_texts(record: PlanCatalog) -> Warnings:
    """Say which texts nobody sees as they are, or no CDR writes so."""
    texts: dict[str, tuple[str, ...]] = {
        f"plans.{plan.plan_id}.name": (plan.name,) for plan in record.plans
    }
    texts["unpooled_number_types"] = record.unpooled_number_types
    texts |= {
        f"chains.{each.direction}.{shown(each.call_type)}": (each.call_type,)
        for each in record.chains
    }
    for plan in record.plans:
        for each in plan.allowances:
            path = allowance_path(plan, each)
            texts |= {f"{path}.call_types": each.call_types}
            texts |= {f"{path}.number_types": each.number_types}
            for price in each.prices:
                if price.currency not in (*load_currencies().terms, NO_CURRENCY, TEST_CURRENCY):
                    yield (
                        "unknown_currency",
                        f"{path}.prices: {price.currency} is in no list of ISO 4217 that ships",
                    )
    for path, values in texts.items():
        if odd := [each for each in values if not each.isprintable() or each != each.strip()]:
            yield (
                "odd_text",
                f"{path}: must be text that can be seen, found {', '.join(map(_escaped, odd))}",
            )


def _escaped(text: str) -> str:
    """Return a text with what cannot be seen of it written out."""
    return cut(f'"{ascii(text)[1:-1]}"')


@cache
def _known_countries() -> frozenset[str]:
    return frozenset(each.country for each in load_numbering())


@cache
def _known_types() -> frozenset[str]:
    return frozenset(plain_kind(each.kind) for each in load_numbering() if each.kind != IMPOSSIBLE)
