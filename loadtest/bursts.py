"""Bursts: somebody who calls dear numbers for a tenant, one after the other, as fraud looks in CDRs."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, NamedTuple

from loadtest.tariff import charge_micros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtest.accounts import Tenant
    from loadtest.numbers import Number
    from loadtest.plan import Plan

CALLS = 200
"""Of a burst; of every other record it is one, so that others come in between."""
_DEAR_PCT = 2
"""Of the numbers the dearest so many percent."""
_MINUTE_S = 60


class Burst(NamedTuple):
    """A call of a burst: who pays it, and whom it is to."""

    tenant: Tenant
    number: Number


class Bursts:
    """The bursts of a plan, spread over its records; none overlaps another."""

    def __init__(self, plan: Plan, tenants: Sequence[Tenant], priced: Sequence[Number]) -> None:
        """Choose whom they are of; the same plan chooses the same."""
        self._random = Random(f"bursts {plan.seed}")
        self._dear: list[Number] = []
        self._begins: dict[int, Tenant] = {}
        self._tenant: Tenant | None = None
        self._end = 0
        if not plan.bursts:
            return
        self._dear = sorted(priced, key=_minute_micros, reverse=True)
        del self._dear[max(len(self._dear) * _DEAR_PCT // 100, 1) :]
        every = max(plan.cdrs // plan.bursts, 1)
        self._length = min(2 * CALLS, every)
        for number in range(plan.bursts):
            begin = number * every + self._random.randrange(every - self._length + 1)
            self._begins[begin] = self._random.choice(tenants)

    def at(self, serial: int) -> Burst | None:
        """Return the call that a record must be, by its serial number; the numbers are asked in their order."""
        if serial in self._begins:
            self._tenant, self._end = self._begins[serial], serial + self._length
        if self._tenant is None or serial >= self._end or serial & 1:
            return None
        return Burst(self._tenant, self._random.choice(self._dear))


def _minute_micros(number: Number) -> int:
    return 0 if number.terms is None else charge_micros(number.terms, _MINUTE_S)
