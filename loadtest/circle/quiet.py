"""Quiet: waiting until nobody in the circle has anything left to read."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

from aiokafka import AIOKafkaConsumer, TopicPartition

from loadtest import clients
from loadtest.watch import LateError, Watch, watching
from topics import catalog
from topics.roles import RECONCILER

POLL_S = 0.3
READ_MS = 100
STAYS = 4
"""Polls in a row in which nothing may be left: what one writes, another reads a moment later."""

READS: dict[str, tuple[str, ...]] = {
    catalog.APP: (*(topic.name for topic in catalog.ACCOUNT_SOURCES), catalog.CDR_RAW.name),
    catalog.RECHARGE_APP: (
        catalog.BALANCE_EVENTS.name,
        catalog.PAYMENT_RESULTS.name,
        catalog.RECHARGE_COMMANDS.name,
        catalog.RECHARGE_TIMERS.name,
    ),
    catalog.GATEWAY_GROUP: (catalog.PAYMENT_COMMANDS.name,),
    catalog.NOTIFIER_GROUP: (catalog.NOTIFICATIONS.name,),
}
"""What each consumer group reads."""


async def until_quiet(
    bootstrap: str, *, timeout_s: float, alive: Callable[[], None] = lambda: None
) -> None:
    """Wait until every group has read all that there is, and nothing new comes of it; LateError after the time-out."""
    deadline = time.monotonic() + timeout_s
    async with AsyncExitStack() as stack:
        watches = {
            group: await stack.enter_async_context(watching(bootstrap, group)) for group in READS
        }
        reader = clients.consumer(bootstrap, role=RECONCILER)
        await reader.start()
        stack.push_async_callback(reader.stop)
        quiet = 0
        while quiet < STAYS:
            alive()
            left = await _left(watches, reader)
            quiet = 0 if left else quiet + 1
            if time.monotonic() > deadline:
                raise LateError(f"not quiet after {timeout_s:.0f} s: {', '.join(left)}")
            await asyncio.sleep(POLL_S)


async def _left(watches: dict[str, Watch], reader: AIOKafkaConsumer) -> list[str]:
    """Name what is left to read."""
    left = []
    for group, topics in READS.items():
        for topic in topics:
            ends = await watches[group].ends(topic)
            done = await watches[group].committed(topic)
            behind = {
                part: done.get(part, 0) for part, end in ends.items() if end > done.get(part, 0)
            }
            if behind and await _has_records(reader, topic, behind):
                left.append(f"{group}: {topic} {sorted(behind)}")
    return left


async def _has_records(reader: AIOKafkaConsumer, topic: str, starts: dict[int, int]) -> bool:
    """Say whether anything but transaction markers lies from these offsets on."""
    parts = {TopicPartition(topic, part): start for part, start in starts.items()}
    reader.assign(list(parts))
    for part, start in parts.items():
        reader.seek(part, start)
    ends = await reader.end_offsets(list(parts))
    while any([await reader.position(part) < ends[part] for part in parts]):
        if any((await reader.getmany(*parts, timeout_ms=READ_MS)).values()):
            return True
    return False
