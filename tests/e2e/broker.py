"""The broker of the tests: a real Apache Kafka, and what a test does with it by hand.

Records go in and come out as bytes, through aiokafka alone: nothing of the rater is trusted here.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.kafka.broker import Broker, answers
from deploy.kafka.cluster import Cluster
from tests.e2e.logins import access, are_wanted, options

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence

    from aiokafka.structs import ConsumerRecord

    OpenPlaces = Callable[[Sequence[TopicPartition]], Awaitable[set[TopicPartition]]]

READ_TIMEOUT_S = 60.0
MARKERS_S = 0.2
"""A committed transaction is open a little longer, until its markers are written."""
MARKERS_LOOKS = 20
"""How often a reader looks, ten times a second, whether what was written is stable."""
REQUEST_BYTES = 8 * 1024 * 1024
NO_SETTINGS: dict[str, str] = {}


@dataclass(frozen=True)
class ForeignBroker:
    """The broker that RATER_BROKER names: it can be used, not killed."""

    bootstrap: str


class Record(NamedTuple):
    """A record as it lies on its topic; `value` None is a tombstone."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def own_broker() -> Broker:
    """Name a broker instance of this test session alone, not started yet, on a free port; a secured one if wanted."""
    name = f"test-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    return Broker(name, short_lived=True, access=access())


def own_cluster() -> Cluster:
    """Name three brokers that are one Kafka, likewise."""
    name = f"test-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    return Cluster(name, short_lived=True, access=access())


def chosen_broker() -> ForeignBroker | None:
    """Return the broker that RATER_BROKER names, None if it names none; fail if it is silent."""
    bootstrap = os.environ.get("RATER_BROKER")
    if not bootstrap:
        return None
    assert not are_wanted(), "secured brokers of the tests are their own: unset RATER_BROKER"
    assert answers(bootstrap, timeout_s=5.0), f"RATER_BROKER={bootstrap}: no Kafka answers there"
    return ForeignBroker(bootstrap)


@asynccontextmanager
async def admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Open an admin client."""
    client = AIOKafkaAdminClient(**options(bootstrap))
    try:
        await client.start()
        yield client
    finally:
        await client.close()


async def create_topics(
    bootstrap: str, partitions: Mapping[str, int], settings: Mapping[str, str] = NO_SETTINGS
) -> None:
    """Make topics, each with its number of partitions, and wait until all have leaders."""
    topics = [
        NewTopic(name, count, 1, topic_configs=dict(settings)) for name, count in partitions.items()
    ]
    async with admin(bootstrap) as client:
        made = await client.create_topics(topics)
        failed = [error for error in made.topic_errors if error[1] != 0]
        assert not failed, f"topics not made: {failed}"
        while not _led(await client.describe_topics(list(partitions))):  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # The broker tells nobody when a leader is elected.


def _led(described: Sequence[Mapping[str, object]]) -> bool:
    """Say whether every topic is known and every partition of it has a leader."""
    for topic in described:
        parts = topic["partitions"]
        assert isinstance(parts, list)
        if topic["error_code"] != 0 or any(part["leader"] < 0 for part in parts):
            return False
    return True


@asynccontextmanager
async def producer(
    bootstrap: str, transactional_id: str | None = None
) -> AsyncIterator[AIOKafkaProducer]:
    """Open a producer that takes records up to the broker's limit of 8 MiB."""
    client = AIOKafkaProducer(
        **options(bootstrap),
        transactional_id=transactional_id,
        max_request_size=REQUEST_BYTES,
        max_batch_size=262_144,
        linger_ms=5,
        acks="all",
    )
    try:
        await client.start()
        yield client
    finally:
        await client.stop()


async def produce(
    bootstrap: str,
    topic: str,
    records: Iterable[tuple[bytes | None, bytes | None]],
    *,
    partition: int | None = None,
    timestamp_ms: int | None = None,
) -> list[tuple[int, int]]:
    """Publish (key, value) pairs in order; return partition and offset of each.

    Without `partition`, keys choose it as in Java (murmur2). Without `timestamp_ms` it is now.
    """
    async with producer(bootstrap) as client:
        sent = [
            await client.send(topic, value, key, partition=partition, timestamp_ms=timestamp_ms)
            for key, value in records
        ]
        await client.flush()
    return [(done.partition, done.offset) for done in [await future for future in sent]]


async def consume(
    bootstrap: str, *topics: str, committed: bool = True, timeout_s: float = READ_TIMEOUT_S
) -> list[Record]:
    """Read topics from their beginning to the end that they have now.

    Only committed records unless `committed` is False: then the records of open and of aborted
    transactions too. Ordered by offset within each partition.
    """
    async with asyncio.timeout(timeout_s), _reader(bootstrap, committed=committed) as consumer:
        partitions = await _partitions(bootstrap, topics)
        if committed:
            await _markers_written(bootstrap, consumer, partitions)
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        return await _read_until(consumer, ends)


async def _markers_written(
    bootstrap: str, committed: AIOKafkaConsumer, partitions: Sequence[TopicPartition]
) -> None:
    """Wait until what was written by now is stable; not for ever: a transaction may well be open.

    A commit is answered before its markers are written, and until then its records are not there for those who read
    only what is committed.
    """
    async with _reader(bootstrap, committed=False) as everything:
        written = await everything.end_offsets(partitions)
    for _ in range(MARKERS_LOOKS):
        stable = await committed.end_offsets(partitions)
        if all(stable[place] >= end for place, end in written.items()):
            return
        await asyncio.sleep(0.1)


async def end_offsets(bootstrap: str, topic: str) -> dict[int, int]:
    """Return where each partition of a topic ends now, for readers of committed records."""
    async with _reader(bootstrap, committed=True) as consumer:
        ends = await consumer.end_offsets(await _partitions(bootstrap, [topic]))
    return {partition.partition: end for partition, end in ends.items()}


async def record_ends(bootstrap: str, topic: str) -> dict[int, int]:
    """Return where the last committed record of each partition ends: behind it only markers may lie.

    A reader whose batch ends with the last record has nothing to commit behind it; so it never commits the marker.
    """
    return {record.partition: record.offset + 1 for record in await consume(bootstrap, topic)}


@asynccontextmanager
async def open_places(bootstrap: str) -> AsyncIterator[OpenPlaces]:
    """Give a function that says which of some partitions have records of a transaction that is open now."""
    async with (
        _reader(bootstrap, committed=True) as committed,
        _reader(bootstrap, committed=False) as everything,
    ):

        async def now(places: Sequence[TopicPartition]) -> set[TopicPartition]:
            # What is stable only grows, so it is asked first: what lies behind it now was open then.
            stable = await committed.end_offsets(places)
            written = await everything.end_offsets(places)
            return {place for place in places if stable[place] < written[place]}

        yield now


async def wait_for_records(
    bootstrap: str, topic: str, count: int, *, timeout_s: float = READ_TIMEOUT_S
) -> list[Record]:
    """Read a topic's committed records again and again until there are `count` of them."""
    records: list[Record] = []
    try:
        async with asyncio.timeout(timeout_s):
            while len(records) < count:
                records = await consume(bootstrap, topic)
                await asyncio.sleep(0.1)
    except TimeoutError as error:
        raise AssertionError(f"{topic}: {len(records)} of {count} records came") from error
    return records


@asynccontextmanager
async def _reader(bootstrap: str, *, committed: bool) -> AsyncIterator[AIOKafkaConsumer]:
    """Open a consumer that belongs to no group."""
    consumer = AIOKafkaConsumer(
        **options(bootstrap),
        isolation_level="read_committed" if committed else "read_uncommitted",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=100,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def _partitions(bootstrap: str, topics: Iterable[str]) -> list[TopicPartition]:
    """List every partition of the topics; an unknown topic is a mistake in the test."""
    async with admin(bootstrap) as client:
        described = await client.describe_topics(list(topics))
    unknown = [topic["topic"] for topic in described if topic["error_code"] != 0]
    assert not unknown, f"topics not on the broker: {unknown}"
    return [
        TopicPartition(topic["topic"], part["partition"])
        for topic in described
        for part in topic["partitions"]
    ]


async def _read_until(
    consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]
) -> list[Record]:
    """Collect records until every partition has been read to its end.

    The position counts, not the last record: a partition may end with transaction markers.
    """
    records: list[Record] = []
    for partition, end in ends.items():
        while await consumer.position(partition) < end:
            for part, fetched in (await consumer.getmany(timeout_ms=100)).items():
                records += [_record(raw) for raw in fetched if raw.offset < ends[part]]
    return sorted(records, key=lambda record: record[:3])


def _record(raw: ConsumerRecord[bytes, bytes]) -> Record:
    """Take over what a test may look at."""
    return Record(
        raw.topic, raw.partition, raw.offset, raw.timestamp, raw.key, raw.value, tuple(raw.headers)
    )
