"""Transactions: one step of one partition is one Kafka transaction, or nothing.

    transactions = app.consumer.transactions
    async with transactions.step(batch.tp) as step:      # holds the partition's lock
        ...read the state, decide...
        offsets = await step.send(topic, partition, records)     # durable, and where
        step.send_nowait(topic, partition, more)                 # durable before the commit
        await step.commit(batch.next_offset)
        ...change the state in memory...

A timer's step names a partition instead, and commits no offset: `transactions.step(partition)`,
`await step.commit()`. Leaving the block without a commit takes everything back.

1. One writer per partition: every step of a partition, whatever it reads, holds the same lock from
   its first read to its last write in memory. The lock lives and dies with the assignment.
2. The transactional id is `{app}-{partition}` and nothing else, so that whoever is assigned the
   partition next fences whoever still believes to own it, before reading anything.
3. A transaction that fails ends the worker: `failure` is set and the step never returns. What
   was decided is not in memory, what was written is aborted by the next owner.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, Self

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    InvalidTxnState,
    ProducerFenced,
)
from faust.transport import consumer as faust_consumer
from faust.transport.drivers import aiokafka as driver

from rater.shell import faust_private as private

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from types import TracebackType

    from faust.types import TP

    Record = tuple[bytes | None, bytes | None]
    Headers = Sequence[tuple[str, bytes]]

logger = logging.getLogger(__name__)

TRANSACTION_TIMEOUT_S = 10.0
"""The coordinator aborts what takes longer: an open transaction holds back every reader."""
COMMIT_TIMEOUT_S = 12.0
FENCING_TIMEOUT_S = 8.0
RETRY_BACKOFF_MS = 50


class NotOwnedError(RuntimeError):
    """The partition is not assigned to this worker, or no longer."""


class PartitionHaltedError(RuntimeError):
    """The partition was halted by a broken invariant; only a new assignment frees it."""


class CommitFailedError(RuntimeError):
    """A transaction was neither committed nor refused in time."""


FENCED = (
    ProducerFenced,
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    InvalidTxnState,
    NotOwnedError,
)


def is_fenced(error: BaseException | None) -> bool:
    """Tell whether another worker, or the coordinator, has taken the partition over.

    aiokafka wraps some of these errors in others, so causes count too.
    """
    while error is not None:
        if isinstance(error, FENCED):
            return True
        error = error.__cause__
    return False


@dataclass(slots=True)
class Lease:
    """One partition for the time of one assignment."""

    partition: int
    generation: int
    producer: AIOKafkaProducer
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    closed: bool = True
    """No step may begin: the state is not recovered yet, or a rebalance waits for those at work."""
    halted: str | None = None


@dataclass(slots=True)
class Progress:
    """What the watchdog and the metrics look at; only ever grows."""

    commits: int = 0
    failures: int = 0
    commit_seconds: float = 0.0
    recovered_records: int = 0

    @property
    def mark(self) -> int:
        """A number that changes when anything gets done."""
        return self.commits + self.recovered_records


class Step:
    """One open transaction under the partition's lock; made by Transactions.step."""

    def __init__(self, transactions: Transactions, lease: Lease, source: TP | None) -> None:
        """Take part in nothing yet."""
        self.partition = lease.partition
        self._transactions = transactions
        self._lease = lease
        self._source = source
        self._sends: list[asyncio.Task[Sequence[int]]] = []
        self._order: dict[tuple[str, int], asyncio.Lock] = {}
        self._last: dict[tuple[str, int], int] = {}
        self._done = False

    def send_nowait(
        self,
        topic: str,
        partition: int,
        records: Iterable[Record],
        *,
        headers: Headers = (),
        timestamp_ms: int | None = None,
    ) -> asyncio.Task[Sequence[int]]:
        """Start writing records, in order after what was sent there before; commit() waits.

        The result is the offset of each record. `headers` and `timestamp_ms` (None: the time of
        writing) hold for all of them.
        """
        assert not self._done, f"partition {self.partition}: sending after the end of the step"
        builders = self._build(records, headers, timestamp_ms)
        place = (topic, partition)
        order = self._order.setdefault(place, asyncio.Lock())
        send = asyncio.create_task(self._deliver(place, order, builders))
        self._sends.append(send)
        return send

    async def send(
        self,
        topic: str,
        partition: int,
        records: Iterable[Record],
        *,
        headers: Headers = (),
        timestamp_ms: int | None = None,
    ) -> Sequence[int]:
        """Write records and wait until they are in the log; return the offset of each."""
        send = self.send_nowait(
            topic, partition, records, headers=headers, timestamp_ms=timestamp_ms
        )
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                return await asyncio.shield(send)
        except Exception as error:  # noqa: BLE001
            await self._transactions.give_up(error, self._lease)

    def _build(
        self, records: Iterable[Record], headers: Headers, timestamp_ms: int | None
    ) -> list[Any]:
        create = self._lease.producer.create_batch
        # aiokafka's compiled builder takes a list and nothing else.
        headers = list(headers)
        builders: list[Any] = []
        append = None
        for key, value in records:
            if append is not None:
                taken = append(timestamp=timestamp_ms, key=key, value=value, headers=headers)
                if taken is not None:
                    continue
            # No room left, or no batch yet. A batch takes its first record whatever its size.
            builders.append(create())
            append = builders[-1].append
            taken = append(timestamp=timestamp_ms, key=key, value=value, headers=headers)
            assert taken is not None, f"an empty batch refused {len(value or b'')} bytes"
        for builder in builders:
            builder.close()
        return builders

    async def _deliver(
        self, place: tuple[str, int], order: asyncio.Lock, builders: list[Any]
    ) -> Sequence[int]:
        topic, partition = place
        futures = []
        async with order:
            for builder in builders:
                future = await self._lease.producer.send_batch(builder, topic, partition=partition)
                future.add_done_callback(_retrieve)
                futures.append(future)
        offsets: Sequence[int] = range(0)
        for builder, future in zip(builders, futures, strict=True):
            first = (await future).offset
            assert first >= 0, f"{topic} partition {partition}: the broker did not tell the offset"
            written = range(first, first + builder.record_count())
            offsets = written if not offsets else [*offsets, *written]
        if offsets:
            self._last[place] = max(offsets[-1], self._last.get(place, -1))
        return offsets

    async def commit(self, next_offset: int | None = None) -> None:
        """Make everything sent, and the source offset, visible at once.

        `next_offset` is the batch's; None for a step without source records. Returns only when
        committed: any failure ends the worker.
        """
        assert not self._done, f"partition {self.partition}: committing twice"
        assert (next_offset is None) == (self._source is None), (
            f"partition {self.partition}: source {self._source}, next offset {next_offset}"
        )
        self._done = True
        began = time.monotonic()
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                await self._commit(next_offset)
        except TimeoutError as error:
            late = CommitFailedError(
                f"partition {self.partition}: not committed within {COMMIT_TIMEOUT_S:.0f} s"
            )
            late.__cause__ = error
            await self._transactions.give_up(late, self._lease)
        except BaseException as error:
            await self._transactions.give_up(error, self._lease)
        self._transactions.note_committed(
            self._source, next_offset, self._last, time.monotonic() - began
        )

    async def _commit(self, next_offset: int | None) -> None:
        for send in self._sends:
            await send
        self._transactions.check(self._lease)
        producer = self._lease.producer
        if self._source is not None:
            await producer.send_offsets_to_transaction(
                {TopicPartition(*self._source): next_offset}, self._transactions.group_id
            )
            self._transactions.check(self._lease)
        await producer.commit_transaction()

    async def __aenter__(self) -> Self:
        """Begin; nothing goes to the broker yet."""
        await self._lease.producer.begin_transaction()
        private.end_of_transaction(self._lease.producer).add_done_callback(_retrieve)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take back what was sent, unless committed."""
        if self._done:
            return
        self._done = True
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                await asyncio.gather(*self._sends, return_exceptions=True)
                await self._lease.producer.abort_transaction()
        except Exception as failure:  # noqa: BLE001
            await self._transactions.give_up(error or failure, self._lease)


class Transactions(faust_consumer.TransactionManager):  # type: ignore[misc]
    """The leases of the assigned partitions and the producers that fence them."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Own nothing."""
        super().__init__(*args, **options)
        self.group_id: str = self.app.conf.id
        self.progress = Progress()
        self.failure: asyncio.Future[BaseException] = self.loop.create_future()
        """The error that ends this worker; the runner waits for it."""
        self._leases: dict[int, Lease] = {}

    @property
    def failed(self) -> bool:
        """Whether the worker is about to end."""
        return self.failure.done()

    def transactional_id(self, partition: int) -> str:
        """Return the id that fences the partition: the same for every worker, at any time."""
        return f"{self.group_id}-{partition}"

    def owned_partitions(self) -> list[int]:
        """Return the partitions that steps may be run for."""
        return sorted(
            number
            for number, lease in self._leases.items()
            if not lease.closed and lease.halted is None
        )

    @contextlib.asynccontextmanager
    async def step(self, source: TP | int) -> AsyncIterator[Step]:
        """Open a step: of a batch of `source`, or of a timer for the partition of that number.

        Waits for its turn. Raises NotOwnedError when the partition is not, or no longer, ours,
        which only a timer can meet; PartitionHaltedError when halt() was called for it.
        """
        partition = source if isinstance(source, int) else source.partition
        lease = self._leases.get(partition)
        if lease is None:
            raise NotOwnedError(f"partition {partition} is not assigned to this worker")
        async with lease.lock:
            if lease.closed:
                raise NotOwnedError(f"partition {partition} is recovering or was revoked")
            if lease.halted is not None:
                raise PartitionHaltedError(f"partition {partition} is halted: {lease.halted}")
            tp = None if isinstance(source, int) else source
            async with Step(self, lease, tp) as step:
                yield step

    def halt(self, partition: int, reason: str) -> None:
        """Run no more steps for a partition until it is assigned anew; its neighbours go on."""
        lease = self._leases[partition]
        lease.halted = lease.halted or reason
        logger.critical("partition %d is halted: %s", partition, reason)
        self.consumer.pause_partitions(
            {tp for tp in self.consumer.sources() if tp.partition == partition}
        )

    def halted(self) -> dict[int, str]:
        """Return the halted partitions, each with its reason."""
        return {number: lease.halted for number, lease in self._leases.items() if lease.halted}

    def check(self, lease: Lease) -> None:
        """Raise NotOwnedError unless the lease is of the present assignment."""
        generation = self.app.consumer_generation_id
        # A closed lease is none of these: steps at work are finished while a rebalance waits.
        if self._leases.get(lease.partition) is not lease or lease.generation != generation:
            raise NotOwnedError(
                f"partition {lease.partition} was assigned in generation {lease.generation}, "
                f"now it is {generation}"
            )

    def note_committed(
        self,
        source: TP | None,
        next_offset: int | None,
        last: dict[tuple[str, int], int],
        seconds: float,
    ) -> None:
        """Tell the consumer and the tables how far they are after a commit."""
        self.progress.commits += 1
        self.progress.commit_seconds += seconds
        if source is not None and next_offset is not None:
            self.consumer.note_committed(source, next_offset)
        for table in self.app.tables.values():
            for (topic, partition), offset in last.items():
                if topic == table.changelog_topic_name:
                    table.note_written(partition, offset)

    async def give_up(self, error: BaseException, lease: Lease) -> NoReturn:
        """End the worker because of a failed transaction; never returns."""
        self.progress.failures += 1
        lease.closed = True
        if not self.failure.done():
            self.failure.set_result(error)
        if isinstance(error, asyncio.CancelledError):
            raise error
        await self.loop.create_future()
        raise AssertionError("unreachable")

    def open(self) -> None:
        """Let steps begin: the assigned partitions have been recovered."""
        for lease in self._leases.values():
            lease.closed = False

    async def drain(self) -> None:
        """Wait for the steps at work and let no other begin."""
        leases = list(self._leases.values())
        for lease in leases:
            lease.closed = True
        for lease in leases:
            if self.failed:
                return
            async with lease.lock:
                pass

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:  # noqa: ARG002
        """Close every producer: Faust revokes everything at every rebalance."""
        await self._close()

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP]  # noqa: ARG002
    ) -> None:
        """Fence the assigned partitions' previous owners, before anything is recovered.

        Partitions that stayed are fenced again: somebody else may have owned them in between.
        """
        await self._close()
        generation = self.app.consumer_generation_id
        partitions = sorted({tp.partition for tp in assigned})
        async with asyncio.timeout(FENCING_TIMEOUT_S):
            producers = await asyncio.gather(*(self._fence(number) for number in partitions))
        self._leases = {
            number: Lease(number, generation, producer)
            for number, producer in zip(partitions, producers, strict=True)
        }

    async def _fence(self, partition: int) -> AIOKafkaProducer:
        producer = self.producer.new_producer(self.transactional_id(partition))
        await producer.start()
        return producer

    async def _close(self) -> None:
        leases, self._leases = self._leases, {}
        for lease in leases.values():
            lease.closed = True  # A timer may still wait for its lock.
        await asyncio.gather(*(lease.producer.stop() for lease in leases.values()))

    async def on_stop(self) -> None:
        """Close the producers; open transactions are the next owner's to abort."""
        await self._close()

    async def flush(self) -> None:
        """Do nothing: a step is durable when it is committed."""

    async def commit(self, offsets: Any, start_new_transaction: bool = True) -> bool:  # noqa: ARG002, FBT001, FBT002
        """Do nothing: offsets are committed by steps."""
        return True

    async def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: Any,
        *,
        transactional_id: str | None = None,  # noqa: ARG002
    ) -> Any:
        """Send outside any transaction, for what is no part of a step."""
        return await self.producer.send(topic, key, value, partition, timestamp, headers)


class BatchProducer(driver.Producer):  # type: ignore[misc]
    """Faust's producer; it also makes the transactional ones, one per partition."""

    def new_producer(self, transactional_id: str) -> AIOKafkaProducer:
        """Make a producer that fences all others of its id when it is started."""
        settings = {**self._settings_default(), **self._settings_auth()}
        settings.update(acks="all", enable_idempotence=True)
        return AIOKafkaProducer(
            **settings,
            transactional_id=transactional_id,
            transaction_timeout_ms=int(TRANSACTION_TIMEOUT_S * 1000),
            retry_backoff_ms=RETRY_BACKOFF_MS,
        )


def _retrieve(future: asyncio.Future[Any]) -> None:
    """Look at a future's error, so that asyncio does not report it as overlooked."""
    if not future.cancelled():
        future.exception()
