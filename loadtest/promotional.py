"""Promotional: credit that tenants of a plan are given, beside what they pay for, and the commands that give it."""

from collections.abc import Iterator
from random import Random

from loadtest.accounts import DAY_S, Population, Tenant, head, rfc3339
from loadtest.plan import PERCENT, Plan
from loadtest.purse import PROMOTIONAL

_LOTS_MAX = 2
_SPEND_PCT = (2, 60)
"""A lot covers between so much and so much of what its tenant will spend: some are used up, some are not."""
_AGE_S_MAX = 20 * DAY_S
_LEFT_DAYS = (10, 40)
"""It lives so long yet: nothing expires during a run."""


def commands(plan: Plan, population: Population) -> Iterator[tuple[Tenant, dict[str, object]]]:
    """Yield what gives credit to about `plan.promotional` of a hundred tenants."""
    random = Random(f"promotional {plan.seed}")
    for serial, each in enumerate(population.tenants, 1) if plan.promotional else ():
        if random.random() * PERCENT < plan.promotional:
            spend = int(plan.cdrs * plan.spend_micros * population.share(serial))
            for lot in range(1, random.randint(1, _LOTS_MAX) + 1):
                yield each, gift(plan, each, f"gift-{lot}", spend, random)


def gift(
    plan: Plan, each: Tenant, name: str, spend_micros: int, random: Random
) -> dict[str, object]:
    """Return the command of a lot that is given to a tenant which spends about so much."""
    start_s = plan.start_ms // 1000
    return {
        **head(each, "add_funds", name),
        "lot_id": f"{each.tenant_id}-{name}",
        "amount_micros": max(spend_micros * random.randint(*_SPEND_PCT) // 100, 1),
        "currency": plan.currency,
        "purchased_at": rfc3339(start_s - random.randint(1, _AGE_S_MAX)),
        "category": PROMOTIONAL,
        "expires_at": rfc3339(start_s + random.randint(*_LEFT_DAYS) * DAY_S),
    }
