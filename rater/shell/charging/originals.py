"""Originals: reads back the ledger entries that corrections and re-ratings refer to, by their offsets.

A reader of its own, outside every consumer group, made at the first correction of a partition. It reads while the
partition's lock is held, after the batch before was applied, and sees committed entries alone. Those of a piece are
read in the order of their offsets, so that neighbours come with one fetch; then nothing is fetched until it is asked.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from rater.kafka.broker import Broker
from topics.catalog import LEDGER

READ_S = 5.0
"""For all of a piece; longer is a failure that ends the worker. What re-ratings name may take as long again; what was
not read by then is left out, and its orders are refused. Both together take half of what a transaction may."""
_POLL_MS = 200
_FETCH_WAIT_MS = 20


class OriginalsReader:
    """Entries of the ledger by their offsets."""

    def __init__(self, broker: Broker) -> None:
        """Connect to nothing yet."""
        self._broker = broker
        self._consumers: dict[int, Any] = {}

    async def read(self, partition: int, offsets: Sequence[int]) -> dict[int, bytes]:
        """Return the entries at these offsets, those that are there; TimeoutError where it takes long."""
        tp = TopicPartition(LEDGER.name, partition)
        found: dict[int, bytes] = {}
        left = sorted(set(offsets))
        async with asyncio.timeout(READ_S):
            consumer = await self._consumer(tp)
            consumer.resume(tp)
            try:
                while left:
                    consumer.seek(tp, left[0])
                    left = await _read_on(consumer, tp, left, found)
            except OffsetOutOfRangeError:
                # What is not given is missed by the batch, which names it.
                return found
            finally:
                consumer.pause(tp)
        return found

    async def look(self, partition: int, offsets: Sequence[int]) -> dict[int, bytes]:
        """Return what lies at offsets that somebody else has named: where nothing does, it is left out."""
        tp = TopicPartition(LEDGER.name, partition)
        found: dict[int, bytes] = {}
        with suppress(TimeoutError, OffsetOutOfRangeError):
            async with asyncio.timeout(READ_S):
                consumer = await self._consumer(tp)
                begin = (await consumer.beginning_offsets([tp]))[tp]
                end = (await consumer.end_offsets([tp]))[tp]
                left = [offset for offset in sorted(set(offsets)) if begin <= offset < end]
                consumer.resume(tp)
                try:
                    while left:
                        consumer.seek(tp, left[0])
                        after = await _read_on(consumer, tp, left, found)
                        # Where a transaction's marker lies, nothing is read, and what comes next is looked for.
                        left = after if len(after) < len(left) else left[1:]
                finally:
                    consumer.pause(tp)
        return found

    async def stop(self) -> None:
        """Disconnect."""
        consumers, self._consumers = self._consumers, {}
        for consumer in consumers.values():
            await consumer.stop()

    async def _consumer(self, tp: TopicPartition) -> Any:
        consumer = self._consumers.get(tp.partition)
        if consumer is None:
            consumer = self._broker.consumer(
                group_id=None,
                isolation_level="read_committed",
                auto_offset_reset="none",
                fetch_max_wait_ms=_FETCH_WAIT_MS,
            )
            await consumer.start()
            consumer.assign([tp])
            self._consumers[tp.partition] = consumer
        return consumer


async def _read_on(
    consumer: Any, tp: TopicPartition, wanted: Sequence[int], found: dict[int, bytes]
) -> list[int]:
    """Take of one fetch what is wanted; return what is still to be read."""
    records = (await consumer.getmany(tp, timeout_ms=_POLL_MS)).get(tp, ())
    if not records:
        return list(wanted)
    asked = set(wanted)
    found.update({each.offset: each.value or b"" for each in records if each.offset in asked})
    return [offset for offset in wanted if offset > records[-1].offset]
