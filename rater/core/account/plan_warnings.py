"""Plan warnings: plans that licences or users were given and that no catalog has. Nothing is refused for it.

A catalog may come later, as a deck may; until then such licences pay nothing, and somebody must know.
"""

from collections.abc import Iterable

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
