"""Plan catalog, whatever it says: the pools of a call against a slow search that knows no tables."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rater.core.pricing.plans.catalog import Catalog
from rater.core.pricing.plans.pools import Held, PlanCall
from topics.records import Allowance, CountryZone, FundingChain, Plan, PlanCatalog, SharingGroup

COUNTRIES = ("US", "PR", "CA", "FR", "GB", "ME")
ZONES = ("near", "far")
POOLS = ("bundle", "meeting")
TYPES = ("user_out", "conf_out")
KINDS = ("landline", "mobile", "premium")


def some(values: tuple[str, ...], most: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True, max_size=most).map(tuple)


@st.composite
def allowances(draw: st.DrawFn) -> tuple[Allowance, ...]:
    names = draw(some(("one", "two", "three"), 3))
    return tuple(
        Allowance(
            name,
            draw(st.sampled_from(POOLS)),
            draw(st.integers(1, 100)) * 60,
            draw(st.sampled_from(("licence", "licence", "user", "account"))),
            draw(st.sampled_from(("country_group", "account"))),
            draw(st.sampled_from(("domestic", "international", "any"))),
            draw(some(ZONES)),
            draw(some(ZONES)),
            draw(some(KINDS)),
            draw(some(TYPES)),
            draw(st.integers(0, 2)),
        )
        for name in names
    )


@st.composite
def records(draw: st.DrawFn) -> PlanCatalog:
    plans = [
        Plan(name, name, draw(allowances()), 60, draw(st.sampled_from(("independent", "whichever_first"))))
        for name in draw(some(("A", "B", "C"), 3))
    ]  # fmt: skip
    chains = [
        FundingChain(call_type, (*draw(some(POOLS)), "credits"))
        for call_type in draw(some((*TYPES, "*"), 3))
    ]
    zones = [CountryZone(zone, draw(some(COUNTRIES, 4)) or ("US",)) for zone in ZONES]
    groups = (SharingGroup("us_pr", ("US", "PR")),) if draw(st.booleans()) else ()
    return PlanCatalog(
        1, "2026-01-01T00:00:00Z", tuple(plans), tuple(chains),
        draw(some(KINDS)), draw(some(("+449", "+3389"))), tuple(zones), groups,
    )  # fmt: skip


calls = st.builds(
    PlanCall,
    st.just("out"),
    st.sampled_from((*TYPES, "fax_out", None)),
    st.sampled_from(("+442079460034", "+449098765432", "+33612345678", "+33********")),
    st.sampled_from((*COUNTRIES, "")),
    st.sampled_from((*KINDS, "")),
)
holdings = st.lists(
    st.tuples(st.sampled_from(("A", "B", "C", "GONE")), st.sampled_from(COUNTRIES)), max_size=4
)


def search(record: PlanCatalog, held: list[Held], call: PlanCall) -> list[tuple[str, str, str]]:
    """Return plan, allowance and group of the pools of a call, from what the record says, one by one."""
    zones = {zone.zone_id: set(zone.countries) for zone in record.zones}
    group = {c: g.group_id for g in record.sharing_groups for c in g.countries}
    by_type = {chain.call_type: chain.sources for chain in record.chains}
    sources = by_type.get(call.call_type or "*", by_type.get("*", ()))
    stem = call.to.rstrip("*")
    out = call.number_type in record.unpooled_number_types or any(
        stem.startswith(prefix) or (stem != call.to and prefix.startswith(stem))
        for prefix in record.unpooled_prefixes
    )
    if out or not call.destination:
        return []
    found: dict[Any, None] = {}
    for step, source in enumerate(sources):
        fits = []
        for n, plan in enumerate(record.plans):
            for m, a in enumerate(plan.allowances):
                for plan_id, country in held:
                    domestic = group.get(country, country) == group.get(
                        call.destination, call.destination
                    )
                    if (
                        plan_id == plan.plan_id
                        and a.pool == source
                        and a.scope in {"any", "domestic" if domestic else "international"}
                        and (not a.zones or any(call.destination in zones[z] for z in a.zones))
                        and (not a.usage_zones or any(country in zones[z] for z in a.usage_zones))
                        and (not a.number_types or call.number_type in a.number_types)
                        and (not a.call_types or call.call_type in a.call_types)
                    ):
                        shared = a.per == "licence" and a.pooled_by == "country_group"
                        where = group.get(country, country) if shared else ""
                        fits.append((step, a.rank, n, m, where, plan_id, a.allowance_id))
        found.update(dict.fromkeys(sorted(fits)))
    return [(plan_id, allowance_id, where) for *_, where, plan_id, allowance_id in found]


@given(records(), holdings, calls)
def test_the_pools_of_a_call_are_those_that_a_slow_search_finds_in_its_order(
    record: PlanCatalog, held: list[Held], call: PlanCall
) -> None:
    pools = Catalog(0, record).pools(held, call)

    assert [(p.plan_id, p.allowance_id, p.group) for p in pools] == search(record, held, call)


@given(records(), holdings, calls, st.randoms(use_true_random=False))
def test_neither_the_order_of_plans_nor_a_plan_held_twice_decides_anything(
    record: PlanCatalog, held: list[Held], call: PlanCall, random: Any
) -> None:
    catalog = Catalog(0, record)
    mixed = [*held, *held]
    random.shuffle(mixed)

    assert catalog.pools(mixed, call) == catalog.pools(held, call)


@given(records(), holdings, calls, st.dictionaries(st.sampled_from(COUNTRIES), st.integers(0, 9)))
def test_what_licences_give_is_shared_out_over_the_pools_and_nothing_is_given_twice(
    record: PlanCatalog, held: list[Held], call: PlanCall, licences: dict[str, int]
) -> None:
    catalog = Catalog(0, record)
    for pool in catalog.pools(held, call):
        total = catalog.total_s(pool, licences)
        apart = [catalog.total_s(pool, {country: n}) for country, n in licences.items()]
        if pool.per == "licence":
            assert total == sum(apart)
            assert total <= pool.seconds * sum(licences.values())
        else:
            assert total == max(apart, default=0) <= pool.seconds


@given(records(), holdings, calls)
def test_what_ends_a_pool_is_another_allowance_of_its_plan_and_source_and_ends_with_it(
    record: PlanCatalog, held: list[Held], call: PlanCall
) -> None:
    plans = {plan.plan_id: plan for plan in record.plans}
    for pool in Catalog(0, record).pools(held, call):
        plan = plans[pool.plan_id]
        same = {a.allowance_id for a in plan.allowances if a.pool == pool.source}
        assert set(pool.ends_with) <= same - {pool.allowance_id}
        assert plan.exhaustion == "whichever_first" or not pool.ends_with
