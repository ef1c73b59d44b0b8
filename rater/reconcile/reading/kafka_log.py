"""Kafka log: the topics read from a broker, one partition number after another.

Read committed, outside every group, from the beginning. Where nobody writes, to the end that each partition had at the
start. Where the writers work on, to a cut (`cut`): first the manifests of charging, then those of recharge, then all
others, each to what was written by then, committed or not: so all of the batches whose manifests were read is there.
A partition may end with transaction markers: the position counts, not the last record.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from rater.kafka.broker import Broker
from rater.kafka.reading import Remaining
from rater.kafka.refusal import NotReachedError
from rater.reconcile.reading.cut import CHARGING, RECHARGE, cut_log
from rater.reconcile.reading.log import READ, SHARED, Log, Record, Slice
from topics import catalog

START_TIMEOUT_S = 15.0
STALLED_S = 60.0
"""A broker that gives nothing for so long, of what it said it has, is given up."""
STILL_S = 0.25
"""A pause of the writers that is long enough: a transaction's markers are in all its topics by then."""
STILL_TRIES = 20
FIXED = (catalog.DEAD_ENDED.name,)
"""Read up to where it was when the log was opened: what it names in other partitions is known before these are read."""

_OURS = {topic.name for topic in catalog.CATALOG if topic.internal} | {catalog.RATE_DECKS.name}
"""Large records are as they should be there."""
_FETCH_BYTES = 2 * 1024 * 1024
_POLL_MS = 500


class CannotReadError(Exception):
    """The topics cannot be read; the message says which, and why."""


class KafkaLog:
    """The topics as they were when this was opened."""

    def __init__(self, consumer: Any, watcher: Any, partitions: int) -> None:
        """Use `open_log`. `watcher`: a consumer that sees what is not committed, too; it reads nothing."""
        self._consumer = consumer
        self._watcher = watcher
        self._ends: dict[TopicPartition, int] = {}
        self._starts: dict[TopicPartition, int] = {}
        self.partitions = partitions
        self.is_still = False
        """No record was written while the ends were read: they belong to one moment."""
        self.progress: Callable[[int], object] = lambda _: None
        """Called with the number of records after every fetch."""

    @property
    def total(self) -> int:
        """Return how many offsets there are to read."""
        return sum(self._ends.values()) - sum(self._starts.values())

    async def shared(self, topic: str) -> list[tuple[int, Record]]:
        """Read a topic that belongs to all partitions: decks, settings."""
        part = TopicPartition(topic, 0)
        slices = await self._read([part])
        return [(0, record) for record in slices[part].records]

    async def each_of(self, topic: str) -> AsyncIterator[Sequence[Record]]:
        """Read the partitions of a topic one after another, as they were when this was opened."""
        for number in range(self.partitions):
            part = TopicPartition(topic, number)
            yield (await self._read([part]))[part].records

    async def has_more_shared(self) -> bool:
        """Say whether decks, settings or plans have come since the last answer; they are there to be read then."""
        if self.is_still:
            return False
        before = dict(self._ends)
        self._ends |= await self._watcher.end_offsets([TopicPartition(name, 0) for name in SHARED])
        return before != self._ends

    async def logs(self) -> AsyncIterator[Log]:
        """Read one partition number of all topics at a time."""
        for number in range(self.partitions):
            if self.is_still:
                slices = await self._read([TopicPartition(name, number) for name in READ])
                yield Log(number, self.partitions, _named(slices))
            else:
                yield cut_log(Log(number, self.partitions, await self._read_on(number)))

    async def _read_on(self, number: int) -> dict[str, Slice]:
        """Read a partition number whose writers work on."""
        others = [name for name in READ if name not in (CHARGING, RECHARGE)]
        found: dict[str, Slice] = {}
        for names in ([CHARGING], [RECHARGE], others):
            parts = [TopicPartition(name, number) for name in names]
            ends = await self._watcher.end_offsets(parts)
            self._ends |= {part: end for part, end in ends.items() if part.topic not in FIXED}
            found |= _named(await self._read(parts))
        return found

    async def fix_range(self) -> None:
        """Ask where each partition begins and ends, until nothing moves between two answers, or in vain."""
        parts = [TopicPartition(n, p) for n in READ for p in range(self.partitions)]
        parts += [TopicPartition(name, 0) for name in SHARED]
        self._ends = await self._consumer.end_offsets(parts)
        for _ in range(STILL_TRIES):
            await asyncio.sleep(STILL_S)
            before, self._ends = self._ends, await self._consumer.end_offsets(parts)
            self.is_still = before == self._ends
            if self.is_still:
                break
        self._starts = await self._consumer.beginning_offsets(parts)

    async def _read(self, parts: list[TopicPartition]) -> dict[TopicPartition, Slice]:
        records: dict[TopicPartition, list[Record]] = {part: [] for part in parts}
        left = {part: self._ends[part] for part in parts if self._starts[part] < self._ends[part]}
        if left:
            self._consumer.assign(list(left))
            for part in left:
                self._consumer.seek(part, self._starts[part])
        remaining = Remaining(self._consumer, left)
        quiet_s = 0.0
        while remaining.ends:
            fetched = await self._consumer.getmany(*remaining.ends, timeout_ms=_POLL_MS)
            for part, batch in fetched.items():
                records[part] += _records(part.topic, batch, self._ends[part])
                self.progress(len(batch))
            done = await remaining.update()
            if done:
                self._consumer.pause(*done)
            quiet_s = 0.0 if fetched or done else quiet_s + _POLL_MS / 1_000
            if quiet_s > STALLED_S:
                stuck = ", ".join(f"{part.topic}/{part.partition}" for part in remaining.ends)
                message = f"the broker gives nothing more of {stuck}"
                raise CannotReadError(message)
        return {part: Slice(found, self._starts[part]) for part, found in records.items()}


def _named(slices: Mapping[TopicPartition, Slice]) -> dict[str, Slice]:
    return {part.topic: found for part, found in slices.items()}


def _records(topic: str, batch: Iterable[Any], end: int) -> list[Record]:
    return taken_over(topic, (record for record in batch if record.offset < end))


def taken_over(topic: str, batch: Iterable[Any]) -> list[Record]:
    """Take over records; what stands for a batch that was not unpacked says where that ends."""
    records = [
        Record(r.offset, r.timestamp, r.key, r.value, getattr(r, "last_offset", None))
        for r in batch
    ]
    return records if topic in _OURS else [record.packed() for record in records]


@asynccontextmanager
async def open_log(broker: Broker) -> AsyncIterator[KafkaLog]:
    """Open the topics of a broker; CannotReadError where there is none, or topics are missing."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    partitions = await _partition_count(broker)
    consumer = committed_consumer(broker)
    watcher = broker.consumer(isolation_level="read_uncommitted", enable_auto_commit=False)
    try:
        await consumer.start()
        await watcher.start()
        log = KafkaLog(consumer, watcher, partitions)
        await log.fix_range()
        yield log
    finally:
        await watcher.stop()
        await consumer.stop()


def committed_consumer(broker: Broker) -> Any:
    """Return a consumer of what is committed, outside every group; it is to be started."""
    return broker.consumer(
        isolation_level="read_committed",
        enable_auto_commit=False,
        max_partition_fetch_bytes=_FETCH_BYTES,
        fetch_max_bytes=8 * _FETCH_BYTES,
        fetch_max_wait_ms=100,
    )


async def _partition_count(broker: Broker) -> int:
    """Return the number of partitions that the topics have in common."""
    counts = await _partition_counts(broker)
    # Of others a broker need not tell it: who may not read them does not see them.
    missing = [name for name in (*READ, *SHARED) if not counts.get(name)]
    if missing:
        listed = ", ".join(missing)
        message = f"topics missing on the broker: {listed}; `rater topics create` makes them"
        raise CannotReadError(message)
    counts = {name: counts[name] for name in READ}
    if len(set(counts.values())) != 1:
        listed = ", ".join(f"{name} has {count}" for name, count in counts.items())
        message = f"the topics keyed by tenant have not the same number of partitions: {listed}"
        raise CannotReadError(message)
    return next(iter(counts.values()))


async def _partition_counts(broker: Broker) -> dict[str, int]:
    """Return the number of partitions of every topic on a broker."""
    client = broker.admin()
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            await client.start()
            return {t["topic"]: len(t["partitions"]) for t in await client.describe_topics()}
    except NotReachedError as error:
        raise CannotReadError(str(error)) from error
    except (KafkaError, TimeoutError, OSError) as error:
        message = f"no Kafka broker answers at {broker}"
        raise CannotReadError(message) from error
    finally:
        await client.close()
