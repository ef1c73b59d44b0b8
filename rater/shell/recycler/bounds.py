"""Bounds: how much may be released without asking; what is beyond waits for an operator (R25). No clock, no I/O.

Rule 1: a tenant's calls are released together or not at all: half of them would be charged out of their order.
Rule 2: what was released in the last minute and the last hour counts, too: many small steps are one large one.
Rule 3: what takes no money from the balance, since pools pay it or a month owes it, is bounded by its count alone.
"""

from collections import deque
from enum import StrEnum
from typing import NamedTuple

from rater.core.limits import HOUR_MS, MINUTE_MS


class Bound(StrEnum):
    """What would be passed."""

    BALANCE = "balance"
    CALLS = "calls"


class Bounds(NamedTuple):
    """What holds for each tenant."""

    balance_percent: int
    calls_a_minute: int


class Wish(NamedTuple):
    """What would be released of a tenant, all at once."""

    tenant_id: str
    calls: int
    micros: int
    """What it would take from the balance."""
    balance_micros: int
    """The balance before."""
    currency: str


class _Done(NamedTuple):
    at_ms: int
    calls: int
    micros: int


class Lately:
    """What was released by itself lately, of each tenant; forgotten after an hour, and with the process."""

    def __init__(self, bounds: Bounds) -> None:
        """Nothing was released yet."""
        self._bounds = bounds
        self._done: dict[str, deque[_Done]] = {}

    def passed(self, wish: Wish, at_ms: int) -> Bound | None:
        """Return the bound that a wish passes, if it does."""
        lately = self._lately(wish.tenant_id, at_ms)
        calls = wish.calls + sum(each.calls for each in lately if each.at_ms > at_ms - MINUTE_MS)
        if calls > self._bounds.calls_a_minute:
            return Bound.CALLS
        if not wish.micros:
            return None
        before = sum(each.micros for each in lately)
        most = self._bounds.balance_percent * (wish.balance_micros + before)
        return Bound.BALANCE if 100 * (wish.micros + before) > most else None

    def note(self, wish: Wish, at_ms: int) -> None:
        """Take in that a wish was carried out."""
        done = _Done(at_ms, wish.calls, wish.micros)
        self._done.setdefault(wish.tenant_id, deque()).append(done)

    def _lately(self, tenant_id: str, at_ms: int) -> "deque[_Done]":
        lately = self._done.get(tenant_id, deque())
        while lately and lately[0].at_ms <= at_ms - HOUR_MS:
            lately.popleft()
        if not lately:
            self._done.pop(tenant_id, None)
        return lately
