"""Turns: the commands of one tenant, one after the other in the order in which they were begun with."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Turns:
    """Who is last in each tenant's row."""

    def __init__(self) -> None:
        self._last: dict[str, asyncio.Task[None]] = {}

    @contextlib.asynccontextmanager
    async def turn(self, tenant_id: str) -> AsyncIterator[None]:
        """Wait until the tenant's earlier commands are done."""
        me = asyncio.current_task()
        assert me is not None
        before = self._last.get(tenant_id)
        self._last[tenant_id] = me
        try:
            if before is not None and not before.done():
                await asyncio.wait([before])
            yield
        finally:
            if self._last.get(tenant_id) is me:
                del self._last[tenant_id]
