"""Holder: an account that holds plans of which nothing is used yet, to see what full pools pay of a call.

`PLAN/COUNTRY` is one licence of a plan for users in a country, `PLAN/COUNTRY/10` are ten.
"""

import re
from collections.abc import Iterable

from rater.core.account.account import Account
from rater.core.account.contract import Contract
from rater.core.account.entitlement import Entitlement
from rater.core.pricing.plans.catalog import Catalog
from rater.wire.demands import shown

LICENCES_MAX = 10_000_000
_HELD = re.compile(r"([^/]+)/([A-Z]{2})(?:/([1-9][0-9]{0,7}))?")
ALWAYS_MS = -(2**62)


def holder_of(texts: Iterable[str], catalog: Catalog, currency: str) -> Account | str:
    """Return an account that has held plans ever since, or what is wrong with a text."""
    held: dict[tuple[str, str], Entitlement] = {}
    for text in texts:
        found = _HELD.fullmatch(text)
        licences = int(found[3] or 1) if found else 0
        if found is None or licences > LICENCES_MAX:
            return (
                f"{shown(text)} is not a plan and a country, like MCOPSTN1/US, or MCOPSTN1/US/10 for ten licences of 1 "
                f"to {LICENCES_MAX}"
            )
        plan_id, country = found[1], found[2]
        if not catalog.knows(plan_id):
            return f"{shown(text)}: there is no plan {shown(plan_id)}"
        if (plan_id, country) in held:
            return f"{shown(text)}: {plan_id}/{country} is there twice"
        held[plan_id, country] = Entitlement(plan_id, country, ALWAYS_MS, licences, 1)
    return Account(
        "", currency, "UTC", (), contract=Contract([held[key] for key in sorted(held)], [])
    )
