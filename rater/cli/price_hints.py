"""Hints of `rater price`: which plan that is held pays nothing of a call, and why.

A price says what pools pay, and so says nothing of those that do not: of a call without a type a chain is hardly found,
and seconds that a user has alone are nobody's here. What a plan never pays is told once; what it does not pay of a call
only where no pool pays any of it: of several licences one pays, and that is as it should be.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from rater.core.cdr import Cdr
from rater.core.pricing.plans.catalog import Catalog
from rater.core.pricing.plans.funding import POOL
from rater.core.pricing.plans.minute_price import price_in
from topics.records.plans import Allowance

HINTS_MAX: Final = 20
"""Shown of a file of calls."""

Held = tuple[str, str]
"""A plan and a country."""


class Hints:
    """What is told of the plans that are held; the same is told once."""

    def __init__(
        self, catalog: Catalog, held: Sequence[Held], currency: str, tell: Callable[[str], object]
    ) -> None:
        """Tell what never pays."""
        self._catalog = catalog
        self._tell = tell
        self._told: set[str] = set()
        self._paying: list[tuple[Held, list[Allowance]]] = []
        plans = {each.plan_id: each.allowances for each in catalog.record.plans}
        for each in held:
            paying, why = _paying(plans[each[0]], currency)
            if why is None:
                self._paying.append((each, paying))
            else:
                self._say(each, why)

    def of_call(self, cdr: Cdr, answer: dict[str, Any]) -> None:
        """Tell why no plan pays any of a call that costs something."""
        if answer["outcome"] != "rated" or any(line["kind"] == POOL for line in answer["lines"]):
            return
        if cdr.billsec:
            for held, allowances in self._paying:
                self._say(held, self._why_not(held, allowances, cdr, answer))

    def _why_not(
        self, held: Held, allowances: list[Allowance], cdr: Cdr, answer: dict[str, Any]
    ) -> str:
        country = held[1]
        if cdr.usage_country not in {None, country}:
            return (
                f"it is for users in {country}, and the call is of {cdr.usage_country} (--country)"
            )
        chain = self._catalog.chain(cdr.direction, cdr.call_type)
        way = "incoming" if cdr.direction == "in" else "outgoing"
        if chain is None and cdr.call_type is None:
            return f'no chain "*" is for {way} calls without a type: say --call-type'
        kind = "without a type" if cdr.call_type is None else f"of type {cdr.call_type}"
        if chain is None:
            return f'no chain is for {way} calls {kind}, nor "*" for all'
        names = sorted({each.pool for each in allowances}.difference(chain))
        if len(names) == len({each.pool for each in allowances}):
            return f"the chain of {way} calls {kind} does not name its pool: {', '.join(names)}"
        called = f"{answer['country'] or 'no country that the deck names'}, {answer['number_type'] or 'of no type'}"
        return (
            f"none of its allowances is for this number ({called}): "
            "see their scope, zones, number types and call types, and what is in no pool"
        )

    def _say(self, held: Held, why: str) -> None:
        said = f"hint: --held {held[0]}/{held[1]} pays nothing: {why}"
        if said in self._told or len(self._told) > HINTS_MAX:
            return
        self._told.add(said)
        self._tell(said if len(self._told) <= HINTS_MAX else "hint: more are not told")


def _paying(allowances: Sequence[Allowance], currency: str) -> tuple[list[Allowance], str | None]:
    """Return the allowances of a plan that may pay here; of none also why."""
    if not allowances:
        return [], "the plan has no allowances"
    shared = [each for each in allowances if each.per != "user"]
    if not shared:
        return [], "its seconds are single users' own, and of users nothing is known here"
    paid = [
        each for each in shared if not each.prices or price_in(each.prices, currency) is not None
    ]
    return paid, None if paid else f"its seconds have a price in other currencies than {currency}"
