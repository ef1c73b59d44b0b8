"""Corrections: calls that were told wrong at first, and what a later version makes of them.

Of ten such calls about seven are corrected, one or two are voided, and of one or two the correction comes first. Only
calls that one lot pays alone, without pools, and is not used up by, are told wrong: so what comes back goes where it
came from, and the plainest purse says what must be left. Where that does not hold any more when the later version is
due, it is never sent, and the wrong one stands.
"""

from collections import deque
from dataclasses import replace
from random import Random
from typing import Final, NamedTuple

from loadtest.accounts import Record
from loadtest.calls import Call, Clock, encode
from loadtest.expected import Expected
from loadtest.numbers import Number
from loadtest.payers import Payers
from loadtest.plan import Plan
from loadtest.tariff import charge_micros

AFTER: Final = 3_000
"""A later version comes so many records after the first, at the most."""
_VOIDED, _AHEAD = 0.15, 0.3


class _Waiting(NamedTuple):
    """What is still to be sent."""

    due: int
    call: Call
    number: Number
    lot_id: str
    """Which has paid what stands now; empty: it stays."""
    micros: int
    """What it has paid."""


class Corrections:
    """The calls of a run that are told wrong."""

    def __init__(self, plan: Plan, expected: Expected, payers: Payers, clock: Clock) -> None:
        """Begin with none."""
        self._random = Random(f"corrections {plan.seed}")
        self._expected = expected
        self._payers = payers
        self._clock = clock
        self._waiting: deque[_Waiting] = deque()
        """In the order in which they were begun: one that is due earlier waits for those before it."""

    def begin(self, call: Call, number: Number) -> Record | None:
        """Return what is told first of a call; None where it cannot be told wrong."""
        assert number.terms is not None, number
        wrong = replace(call, billsec=call.billsec // 2)
        micros = charge_micros(number.terms, wrong.billsec) if wrong.billsec else 0
        purse = self._expected.purses.get(call.tenant.tenant_id)
        is_plain = micros and purse is not None and self._payers.is_plain(wrong, number)
        lot_id = purse.sole_payer(micros) if purse is not None and is_plain else ""
        if not lot_id:
            return None
        drawn = self._random.random()
        kind = "void" if drawn < _VOIDED else "correction"
        right = replace(call, version=2, kind=kind)
        due = call.serial + 1 + int(self._random.random() * AFTER)
        if _VOIDED <= drawn < _AHEAD:
            self._payers.charge(right, number)
            self._waiting.append(_Waiting(due, wrong, number, "", 0))
            return self._record(right)
        self._payers.charge(wrong, number)
        self._waiting.append(_Waiting(due, right, number, lot_id, micros))
        return self._record(wrong)

    def due(self, serial: int) -> Record | None:
        """Return a later version whose time has come."""
        while self._waiting and self._waiting[0].due <= serial:
            each = self._waiting.popleft()
            if self._expect(each):
                return self._record(each.call)
        return None

    def _expect(self, each: _Waiting) -> bool:
        """Expect what a version leads to; False where it is not sent, for nobody can say."""
        tenant_id, expected = each.call.tenant.tenant_id, self._expected
        if not each.lot_id:
            expected.outcomes["superseded"] += 1
            return True
        purse = expected.purses[tenant_id]
        if not purse.left_micros[each.lot_id] or purse.debt_micros:
            return False
        self._payers.take_back(each.call, each.lot_id, each.micros)
        if each.call.kind == "void":
            expected.outcomes["voided"] += 1
        else:
            self._payers.charge(each.call, each.number)
        return True

    def _record(self, call: Call) -> Record:
        return call.tenant.partition, call.tenant.key, encode(call, self._clock)
