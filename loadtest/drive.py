"""Drive: publish a workload to Kafka, in whole batches, each partition in order.

Records keep the order in which they are given within their partition. They are acknowledged by all
replicas; a failure to write one is an exception, and what had been sent until then stays sent.
"""

from __future__ import annotations

import json
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaProducer

from loadtest import clients, logins
from loadtest.progress import Progress
from topics.authority import TOPIC_OF
from topics.catalog import ACCOUNT_SOURCES, CDR_RAW

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping

    from loadtest.accounts import Record
    from loadtest.generate import Workload

BATCH_BYTES = 256 * 1024
_UNDERWAY_MAX = 16
"""Batches sent and not yet acknowledged; more would only take memory."""


def by_topic(commands: Iterable[Record]) -> dict[str, list[Record]]:
    """Return account commands by the topic that each comes on."""
    found: dict[str, list[Record]] = {}
    for record in commands:
        found.setdefault(topic_of(record), []).append(record)
    return found


def topic_of(command: Record) -> str:
    """Return the topic that an account command comes on."""
    return TOPIC_OF[json.loads(command[2] or b"{}")["type"]]


async def publish_commands(
    bootstrap: str,
    commands: Mapping[str, list[Record]],
    taken: Callable[[str], Awaitable[None]],
    timestamp_ms: int | None = None,
) -> int:
    """Publish account commands, topic by topic; return how many.

    `taken` waits until charging has taken all of a topic: what is asked of an account comes after its opening.
    """
    count = 0
    for topic in ACCOUNT_SOURCES:
        if records := commands.get(topic.name):
            count += await publish(
                bootstrap, topic.name, records, len(records), timestamp_ms=timestamp_ms
            )
            await taken(topic.name)
    return count


async def publish_cdrs(bootstrap: str, workload: Workload, timestamp_ms: int | None = None) -> int:
    """Publish the CDRs as they are generated; return how many."""
    total = workload.plan.cdrs
    return await publish(bootstrap, CDR_RAW.name, workload.cdrs(), total, timestamp_ms=timestamp_ms)


async def publish_acts(
    bootstrap: str, workload: Workload, taken: Callable[[str], Awaitable[None]]
) -> int:
    """Publish the CDRs act by act, as they are generated, and what changes before each; return how many changes.

    `taken` waits until charging has taken all of a topic: of records on two topics nothing else says what comes first.
    """
    changed, size = 0, -(-workload.plan.cdrs // (workload.plan.changes + 1))
    for act in workload.acts():
        if act.changes:
            await taken(CDR_RAW.name)
            changed += await publish_commands(bootstrap, by_topic(act.changes), taken)
        await publish(bootstrap, CDR_RAW.name, act.cdrs, size)
    return changed


async def publish(
    bootstrap: str,
    topic: str,
    records: Iterable[Record],
    total: int,
    *,
    timestamp_ms: int | None = None,
) -> int:
    """Publish records to a topic, as whoever writes it; return how many.

    Their time is that of sending, unless `timestamp_ms` gives one to all: then two runs of one plan
    write the same ledger entries, time included.
    """
    sent = 0
    async with _producer(bootstrap, topic) as producer:
        batches = _Batches(producer, topic)
        with Progress(f"publishing to {topic}", total, "record") as progress:
            for partition, key, value in records:
                await batches.add(partition, key, value, timestamp_ms)
                sent += 1
                if sent % 1_000 == 0:
                    progress.to(sent)
            await batches.flush()
    return sent


class _Batches:
    """One open batch per partition."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self.producer = producer
        self.topic = topic
        self.open: dict[int, Any] = {}
        self.underway: deque[asyncio.Future[Any]] = deque()

    async def add(
        self, partition: int, key: bytes, value: bytes | None, timestamp_ms: int | None
    ) -> None:
        """Add a record to its partition's batch; send the batch first when it is full."""
        batch = self.open.get(partition)
        if batch is not None and batch.append(timestamp=timestamp_ms, key=key, value=value):
            return
        if batch is not None:
            await self._send(partition)
        batch = self.open[partition] = self.producer.create_batch()
        added = batch.append(timestamp=timestamp_ms, key=key, value=value)
        assert added, f"a record of {len(value or b'')} bytes is larger than a batch"

    async def flush(self) -> None:
        """Send what is open and wait until everything is acknowledged."""
        for partition in list(self.open):
            await self._send(partition)
        while self.underway:
            await self.underway.popleft()

    async def _send(self, partition: int) -> None:
        batch = self.open.pop(partition)
        batch.close()
        sent = await self.producer.send_batch(batch, self.topic, partition=partition)
        self.underway.append(sent)
        if len(self.underway) > _UNDERWAY_MAX:
            await self.underway.popleft()


@asynccontextmanager
async def _producer(bootstrap: str, topic: str) -> AsyncIterator[AIOKafkaProducer]:
    role = logins.writer_of(topic)
    producer = clients.producer(bootstrap, role, max_batch_size=BATCH_BYTES, linger_ms=0)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()
