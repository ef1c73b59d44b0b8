"""Turns: who may send now. Bounded in all, for each tenant, and for each host of a tenant; who waits goes by tenant.

A host is bounded for each tenant by itself: a receiver that one tenant makes slow is not slow for others. Of one
tenant and host, first come is first served.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_Waiting = tuple[str, asyncio.Future[None]]


class Turns:
    """Gives turns out; a tenant that has all of its own waits for itself alone."""

    def __init__(
        self, total: int, per_tenant: int | None = None, per_host: int | None = None
    ) -> None:
        """Bound them; without a bound of its own, a tenant may take all."""
        self._free = total
        self._per_tenant = per_tenant or total
        self._per_host = per_host or self._per_tenant
        self._of_tenant: Counter[str] = Counter()
        self._of_host: Counter[tuple[str, str]] = Counter()
        self._waiting: OrderedDict[str, deque[_Waiting]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, tenant_id: str, host: str) -> AsyncIterator[None]:
        """Wait for a turn and hold it."""
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(tenant_id, deque()).append((host, granted))
        self._grant()
        try:
            await granted
            yield
        finally:
            self._give_back(tenant_id, host, granted)

    def _give_back(self, tenant_id: str, host: str, granted: asyncio.Future[None]) -> None:
        if granted.done() and not granted.cancelled():
            self._free += 1
            self._of_tenant -= Counter([tenant_id])
            self._of_host -= Counter([(tenant_id, host)])
        elif (queue := self._waiting.get(tenant_id)) and (host, granted) in queue:
            queue.remove((host, granted))
            self._forget(tenant_id)
        self._grant()

    def _grant(self) -> None:
        """Give out what is free, to one waiter of a tenant at a time."""
        given = True
        while self._free and given:
            given = False
            for tenant_id in list(self._waiting):
                if self._free and (chosen := self._next(tenant_id)) is not None:
                    host, granted = chosen
                    self._free -= 1
                    self._of_tenant[tenant_id] += 1
                    self._of_host[tenant_id, host] += 1
                    granted.set_result(None)
                    given = True

    def _next(self, tenant_id: str) -> _Waiting | None:
        """Take the first waiter of a tenant whose host is free, and put the tenant behind the others."""
        if self._of_tenant[tenant_id] >= self._per_tenant:
            return None
        queue = self._waiting[tenant_id]
        for waiter in queue:
            host, granted = waiter
            if granted.done():
                continue
            if self._of_host[tenant_id, host] < self._per_host:
                queue.remove(waiter)
                self._waiting.move_to_end(tenant_id)
                self._forget(tenant_id)
                return waiter
        return None

    def _forget(self, tenant_id: str) -> None:
        if not self._waiting.get(tenant_id, True):
            del self._waiting[tenant_id]
