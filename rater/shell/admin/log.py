"""Log: records of a partition by their offsets, as they are committed. One consumer, outside every group."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import TopicPartition

from rater.kafka.broker import Broker
from rater.views.explanation.evidence import Missing, Place, Raw
from topics.catalog import BATCHES_CHANGELOG, RATE_DECKS

_POLL_MS = 200
_WAIT_MS = 10
"""How long the broker waits for something new: what is asked for is there."""
_FETCH_BYTES = 8 * 1024 * 1024
_FEW, _FEW_BYTES = 512, 256 * 1024
"""Of so few records less is fetched at once: a client goes on fetching behind what it was asked for."""
_LARGE = (BATCHES_CHANGELOG.name, RATE_DECKS.name)
"""Topics whose records are large, however few."""
Record = Any
"""As the client gives it: offset, timestamp, key, value."""


class Log:
    """A reader of many partitions, one after another; use `reading_log`."""

    def __init__(self, consumer: Any, narrow: Any) -> None:
        """Take two started consumers, one of which fetches little at once."""
        self._consumer = consumer
        self._narrow = narrow
        self._parts: dict[TopicPartition, None] = {}
        """All that have been looked at; both consumers have them, and read of none but while it is asked for."""
        self._bounds: dict[TopicPartition, tuple[int, int]] = {}

    async def look(self, places: Sequence[tuple[str, int]]) -> None:
        """Ask for the bounds of some topics and partitions at once, which is sooner than one by one.

        A client knows where a partition lies that it is assigned; of any other topics it is told one after the other,
        with a tenth of a second between them.
        """
        parts = [TopicPartition(*place) for place in places]
        self._parts |= dict.fromkeys(parts)
        for consumer in (self._consumer, self._narrow):
            consumer.assign([*self._parts])
            for part in self._parts:
                consumer.seek(part, 0)
            consumer.pause(*self._parts)
        starts, ends = await asyncio.gather(
            self._consumer.beginning_offsets(parts), self._narrow.end_offsets(parts)
        )
        for part in parts:
            self._bounds[part] = starts[part], ends[part]

    async def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """Return the first offset that is kept and the one behind the last; both stay as they were found first."""
        tp = TopicPartition(topic, partition)
        if tp not in self._bounds:
            await self.look([(topic, partition)])
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
        is_narrow = end - first <= _FEW and topic not in _LARGE
        consumer = self._narrow if is_narrow else self._consumer
        consumer.seek(tp, first)
        consumer.resume(tp)
        try:
            while True:
                records = (await consumer.getmany(tp, timeout_ms=_POLL_MS)).get(tp, [])
                some = [each for each in records if each.offset < end]
                if some:
                    yield some
                if len(some) < len(records) or await consumer.position(tp) >= end:
                    return
        finally:
            consumer.pause(tp)

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
    async with _consumer(broker, _FETCH_BYTES) as wide, _consumer(broker, _FEW_BYTES) as narrow:
        yield Log(wide, narrow)


@asynccontextmanager
async def _consumer(broker: Broker, fetch_bytes: int) -> AsyncIterator[Any]:
    consumer = broker.consumer(
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="none",
        max_partition_fetch_bytes=fetch_bytes,
        fetch_max_wait_ms=_WAIT_MS,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()
