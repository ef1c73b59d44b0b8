"""The log of a topic: its committed records, read once from the beginning to the end of now."""

from collections.abc import AsyncGenerator
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import UnknownTopicOrPartitionError

from loadtest import clients, logins
from loadtest.progress import Progress

_FETCH_MS = 200
_FETCH_BYTES = 4 * 1024 * 1024


class Stored(NamedTuple):
    """A record as it lies on its topic."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None


async def read(bootstrap: str, topic: str) -> AsyncGenerator[Stored, None]:
    """Yield the committed records of a topic, in order within each partition, until its end.

    The end is that of the call; an unknown topic is a LookupError.
    """
    consumer = clients.consumer(
        bootstrap,
        topic,
        role=logins.reader_of(topic),
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=_FETCH_BYTES,
    )
    try:
        await consumer.start()
        async for record in _until_end(consumer, topic):
            yield record
    except UnknownTopicOrPartitionError as error:
        raise LookupError(f"{topic} is not on the broker") from error
    finally:
        await consumer.stop()


async def _until_end(consumer: AIOKafkaConsumer, topic: str) -> AsyncGenerator[Stored, None]:
    """Yield records until every partition has been read to its end, markers included."""
    ends = await consumer.end_offsets(consumer.assignment())
    count = 0
    with Progress(f"reading {topic}", sum(ends.values()), "record") as progress:
        left = set(ends)
        while left:
            for part, records in (await consumer.getmany(timeout_ms=_FETCH_MS)).items():
                for raw in records:
                    if raw.offset < ends[part]:
                        yield Stored(part.partition, raw.offset, raw.timestamp, raw.key, raw.value)
                count += len(records)
                progress.to(count)
            left = {part for part in left if await consumer.position(part) < ends[part]}
