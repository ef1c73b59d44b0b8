"""Licences: what the tenants of a plan hold of the plan file's plans, and the commands that say so."""

from collections.abc import Iterable, Iterator, Mapping
from random import Random

from loadtest.accounts import Population, Tenant, head
from loadtest.allowances import Licences
from loadtest.plan import PERCENT, Plan

VALID_FROM = "2024-01-01T00:00:00Z"
"""Before all calls, as the deck and the plan file."""
_LICENCE_S = 30 * 60
"""What a licence of OFFICE gives for calls abroad, which most of the calls are."""
_CALL_S = 180
"""About what a call draws."""
_COVERED_PCT = (20, 140)
"""The licences of a tenant cover between so much and so much of its calls abroad."""
_MEETINGS_MAX = 5
_SHARED = {"US": "PR"}
"""Who is in the one country has a licence in the other, too: they share their pools."""


def holdings(plan: Plan, population: Population) -> dict[str, tuple[Licences, ...]]:
    """Return what each tenant holds, as `plan.plans` says."""
    random = Random(f"licences {plan.seed}")
    return {
        each.tenant_id: _held(plan, each, population.share(serial), random)
        if serial <= (plan.holders or plan.tenants)
        else ()
        for serial, each in enumerate(population.tenants, 1)
    }


def _held(plan: Plan, each: Tenant, share: float, random: Random) -> tuple[Licences, ...]:
    match plan.plans:
        case "held":
            return (Licences("METER", each.country, 1),)
        case "drawn":
            covered = random.randint(*_COVERED_PCT) / PERCENT
            number = int(plan.cdrs * share * _CALL_S * covered) // _LICENCE_S
            held: tuple[Licences, ...] = (
                Licences("OFFICE", each.country, max(number, 1)),
                Licences("MEETING", each.country, random.randint(1, _MEETINGS_MAX)),
                Licences("TRUNK", each.country, 1),
            )
            if plan.users:
                held = (*held, Licences("DESK", each.country, plan.users))
            if other := _SHARED.get(each.country):
                return *held, Licences("OFFICE", other, 1)
            return held
    return ()


def settings(licences: Iterable[Licences]) -> list[dict[str, object]]:
    """Return what a `set_entitlements` command says of licences."""
    return [
        {"plan_id": one.plan_id, "usage_country": one.country, "licences": one.number}
        for one in licences
    ]


def commands(
    population: Population, held: Mapping[str, tuple[Licences, ...]]
) -> Iterator[tuple[Tenant, dict[str, object]]]:
    """Yield what entitles each tenant to what it holds."""
    for each in population.tenants:
        if licences := held[each.tenant_id]:
            yield (
                each,
                {
                    **head(each, "set_entitlements", "licences"),
                    "entitlements": settings(licences),
                    "valid_from": VALID_FROM,
                },
            )
