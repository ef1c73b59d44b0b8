"""Plan warnings: plans that licences or users were given and that pay nothing. Nothing is refused for it.

A catalog that has them may come later, as a deck may, and so may licences of a user's plans in the user's country;
until then they pay nothing, and somebody must know. How many users share how many licences is not asked: each number
is its writer's (A60).
"""

from collections.abc import Iterable

from rater.core.account.contract import Contract
from rater.core.pricing.plans.book import PlanBook
from topics.records import EntitlementsSet, UserSet

Giving = EntitlementsSet | UserSet
"""What gives plans."""


def plans_given(entry: Giving) -> list[str]:
    """Return the plans that an entry gives."""
    if isinstance(entry, EntitlementsSet):
        return [each.plan_id for each in entry.entitlements if each.licences]
    return list(entry.plan_ids)


def unknown_plans(plan_ids: Iterable[str], from_ms: int, plans: PlanBook) -> list[str]:
    """Return those, each once, that are in no catalog that holds at an instant or later."""
    return [each for each in dict.fromkeys(plan_ids) if not plans.offers(each, from_ms)]


def unlicensed_plans(entry: UserSet, contract: Contract | None) -> list[str]:
    """Return the plans of a user of which the account has no licence in the user's country, then or later."""
    held: dict[str, int] = {}
    for each in [] if contract is None else contract.entitlements:
        if each.usage_country == entry.usage_country:
            # In the order of their instants: what comes before the user's is followed by what holds then.
            kept = 0 if each.from_ms <= entry.valid_from_ms else held.get(each.plan_id, 0)
            held[each.plan_id] = max(kept, each.licences)
    return [each for each in dict.fromkeys(entry.plan_ids) if not held.get(each)]
