"""Reading a topic for people: what is committed, from a time on, up to the end or for as long as somebody looks.

Outside every group: reading changes nothing. The order is that of each partition; one tenant has one partition.
"""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from aiokafka import TopicPartition

from rater.kafka.broker import Broker
from rater.kafka.reading import Remaining
from rater.wire.lines import Line
from topics.catalog import Topic
from topics.partitioner import partition_of

Taken = TypeVar("Taken")

_POLL_MS = 200
_NOTHING_MS = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which records of a topic are read."""

    tenant: str | None = None
    """Of this one alone."""
    from_ms: int = _NOTHING_MS
    """Whose time is this or later; -1: from the beginning."""
    until_ms: int | None = None
    """Up to the first whose time is this or later; None: to the end."""
    partitions: frozenset[int] | None = None
    """Of these alone."""
    is_following: bool = False
    """Go on at the end."""


class TopicReader:
    """A reader of one topic; use `reading`."""

    def __init__(self, consumer: Any, topic: Topic, selection: Selection) -> None:
        """Take a started consumer."""
        self._consumer = consumer
        self._topic = topic
        self._selection = selection
        self._tenant = None if selection.tenant is None else selection.tenant.encode()
        self.begins: dict[int, int] = {}
        """By partition, the first offset that is kept, once reading has begun."""

    async def lines(self, partitions: int) -> AsyncGenerator[Line, None]:
        """Yield the selected records of a topic that has so many partitions."""
        left = await self._start(self._parts(partitions))
        while left.ends or self._selection.is_following:
            fetched = await self._consumer.getmany(timeout_ms=_POLL_MS)
            for part, records in fetched.items():
                for record in records:
                    if self._selection.is_following or record.offset < left.ends.get(part, 0):
                        line = self._line(part, record)
                        if line is not None:
                            yield line
            await left.update()

    def _parts(self, partitions: int) -> list[TopicPartition]:
        only = self._selection.partitions
        if self._tenant is not None and self._topic.key.is_by_tenant:
            only = frozenset((partition_of(self._tenant, partitions),))
        numbers = range(partitions) if only is None else sorted(only)
        return [TopicPartition(self._topic.name, number) for number in numbers]

    async def _start(self, parts: list[TopicPartition]) -> Remaining:
        """Go to where reading begins; return what there is to read."""
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(parts)
        if self._selection.until_ms is not None:
            found = await self._consumer.offsets_for_times(
                dict.fromkeys(parts, self._selection.until_ms)
            )
            ends |= {part: at.offset for part, at in found.items() if at}
        starts = await self._consumer.beginning_offsets(parts)
        self.begins = {part.partition: start for part, start in starts.items()}
        if self._selection.from_ms != _NOTHING_MS:
            found = await self._consumer.offsets_for_times(
                dict.fromkeys(parts, self._selection.from_ms)
            )
            starts = {part: at.offset if at else ends[part] for part, at in found.items()}
        self._consumer.assign(parts)
        for part in parts:
            self._consumer.seek(part, starts[part])
        behind = {part: end for part, end in ends.items() if starts[part] < end}
        return Remaining(self._consumer, behind)

    def _line(self, part: TopicPartition, record: Any) -> Line | None:
        if (
            self._tenant is not None
            and self._topic.key.tenant_of(record.key or b"") != self._tenant
        ):
            return None
        if record.timestamp < self._selection.from_ms:
            return None
        place = (part.topic, part.partition, record.offset)
        return Line(*place, record.timestamp, record.key, record.value)


async def last_of(
    lines: AsyncIterable[Line], taken: Callable[[bytes], Taken | None]
) -> dict[bytes, Taken]:
    """Return what is taken of the last value of each key, of the lines of a compacted topic; None takes nothing.

    What is not taken is not kept, so the answer alone takes memory.
    """
    found: dict[bytes, Taken] = {}
    async for line in lines:
        key = line.key or b""
        chosen = None if line.value is None else taken(line.value)
        if chosen is None:
            found.pop(key, None)
        else:
            found[key] = chosen
    return found


@asynccontextmanager
async def reading(broker: Broker, topic: Topic, selection: Selection) -> AsyncIterator[TopicReader]:
    """Connect for a while."""
    consumer = broker.consumer(
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_partition_fetch_bytes=topic.max_message_bytes,
        fetch_max_wait_ms=_POLL_MS,
    )
    try:
        await consumer.start()
        yield TopicReader(consumer, topic, selection)
    finally:
        await consumer.stop()
