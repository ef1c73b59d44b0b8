"""Sightings: when each tenant's threshold event and payment command could be read, committed."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any

import orjson

from loadtest import clients
from topics.catalog import BALANCE_EVENTS, PAYMENT_COMMANDS
from topics.roles import RECONCILER

FETCH_WAIT_MS = 5
"""aiokafka asks for what it has just delivered again only after the fetch underway: a short one."""
_POLL_MS = 200


class Sightings:
    """The first time each tenant was seen, seconds of the monotonic clock. Make it with `seeing`.

    The ledger entry of a call is committed with its threshold event: it can be read no earlier.
    """

    def __init__(self) -> None:
        """Nothing has been seen."""
        self.events: dict[str, float] = {}
        self.commands: dict[str, float] = {}

    def note(self, topic: str, value: bytes, now_s: float) -> None:
        """Take note of a record that has just become readable."""
        record = orjson.loads(value)
        if topic == PAYMENT_COMMANDS.name:
            self.commands.setdefault(record["tenant_id"], now_s)
        elif record["kind"] == "threshold_crossed":
            self.events.setdefault(record["tenant_id"], now_s)

    async def until(
        self, tenants: Collection[str], timeout_s: float, alive: Callable[[], None]
    ) -> list[str]:
        """Wait for a command of each tenant, so long at most; return those that have none.

        `alive` is called again and again; it may raise when waiting is in vain.
        """
        deadline = time.monotonic() + timeout_s
        while missing := [tenant for tenant in tenants if tenant not in self.commands]:
            alive()
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(_POLL_MS / 1000)
        return missing


@asynccontextmanager
async def seeing(bootstrap: str) -> AsyncIterator[Sightings]:
    """Read both topics, read_committed, from their beginning and on, while the context lasts."""
    consumer = clients.consumer(
        bootstrap,
        BALANCE_EVENTS.name,
        PAYMENT_COMMANDS.name,
        role=RECONCILER,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=FETCH_WAIT_MS,
    )
    await consumer.start()
    sightings = Sightings()
    reading = asyncio.create_task(_read(consumer, sightings))
    try:
        yield sightings
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await consumer.stop()


async def _read(consumer: Any, sightings: Sightings) -> None:
    while True:
        fetched = await consumer.getmany(timeout_ms=_POLL_MS)
        now_s = time.monotonic()
        for part, records in fetched.items():
            for record in records:
                sightings.note(part.topic, record.value, now_s)
