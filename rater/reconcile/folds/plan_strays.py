"""Plan strays: plans that accounts or users hold and that the latest plan catalog does not have: they pay nothing.

Nobody is refused for it, since a catalog may come later; so there may be such plans, and each is named.
"""

from collections.abc import Iterator

from rater.reconcile.folds.contract import Contract, Licences
from rater.reconcile.folds.plan_versions import PlanVersions

NAMED_MAX = 3
"""Users that are named of each plan."""


def strays(tenant_id: str, contract: Contract, plans: PlanVersions) -> Iterator[str]:
    """Yield a sentence for each such plan of an account, by country, and of its users."""
    known, which = _known(plans)
    for (plan_id, country), (licences, seq) in sorted(_latest(contract.licences).items()):
        if licences and plan_id not in known:
            yield f"{tenant_id}: plan {plan_id} in {country} is not in {which}; licences {licences:,}, entry {seq}"
    users: dict[str, list[str]] = {}
    for user_id, terms in sorted(contract.users.items()):
        for plan_id in terms[max(terms)][1]:
            if plan_id not in known:
                users.setdefault(plan_id, []).append(user_id)
    for plan_id, holding in sorted(users.items()):
        yield f"{tenant_id}: plan {plan_id} is not in {which}; users {len(holding):,}: {_some(holding)}"


def _some(names: list[str]) -> str:
    """Name the first few."""
    more = ["..."] if len(names) > NAMED_MAX else []
    return ", ".join([*names[:NAMED_MAX], *more])


def _known(plans: PlanVersions) -> tuple[set[str], str]:
    """Return the plans of the version that is in force last, and how it is called."""
    if not plans.versions:
        return set(), "any plan catalog"
    last = max(plans.versions, key=lambda each: (each.valid_from_ms, each.version))
    known = {plan.plan_id for plan in last.content.plans}
    return known, f"plan catalog version {last.version}"


def _latest(licences: Licences) -> dict[tuple[str, str], tuple[int, int]]:
    """Return how many licences of each plan and country hold in the end, and the entry that says so."""
    return {
        (plan_id, country): licences[plan_id, country, at]
        for plan_id, country, at in sorted(licences)
    }
