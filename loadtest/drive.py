"""Drive: publish a workload to Kafka, in whole batches, each partition in order.

Records keep the order in which they are given within their partition. They are acknowledged by all
replicas; a failure to write one is an exception, and what had been sent until then stays sent.
"""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiokafka import AIOKafkaProducer

from loadtest import clients, logins
from loadtest.outlet import BATCH_BYTES, Outlet
from loadtest.progress import Progress
from topics.authority import TOPIC_OF
from topics.catalog import ACCOUNT_SOURCES, CDR_RAW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping

    from loadtest.accounts import Record
    from loadtest.generate import Workload

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
        outlet = Outlet(producer, topic, underway_max=_UNDERWAY_MAX)
        with Progress(f"publishing to {topic}", total, "record") as progress:
            for partition, key, value in records:
                await outlet.add(partition, key, value, timestamp_ms=timestamp_ms)
                sent += 1
                if sent % 1_000 == 0:
                    progress.to(sent)
            await outlet.finish()
    return sent


@asynccontextmanager
async def _producer(bootstrap: str, topic: str) -> AsyncIterator[AIOKafkaProducer]:
    role = logins.writer_of(topic)
    producer = clients.producer(bootstrap, role, max_batch_size=BATCH_BYTES, linger_ms=0)
    try:
        await producer.start()
        yield producer
    finally:
        await producer.stop()
