"""Log: records of a partition by their offsets, as they are committed. One consumer, outside every group."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import TopicPartition

from rater.kafka.broker import Broker
from rater.views.explanation.evidence import Missing, Place, Raw

_POLL_MS = 200
_FETCH_BYTES = 8 * 1024 * 1024
Record = Any
"""As the client gives it: offset, timestamp, key, value."""


class Log:
    """A reader of many partitions, one after another; use `reading_log`."""

    def __init__(self, consumer: Any) -> None:
        """Take a started consumer."""
        self._consumer = consumer
        self._bounds: dict[TopicPartition, tuple[int, int]] = {}

    async def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """Return the first offset that is kept and the one behind the last; both stay as they were found first."""
        tp = TopicPartition(topic, partition)
        if tp not in self._bounds:
            starts = await self._consumer.beginning_offsets([tp])
            ends = await self._consumer.end_offsets([tp])
            self._bounds[tp] = starts[tp], ends[tp]
        return self._bounds[tp]

    async def from_time(self, topic: str, partition: int, at_ms: int) -> int:
        """Return the first offset whose record was written at an instant or later; the end where there is none."""
        tp = TopicPartition(topic, partition)
        found = await self._consumer.offsets_for_times({tp: max(at_ms, 0)})
        place = found[tp]
        return (await self.bounds(topic, partition))[1] if place is None else place.offset

    async def between(self, topic: str, partition: int, first: int, end: int) -> list[Record]:
        """Return the records from an offset to before another, those that are there."""
        return [each async for some in self.runs(topic, partition, first, end) for each in some]

    async def runs(
        self, topic: str, partition: int, first: int, end: int
    ) -> AsyncIterator[Sequence[Record]]:
        """Yield likewise what each fetch brings."""
        start, last = await self.bounds(topic, partition)
        first, end = max(first, start), min(end, last)
        if first >= end:
            return
        tp = TopicPartition(topic, partition)
        self._consumer.assign([tp])
        self._consumer.seek(tp, first)
        while True:
            records = (await self._consumer.getmany(tp, timeout_ms=_POLL_MS)).get(tp, [])
            some = [each for each in records if each.offset < end]
            if some:
                yield some
            if len(some) < len(records) or await self._consumer.position(tp) >= end:
                return

    async def at(self, place: Place) -> Raw | Missing:
        """Return the record at a place, or why there is none."""
        topic, partition, offset = place
        start, end = await self.bounds(topic, partition)
        if offset < start:
            return Missing.GONE
        if offset >= end:
            return Missing.ABSENT
        found = await self.between(topic, partition, offset, offset + 1)
        if not found:
            return Missing.ABSENT
        return Raw(found[0].timestamp, found[0].key, found[0].value)


@asynccontextmanager
async def reading_log(broker: Broker) -> AsyncIterator[Log]:
    """Connect for a while."""
    consumer = broker.consumer(
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="none",
        max_partition_fetch_bytes=_FETCH_BYTES,
        fetch_max_wait_ms=_POLL_MS,
    )
    try:
        await consumer.start()
        yield Log(consumer)
    finally:
        await consumer.stop()
