"""Reading: up to ends that were fixed before, and back to what must not be begun with.

The position counts, not the last record: a partition may end with records that were aborted, or with markers of
transactions, and these are passed unseen.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

Fetched = Mapping[TopicPartition, Sequence[Any]]


class Remaining:
    """The partitions that a consumer has not read to their ends yet."""

    def __init__(self, consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> None:
        """Take the ends, which stay as they are."""
        self._consumer = consumer
        self.ends = dict(ends)
        """Of what is left; what has been read is no longer in it."""

    async def update(self) -> list[TopicPartition]:
        """Look where the consumer is; return the partitions that have come to their end since the last look."""
        done = [tp for tp, end in self.ends.items() if await self._consumer.position(tp) >= end]
        for tp in done:
            del self.ends[tp]
        return done


async def read_to_end(
    consumer: AIOKafkaConsumer,
    ends: Mapping[TopicPartition, int],
    poll_ms: int,
    interrupted: Callable[[], bool] = lambda: False,
) -> AsyncIterator[Fetched]:
    """Yield what lies between the positions of a consumer and these ends; a partition that is read is paused.

    The last records of a partition may lie behind its end.
    """
    remaining = Remaining(consumer, ends)
    consumer.pause(*await remaining.update())
    while remaining.ends and not interrupted():
        yield await consumer.getmany(*remaining.ends, timeout_ms=poll_ms)
        consumer.pause(*await remaining.update())


def put_back(consumer: AIOKafkaConsumer, partition: TopicPartition, records: Sequence[Any]) -> None:
    """Have records fetched again that must not be begun with now; where the partition is lost, others read them."""
    with suppress(KafkaError):
        consumer.seek(partition, records[0].offset)
