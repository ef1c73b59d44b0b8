"""The log of a topic: its committed records, read once from the beginning to the end of now."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
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


@dataclass(frozen=True, slots=True)
class Span:
    """A range of a topic: from where on, and up to where; what is not said is all there is now.

    Times are those of records, by the broker's index: the first that is not earlier. Offsets are by partition.
    """

    from_ms: int | None = None
    until_ms: int | None = None
    from_offsets: Mapping[int, int] = field(default_factory=dict)
    until_offsets: Mapping[int, int] = field(default_factory=dict)

    async def bounds(
        self, consumer: AIOKafkaConsumer, parts: set[TopicPartition]
    ) -> tuple[dict[TopicPartition, int], dict[TopicPartition, int]]:
        """Return where each partition begins and ends; LookupError where offsets are of one that is not there."""
        there = {part.partition for part in parts}
        if unknown := sorted({*self.from_offsets, *self.until_offsets} - there):
            raise LookupError(f"partition {unknown[0]} is not there: 0 to {max(there)} are")
        begins, ends = (
            await consumer.beginning_offsets(parts),
            await consumer.end_offsets(parts),
        )
        since = await _offsets_at(consumer, self.from_ms, begins, ends)
        until = await _offsets_at(consumer, self.until_ms, ends, ends)
        for part in parts:
            asked = self.from_offsets.get(part.partition, since[part])
            begins[part] = max(begins[part], asked)
            ends[part] = min(ends[part], self.until_offsets.get(part.partition, until[part]))
        return begins, ends


async def _offsets_at(
    consumer: AIOKafkaConsumer,
    at_ms: int | None,
    unsaid: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
) -> Mapping[TopicPartition, int]:
    """Return the first offsets of a time, the end where nothing is as late; None: what it is without one."""
    if at_ms is None:
        return unsaid
    found = await consumer.offsets_for_times(dict.fromkeys(ends, at_ms))
    return {part: ends[part] if at is None else at.offset for part, at in found.items()}


WHOLE = Span()


async def read(
    bootstrap: str,
    topic: str,
    span: Span = WHOLE,
    login: Mapping[str, str] | None = None,
) -> AsyncGenerator[Stored, None]:
    """Yield the committed records of a topic, in order within each partition, until its end.

    The end is that of the call; an unknown topic is a LookupError. `login`: the variables of the way to the broker,
    where they are not those of whoever reads the topic.
    """
    consumer = clients.consumer(
        bootstrap,
        topic,
        role=logins.reader_of(topic),
        login=login,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=_FETCH_BYTES,
    )
    try:
        await consumer.start()
        async for record in _until_end(consumer, topic, span):
            yield record
    except UnknownTopicOrPartitionError as error:
        raise LookupError(f"{topic} is not on the broker") from error
    finally:
        await consumer.stop()


async def _until_end(
    consumer: AIOKafkaConsumer, topic: str, span: Span
) -> AsyncGenerator[Stored, None]:
    """Yield records until every partition has been read to its end, markers included."""
    begins, ends = await span.bounds(consumer, consumer.assignment())
    total = sum(max(end - begins[part], 0) for part, end in ends.items())
    count = 0
    with Progress(f"reading {topic}", total, "record") as progress:
        left = {part for part, end in ends.items() if begins[part] < end}
        consumer.pause(*(set(ends) - left))
        for part in left:
            consumer.seek(part, begins[part])
        while left:
            for part, records in (await consumer.getmany(timeout_ms=_FETCH_MS)).items():
                for raw in records:
                    if raw.offset < ends[part]:
                        yield Stored(part.partition, raw.offset, raw.timestamp, raw.key, raw.value)
                count += len(records)
                progress.to(count)
            left = {part for part in left if await consumer.position(part) < ends[part]}
            consumer.pause(*(set(ends) - left))
