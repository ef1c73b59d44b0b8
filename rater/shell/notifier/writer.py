"""The writer of one partition: marks, dead letters and the source offset, in transactions of one fencing producer.

What several deliveries want written at the same time shares a transaction. An offset goes with the first transaction
after the marks that allow it are committed, so a crash can only lose an offset whose notifications the marks know.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from aiokafka import TopicPartition

from rater.kafka.broker import Broker
from rater.kafka.broker_loss import COMMIT_TIMEOUT_S, FENCING_TIMEOUT_S, TRANSACTION_TIMEOUT_S
from rater.shell.process.failpoints import failpoint
from topics.catalog import NOTIFICATIONS, NOTIFICATIONS_DEAD, NOTIFIER_GROUP

_OFFSET_DELAY_S: Final = 0.25
"""How long an offset waits for a mark whose transaction it can share: a mark must not wait for an offset's."""
GOODBYE_S: Final = 3.0
"""For closing the producer, when nothing is written any more."""


class WriterClosedError(Exception):
    """The partition is no longer ours to write: it was fenced, or writing has failed."""


class Output(NamedTuple):
    """A record for the writer's own partition of a topic."""

    topic: str
    key: bytes | None
    value: bytes


def transactional_id(partition: int) -> str:
    """Return the id that fences a partition: the same for every notifier, at any time."""
    return f"{NOTIFIER_GROUP}-{partition}"


class PartitionWriter:
    """Writes for one partition, from `start` to `close`."""

    def __init__(
        self, broker: Broker, partition: int, on_failure: Callable[[BaseException], None]
    ) -> None:
        """Name the broker; `on_failure` is told once when nothing can be written any more."""
        self.partition = partition
        self._on_failure = on_failure
        self._producer: Any = broker.producer(
            transactional_id=transactional_id(partition),
            transaction_timeout_ms=int(TRANSACTION_TIMEOUT_S * 1_000),
            max_request_size=NOTIFICATIONS_DEAD.max_message_bytes,
            retry_backoff_ms=50,
        )
        self._pending: list[tuple[tuple[Output, ...], asyncio.Future[None]]] = []
        self._next_offset = -1
        self._committed_offset = -1
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Fence whoever wrote for the partition before; its open transaction is aborted."""
        async with asyncio.timeout(FENCING_TIMEOUT_S):
            await self._producer.start()
        self._task = asyncio.create_task(self._run())

    async def write(self, *outputs: Output) -> None:
        """Write records; return when they are committed, raise WriterClosedError when they may never be."""
        if self._closing or self._task is None or self._task.done():
            raise WriterClosedError
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((outputs, done))
        self._wake.set()
        await done

    def commit_offset(self, next_offset: int) -> None:
        """Have the source offset committed, soon."""
        self._next_offset = max(self._next_offset, next_offset)
        self._wake.set()

    async def close(self) -> None:
        """Write what is pending, and disconnect."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=COMMIT_TIMEOUT_S)
            self._task.cancel()
        with contextlib.suppress(Exception):
            async with asyncio.timeout(GOODBYE_S):
                await self._producer.stop()

    async def _run(self) -> None:
        taken: list[tuple[tuple[Output, ...], asyncio.Future[None]]] = []
        try:
            while True:
                while self._pending or self._next_offset > self._committed_offset:
                    taken, self._pending = self._pending, []
                    await self._transaction([output for outputs, _ in taken for output in outputs])
                    for _, done in taken:
                        if not done.done():
                            done.set_result(None)
                if self._closing:
                    return
                await self._called()
        except Exception as error:  # noqa: BLE001
            self._on_failure(error)
        finally:
            self._refuse([*taken, *self._pending])

    async def _called(self) -> None:
        """Wait until there are records to write, or for some time an offset alone, or the end."""
        await self._wake.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_OFFSET_DELAY_S):
                while not self._pending and not self._closing:
                    self._wake.clear()
                    await self._wake.wait()
        self._wake.clear()

    def _refuse(self, waiting: list[tuple[tuple[Output, ...], asyncio.Future[None]]]) -> None:
        for _, done in waiting:
            if not done.done():
                done.set_exception(WriterClosedError())
                done.exception()  # Whoever waited may be gone.

    async def _transaction(self, outputs: list[Output]) -> None:
        next_offset = self._next_offset
        async with asyncio.timeout(COMMIT_TIMEOUT_S):
            await self._producer.begin_transaction()
            sent = [
                await self._producer.send(
                    output.topic, output.value, output.key, partition=self.partition
                )
                for output in outputs
            ]
            if next_offset > self._committed_offset:
                failpoint("before_offset_commit")
                source = TopicPartition(NOTIFICATIONS.name, self.partition)
                await self._producer.send_offsets_to_transaction(
                    {source: next_offset}, NOTIFIER_GROUP
                )
            for acknowledged in sent:
                await acknowledged
            await self._producer.commit_transaction()
        self._committed_offset = next_offset
