"""Transactions: one step of one partition is one Kafka transaction, or nothing.

    transactions = app.consumer.transactions
    async with transactions.step(batch.tp) as step:      # holds the partition's lock
        ...read the state, decide...
        step.write(topic, partition, records)                    # durable before the commit
        offsets = await step.offsets(topic, partition)           # where; commit() checks what was foreseen
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
from typing import TYPE_CHECKING, Any, NoReturn

from aiokafka import AIOKafkaProducer
from faust.transport import consumer as faust_consumer
from faust.transport.drivers import aiokafka as driver

from rater.kafka.broker_loss import FENCING_TIMEOUT_S, TRANSACTION_TIMEOUT_S
from rater.shell.stream.faust_broker import broker_of
from rater.shell.stream.leases import (
    AssignmentError,
    CommitFailedError,
    Lease,
    NotOwnedError,
    PartitionHaltedError,
    Progress,
    is_fenced,
)
from rater.shell.stream.transaction import Step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from faust.types import TP

log = logging.getLogger(__name__)

__all__ = [
    "BatchProducer",
    "CommitFailedError",
    "NotOwnedError",
    "PartitionHaltedError",
    "Progress",
    "Step",
    "Transactions",
    "is_fenced",
]

RETRY_BACKOFF_MS = 50
_OF_THE_BROKER = ("bootstrap_servers", "security_protocol")
"""What Faust's settings of a producer say of the way to the broker."""


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

    def is_closed(self) -> bool:
        """Tell whether no partition is held: nothing is at work, and nothing can be written any more."""
        return not self._leases

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
        log.critical(
            "partition %(partition)d is halted: %(reason)s",
            {"partition": partition, "reason": reason},
        )
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
        last: Mapping[tuple[str, int], int],
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

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Close every producer: Faust revokes everything at every rebalance."""
        await self._close()

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP]
    ) -> None:
        """Fence the assigned partitions' previous owners, before anything is recovered.

        Partitions that stayed are fenced again: somebody else may have owned them in between.
        """
        await self._close()
        generation = self.app.consumer_generation_id
        partitions = sorted(assigned_together(assigned))
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

    async def commit(self, offsets: Any, start_new_transaction: bool = True) -> bool:  # noqa: FBT001, FBT002
        """Do nothing: offsets are committed by steps."""
        return True

    async def send(  # noqa: PLR0913, PLR0917 (Faust calls it so)
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        partition: int | None,
        timestamp: float | None,
        headers: Any,
        *,
        transactional_id: str | None = None,
    ) -> Any:
        """Send outside any transaction, for what is no part of a step."""
        return await self.producer.send(topic, key, value, partition, timestamp, headers)


def assigned_together(assigned: Iterable[TP]) -> set[int]:
    """Return the assigned partitions, which are the same of every topic; else fail."""
    topics: dict[str, set[int]] = {}
    for tp in assigned:
        topics.setdefault(tp.topic, set()).add(tp.partition)
    partitions = set().union(*topics.values())
    apart = {topic: sorted(part) for topic, part in topics.items() if part != partitions}
    if apart:
        raise AssignmentError(
            f"partitions {sorted(partitions)} are assigned, but only {apart}; "
            "the topics of an app must have equal numbers of partitions"
        )
    return partitions


class BatchProducer(driver.Producer):  # type: ignore[misc]
    """Faust's producer; it also makes the transactional ones, one per partition."""

    def new_producer(self, transactional_id: str) -> AIOKafkaProducer:
        """Make a producer that fences all others of its id when it is started."""
        broker = broker_of(self.app)
        settings = {**self._settings_default(), "acks": "all", "enable_idempotence": True}
        return broker.producer(
            **{name: value for name, value in settings.items() if name not in _OF_THE_BROKER},
            transactional_id=transactional_id,
            transaction_timeout_ms=int(TRANSACTION_TIMEOUT_S * 1000),
            retry_backoff_ms=RETRY_BACKOFF_MS,
        )
