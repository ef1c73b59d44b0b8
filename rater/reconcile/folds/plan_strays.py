"""Plan strays: plans that accounts or users hold and that the latest plan catalog does not have: they pay nothing.

Nobody is refused for it, since a catalog may come later; so there may be such plans, and each is named.
"""

from collections import Counter
from collections.abc import Iterator

from rater.reconcile.folds.contract import Contract, Licences
from rater.reconcile.folds.plan_versions import PlanVersions


def strays(tenant_id: str, contract: Contract, plans: PlanVersions) -> Iterator[str]:
    """Yield a sentence for each such plan of an account, by country, and of its users."""
    known, which = _known(plans)
    for (plan_id, country), (licences, seq) in sorted(_latest(contract.licences).items()):
        if licences and plan_id not in known:
            yield f"{tenant_id}: plan {plan_id} in {country} is not in {which}; licences {licences:,}, entry {seq}"
    users = Counter(
        plan_id
        for terms in contract.users.values()
        for plan_id in terms[max(terms)][1]
        if plan_id not in known
    )
    for plan_id, count in sorted(users.items()):
        yield f"{tenant_id}: plan {plan_id} is not in {which}; users {count:,}"


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
