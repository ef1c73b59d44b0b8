"""Tasks: how they are ended, and how the end of somebody else's is heard of."""

import asyncio
from collections.abc import Iterable


async def cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait for their end."""
    there = list(tasks)
    for task in there:
        task.cancel()
    await asyncio.gather(*there, return_exceptions=True)


async def result_of(ended: asyncio.Future[None]) -> None:
    """Wait for somebody else's future without ending it."""
    await asyncio.wait({ended})
    ended.result()
