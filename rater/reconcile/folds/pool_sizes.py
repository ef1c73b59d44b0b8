"""Pool sizes: which pools a call may draw on, in their order, and how large they are, worked out anew.

Read are a version of the plan catalog and the licences that are held when the call starts. What the call is to, the
row of the deck says that priced it; where that says nothing, all is taken that may be.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from rater.reconcile.folds.number_kinds import kinds_of
from topics import records as r
from topics.records.plans import ANY_TYPE, MinutePrice

Plan = tuple[str, str, int]
"""Plan, country, and from when."""
Licences = dict[tuple[str, str], tuple[int, int]]
"""By plan and country: how many there are, and the number of the entry that says so."""


class Mine(NamedTuple):
    """Who calls, where that is known: the country and the plans that the user held at the start."""

    user_id: str
    country: str
    plan_ids: tuple[str, ...]


class Called(NamedTuple):
    """Where a number is, and of what type it is; both are there."""

    country: str
    number_type: str


class Size(NamedTuple):
    """A pool without its month, how many seconds it has, in which units it pays; what ends it, what it costs."""

    name: str
    plan_id: str
    total_s: int
    unit_s: int
    ended_by: tuple["Size", ...] = ()
    prices: tuple[MinutePrice, ...] = ()

    def is_for(self, currency: str) -> bool:
        """Say whether accounts of a currency have it: what costs money costs it in some currencies alone."""
        return not self.prices or currency in {each.currency for each in self.prices}


def held_at(licences: dict[Plan, tuple[int, int]], at_ms: int) -> Licences:
    """Return the licences that are held at an instant."""
    held: Licences = {}
    for plan_id, country, from_ms in sorted(licences):
        if from_ms <= at_ms:
            held[plan_id, country] = licences[plan_id, country, from_ms]
    return {plan: said for plan, said in held.items() if said[0]}


def sizes(
    content: r.PlanCatalog,
    held: Licences,
    whose: tuple[r.ChargedCall, Mine | None],
    called: Called | None,
) -> list[Size]:
    """Return the pools that may pay a call, in their order; of a number nobody knows the country of, all that could."""
    call, mine = whose
    if _is_excluded(content, call, called):
        return []
    found: list[Size] = []
    for source in _sources(content, call):
        named = [(p, a) for p in content.plans for a in p.allowances if a.pool == source]
        for plan, allowance in sorted(named, key=lambda each: each[1].rank):
            is_own = allowance.per == "user"
            if (is_own and mine is None) or not _is_for(allowance, call, called):
                continue
            countries = [
                country
                for country in _countries(content, plan, allowance, held)
                if _may_use(plan.plan_id, country, call, mine)
                and _is_in_scope(content, allowance, country, called)
            ]
            groups = sorted({_group(content, allowance, country) for country in countries})
            if is_own and mine is not None:
                own = {(plan.plan_id, country): (1, 0) for country in countries}
                found += [_owned(_size(content, (plan, allowance), g, own), mine) for g in groups]
            else:
                found += [_size(content, (plan, allowance), group, held) for group in groups]
    return found


def _may_use(plan_id: str, country: str, call: r.ChargedCall, mine: Mine | None) -> bool:
    """Tell whether licences of a plan for a country may pay a call."""
    if mine is not None:
        return country == mine.country and plan_id in mine.plan_ids
    return call.usage_country in (None, country)


def _owned(size: Size, mine: Mine) -> Size:
    """Return a pool as one that a user has alone."""
    tied = tuple(_owned(each, mine) for each in size.ended_by)
    return size._replace(name=f"{size.name}/user={mine.user_id}", ended_by=tied)


def hides_what_decides(content: r.PlanCatalog, number: str) -> bool:
    """Tell whether hidden digits decide if a number is in no pool."""
    shown, star, _ = number.partition("*")
    return bool(star) and any(
        each.startswith(shown) and len(each) <= len(number) for each in content.unpooled_prefixes
    )


def plain(text: str) -> str:
    """Return the letters and figures of a type of numbers."""
    return re.sub(r"[\W_]", "", text.casefold())


def size_of(content: r.PlanCatalog, name: str, held: Licences) -> Size | None:
    """Return a pool by its name without the month; None: the catalog has it not, or it is a user's."""
    plan_id, allowance_id, *group = name.split("/")
    for plan in content.plans:
        for allowance in plan.allowances:
            named = (plan.plan_id, allowance.allowance_id) == (plan_id, allowance_id)
            if named and allowance.per != "user":
                return _size(content, (plan, allowance), "".join(group), held)
    return None


def own_size_of(content: r.PlanCatalog, name: str, held: Licences, mine: Mine) -> Size | None:
    """Return the pool of a user alone, by its name without the month; None: the user has no such pool by now."""
    for plan in content.plans:
        licence = (plan.plan_id, mine.country)
        if plan.plan_id not in mine.plan_ids or licence not in held:
            continue
        for allowance in plan.allowances:
            if allowance.per == "user":
                size = _owned(_size(content, (plan, allowance), "", {licence: (1, 0)}), mine)
                if size.name == name:
                    return size
    return None


def all_sizes(content: r.PlanCatalog, held: Licences) -> Iterator[Size]:
    """Yield the pools that licences share, whatever calls they pay."""
    for plan in content.plans:
        for allowance in plan.allowances:
            if allowance.per != "user":
                countries = _countries(content, plan, allowance, held)
                for group in {_group(content, allowance, country) for country in countries}:
                    yield _size(content, (plan, allowance), group, held)


def _sources(content: r.PlanCatalog, call: r.ChargedCall) -> tuple[str, ...]:
    """Return the names of the pools of the chain that the call has."""
    chains = {
        (each.direction, each.call_type.lower()): each.sources[:-1] for each in content.chains
    }
    others = chains.get((call.direction, ANY_TYPE), ())
    return chains.get((call.direction, (call.call_type or ANY_TYPE).lower()), others)


def _is_excluded(content: r.PlanCatalog, call: r.ChargedCall, called: Called | None) -> bool:
    """Tell whether a call is in no pool: by its row, by its number, or by that which the number dialled leads to."""
    types = {plain(each) for each in content.unpooled_number_types}
    numbers = [each for each in (call.to, call.routing_number) if each is not None]
    kinds = {kind for number in numbers for kind in kinds_of(number)} if types else set()
    if called is not None:
        kinds.add(called.number_type)
    return not types.isdisjoint(map(plain, kinds)) or any(
        number.startswith(content.unpooled_prefixes) for number in numbers
    )


def _is_for(allowance: r.Allowance, call: r.ChargedCall, called: Called | None) -> bool:
    call_types = [each.lower() for each in allowance.call_types]
    if call_types and (call.call_type or "").lower() not in call_types:
        return False
    types = {plain(each) for each in allowance.number_types}
    return called is None or not types or plain(called.number_type) in types


def _is_in_scope(
    content: r.PlanCatalog, allowance: r.Allowance, country: str, called: Called | None
) -> bool:
    """Tell whether somebody of a country may call there."""
    if called is None:
        return True
    if allowance.zones and called.country not in _of_zones(content, allowance.zones):
        return False
    if allowance.scope == "any":
        return True
    at_home = _shared(content, country) == _shared(content, called.country)
    return at_home == (allowance.scope == "domestic")


def _countries(
    content: r.PlanCatalog, plan: r.Plan, allowance: r.Allowance, held: Licences
) -> list[str]:
    """Return the countries whose licences of a plan have an allowance."""
    zones = allowance.usage_zones
    return [
        country
        for plan_id, country in held
        if plan_id == plan.plan_id and (not zones or country in _of_zones(content, zones))
    ]


def _size(
    content: r.PlanCatalog,
    of: tuple[r.Plan, r.Allowance],
    group: str,
    held: Licences,
    *,
    is_tied: bool = True,
) -> Size:
    plan, allowance = of
    sharing = [
        country
        for country in _countries(content, plan, allowance, held)
        if _group(content, allowance, country) == group
    ]
    number = sum(held[plan.plan_id, country][0] for country in sharing)
    if allowance.per == "account":
        number = min(number, 1)
    name = "/".join(filter(None, (plan.plan_id, allowance.allowance_id, group)))
    tied: Iterator[Size] = iter(())
    if is_tied and plan.exhaustion == "whichever_first":
        tied = (
            _size(content, (plan, each), group, held, is_tied=False)
            for each in plan.allowances
            if each is not allowance and each.pool == allowance.pool
            # Both must be there for one country at least.
            if _meet(content, (allowance, each), group)
        )
    total_s = number * allowance.seconds
    ended_by = tuple(each for each in tied if each.total_s)
    return Size(name, plan.plan_id, total_s, plan.unit_s, ended_by, allowance.prices)


def _meet(content: r.PlanCatalog, allowances: tuple[r.Allowance, r.Allowance], group: str) -> bool:
    """Tell whether licences of a country of a group may have both allowances."""
    both = [_of_zones(content, each.usage_zones) for each in allowances if each.usage_zones]
    if group:
        shared = next(
            (each.countries for each in content.sharing_groups if each.group_id == group), (group,)
        )
        both.append(set(shared))
    return not both or bool(set.intersection(*both))


def _group(content: r.PlanCatalog, allowance: r.Allowance, country: str) -> str:
    """Return who shares a pool with the licences of a country; empty: all of the account."""
    if allowance.per in ("account", "user") or allowance.pooled_by == "account":
        return ""
    return _shared(content, country)


def _shared(content: r.PlanCatalog, country: str) -> str:
    groups = (each.group_id for each in content.sharing_groups if country in each.countries)
    return next(groups, country)


def _of_zones(content: r.PlanCatalog, names: tuple[str, ...]) -> set[str]:
    return {c for zone in content.zones if zone.zone_id in names for c in zone.countries}
