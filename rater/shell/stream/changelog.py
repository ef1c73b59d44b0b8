"""The changelog reader: all partitions of all tables, side by side, up to their ends.

It reads committed records only. The last stable offset is the end: the partitions have been
fenced before, so no transaction of a previous owner is open, and none of ours is either. Where a
partition ends in transaction markers or aborted records only, the fetch position says so.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from rater.kafka.unread import Unread
from rater.shell.stream.faust_private import keep_records_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from aiokafka import AIOKafkaConsumer

    from rater.shell.stream.tables import PartitionStates

log = logging.getLogger(__name__)

RECORDS_PER_READ = 20_000
"""Bounds how long the event loop is held: about 60 ms."""
READ_WAIT_MS = 20


class InterruptedRecoveryError(Exception):
    """Another rebalance began; what has been read stays and counts."""


class ChangelogUnreadError(Exception):
    """Records of a changelog cannot be unpacked: the state that it would give is not the state."""


class ChangelogReader:
    """One pass over changelog partitions with a consumer that belongs to no group."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        interrupted: Callable[[], bool],
        on_records: Callable[[int], None],
    ) -> None:
        """Read with `consumer`, started and without subscription, until `interrupted` says so."""
        self._consumer = consumer
        self._interrupted = interrupted
        self._on_records = on_records
        self._ends: dict[TopicPartition, int] = {}

    async def read(self, states: dict[TopicPartition, PartitionStates[Any]]) -> int:
        """Bring the states up to the ends of their changelogs; return the records read."""
        if not states:
            return 0
        self._consumer.assign(list(states))
        await self._seek(states)
        total = 0
        while pending := await self._pending(states):
            if self._interrupted():
                raise InterruptedRecoveryError
            keep_records_plain(self._consumer, *pending)
            fetched = await self._consumer.getmany(
                *pending, timeout_ms=READ_WAIT_MS, max_records=RECORDS_PER_READ
            )
            for tp, records in fetched.items():
                pairs = [(record.key, record.value) for record in _readable(tp, records)]
                position = await self._consumer.position(tp)
                states[tp].load(tp.partition, pairs, position)
                total += len(records)
                self._on_records(len(records))
        return total

    async def _seek(self, states: dict[TopicPartition, PartitionStates[Any]]) -> None:
        tps = list(states)
        self._ends = await self._consumer.end_offsets(tps)
        begins = await self._consumer.beginning_offsets(tps)
        for tp, state in states.items():
            self._consumer.seek(tp, self._start(tp, state, begins[tp]))

    def _start(self, tp: TopicPartition, states: PartitionStates[Any], begin: int) -> int:
        end, applied = self._ends[tp], states.next_offset(tp.partition)
        if applied is not None and applied > end:
            log.warning(
                "%(topic)s, partition %(partition)d: applied up to %(applied)d but it ends at %(end)d: reading anew",
                {
                    "topic": tp.topic,
                    "partition": tp.partition,
                    "applied": applied,
                    "end": end,
                },
            )
            states.reset(tp.partition)
            applied = None
        # Older records have been deleted by time, and what is kept of them is for the state to say.
        return begin if applied is None else max(begin, applied)

    async def _pending(
        self, states: dict[TopicPartition, PartitionStates[Any]]
    ) -> list[TopicPartition]:
        pending = []
        for tp, end in self._ends.items():
            position = await self._consumer.position(tp)
            if position < end:
                pending.append(tp)
            elif states[tp].next_offset(tp.partition) != position:
                # Markers only, or nothing at all.
                states[tp].load(tp.partition, [], position)
        return pending


def _readable(tp: TopicPartition, records: Sequence[Any]) -> Sequence[Any]:
    """Return the records; ChangelogUnreadError where one stands for some that were not unpacked."""
    for record in records:
        if record.value is None and isinstance(record, Unread):
            raise ChangelogUnreadError(
                f"{tp.topic} partition {tp.partition}, offsets {record.offset} to "
                f"{record.last_offset}: {record.why}; only the rater may write this topic"
            )
    return records
