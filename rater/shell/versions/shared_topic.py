"""Shared topic: all that is committed in a topic of versions, from the beginning, then what comes.

A reader of its own, outside every consumer group: each worker needs every record, and a rebalance
must not touch it. The end is the one for readers of committed records, so a loader that died in its
transaction does not hold back a worker's start: what it had sent is in force nowhere.
"""

from contextlib import AsyncExitStack
from typing import Self

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from rater.kafka.broker import Broker
from rater.kafka.reading import Remaining
from rater.shell.admin.missing import MissingTopicsError

FETCH_WAIT_MS = 200
"""The longest a fetch waits for something new; a version must be known within 2 s."""


class SharedTopic:
    """A reader of one topic of versions: `open`, then `poll` for ever, then `close`."""

    def __init__(
        self, broker: Broker, topic: str, record_bytes_max: int, *, wait_for_open: bool = False
    ) -> None:
        """Name broker and topic; `wait_for_open` puts the end behind transactions that are still open."""
        self._topic = topic
        self._record_bytes_max = record_bytes_max
        self._broker = broker
        self._wait_for_open = wait_for_open
        self._consumer: AIOKafkaConsumer
        self._closing = AsyncExitStack()
        self._ends: dict[TopicPartition, int] = {}
        self._remaining: Remaining

    async def open(self) -> None:
        """Connect, go to the beginning and note the end; raise when the topic is missing."""
        partitions = await self._partitions()
        self._consumer = self._make_consumer("read_committed")
        self._closing.push_async_callback(self._consumer.stop)
        await self._consumer.start()
        starts = await self._consumer.beginning_offsets(partitions)
        self._ends = await self._end_offsets(partitions)
        behind = {tp: end for tp, end in self._ends.items() if starts[tp] < end}
        self._remaining = Remaining(self._consumer, behind)
        self._consumer.assign(partitions)
        for partition in partitions:
            self._consumer.seek(partition, starts[partition])

    async def close(self) -> None:
        """Disconnect; needed also when `open` failed."""
        await self._closing.aclose()

    async def __aenter__(self) -> Self:
        """Open, and return the reader."""
        try:
            await self.open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    @property
    def at_end(self) -> bool:
        """Whether all that was there at the opening has been read."""
        return not self._remaining.ends

    async def progress(self) -> str:
        """Say how far the reader has come, for people."""
        read = sum([await self._consumer.position(tp) for tp in self._ends])
        return f"{self._topic} read up to {read} of {sum(self._ends.values())}"

    async def positions(self) -> dict[TopicPartition, int]:
        """Return up to where each partition has been read."""
        return {tp: await self._consumer.position(tp) for tp in self._ends}

    async def poll(self) -> list[ConsumerRecord]:
        """Return what is there, or nothing after a short wait."""
        fetched = await self._consumer.getmany(timeout_ms=FETCH_WAIT_MS)
        await self._remaining.update()
        return [record for records in fetched.values() for record in records]

    async def _partitions(self) -> list[TopicPartition]:
        """Return every partition of the topic: with one left out, versions could be missing unseen."""
        admin = self._broker.admin()
        try:
            await admin.start()
            # Asked for by name, a topic is created by brokers that create topics by themselves.
            described = await admin.describe_topics()
        finally:
            await admin.close()
        topics = {topic["topic"]: topic["partitions"] for topic in described}
        if not topics.get(self._topic):
            raise MissingTopicsError([self._topic], self._broker)
        numbers = sorted(entry["partition"] for entry in topics[self._topic])
        return [TopicPartition(self._topic, number) for number in numbers]

    async def _end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        ends: dict[TopicPartition, int]
        if not self._wait_for_open:
            ends = await self._consumer.end_offsets(partitions)
            return ends
        seer = self._make_consumer("read_uncommitted")
        try:
            await seer.start()
            ends = await seer.end_offsets(partitions)
        finally:
            await seer.stop()
        return ends

    def _make_consumer(self, isolation: str) -> AIOKafkaConsumer:
        return self._broker.consumer(
            group_id=None,
            enable_auto_commit=False,
            # A position outside the topic means that it was made anew: an error, never a guess.
            auto_offset_reset="none",
            isolation_level=isolation,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            max_partition_fetch_bytes=self._record_bytes_max,
        )
