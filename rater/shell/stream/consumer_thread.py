"""The consumer's thread: group membership, fetching and seeking; heartbeats never wait for a step."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver

from rater.kafka.rights import not_allowed
from rater.shell.stream import faust_private as private
from rater.shell.stream.batches import RecordBatch
from rater.shell.stream.faust_broker import broker_of
from rater.shell.stream.turns import next_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from faust.types import TP

    from rater.shell.stream.batches import SourceRecord

T = TypeVar("T")

FETCH_WAIT_MS = 20
"""What Faust hard-codes as 1,500: a fetch that waits holds back the partitions that are not in it."""
IDLE_FETCH_WAIT_MS = 100
"""Where nothing has come for a while, all partitions are in it, and what comes ends it. Only a record that follows
within so long of the first one waits for it. To ask as often as under load takes twice the CPU of a worker at rest."""
IDLE_AFTER_S = 1.0
FETCH_MAX_BYTES = 64 * 1024 * 1024
GATHERED_MAX = 1_000
"""Records of one partition that are taken from the fetcher before its turn. As long as the fetcher holds
records of a partition it asks for no others, and they would have to wait for one step more. What is beyond waits there:
with so many a step is under full load, and plain records are large."""
NOT_READY_S = 0.01


class OffsetsLostError(RuntimeError):
    """The broker no longer has the next record to read, or never had it."""

    def __init__(self, tp: TP, expected: int, found: int) -> None:
        """Say which records are missing and what an operator can do."""
        lost = (
            f"records {expected} to {found - 1} were deleted before they were read"
            if found > expected
            else f"the topic was made anew: it begins at {found}"
        )
        super().__init__(
            f"{tp.topic} partition {tp.partition}: expected offset {expected}, but {lost}. "
            "Nothing of this partition was read. Restore the records, or accept the loss by "
            "setting the group's offset with kafka-consumer-groups.sh --reset-offsets."
        )


@dataclass(slots=True)
class _Gathered:
    """Consecutive records of one source, taken from the fetcher and not delivered yet."""

    start: int
    end: int
    since: float
    """When the first of them came, by the monotonic clock."""
    records: list[SourceRecord]


class BatchConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """The thread that talks to the group and fetches; heartbeats never wait for a step."""

    def __post_init__(self) -> None:
        """Begin with no expectations: the first seek sets them."""
        super().__post_init__()
        self._expected: dict[TP, int] = {}
        self._gathered: dict[TP, _Gathered] = {}
        self._came_at = time.monotonic()
        """When the last records were taken from the fetcher."""
        self._delivered_at: dict[TP, float] = {}
        """When the last batch of each source was delivered, by the monotonic clock."""
        self.taken: dict[TP, int] = {}
        """Where the last batch of each source ended."""
        self.fetched_ms: dict[TP, deque[tuple[int, int]]] = {}
        """Of each source what was taken and may not be committed yet, in the order taken: where it ended, and the time
        of its first record. The worker's thread takes from the left what is committed."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        private.set_fetch_limits(consumer, wait_ms=FETCH_WAIT_MS, max_bytes=FETCH_MAX_BYTES)
        return consumer

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in this thread's loop, called from any other."""
        try:
            future = asyncio.run_coroutine_threadsafe(work, self.thread_loop)
        except RuntimeError:
            # The thread's loop is closed; a coroutine that never runs would complain.
            work.close()
            raise
        return await asyncio.wrap_future(future)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Keep the fetcher off the changelogs: the recovery has a consumer of its own."""
        changelogs = self.app.tables.changelog_topics
        paused = [TopicPartition(*tp) for tp in assigned if tp.topic in changelogs]
        self._ensure_consumer().pause(*paused)
        await super().on_partitions_assigned(assigned, generation_id)

    def close(self) -> None:
        """Do nothing: Faust closes the client in the wrong loop, then stops the thread anyway."""

    def wake(self) -> None:
        """Make a waiting take() look again; called from the worker's thread."""
        if self._consumer is not None:
            self.thread_loop.call_soon_threadsafe(private.wake_fetch, self._consumer)

    def ask_how_late(self, tell: Callable[[float], object]) -> None:
        """Have it told, in this thread, after how many seconds its loop runs what is due now."""
        asked_at = time.monotonic()
        with contextlib.suppress(RuntimeError):  # The loop is closed: nobody waits for it any more.
            self.thread_loop.call_soon_threadsafe(lambda: tell(time.monotonic() - asked_at))

    async def take(self, epoch: int, limit: int, timeout_s: float) -> dict[TP, RecordBatch]:
        """Take one batch of each active partition; none when the time or the epoch is over."""
        consumer = self._ensure_consumer()
        deadline = time.monotonic() + timeout_s
        with private.fetching(consumer):
            while self.consumer.flow_epoch == epoch:
                if not private.may_fetch(consumer):
                    await asyncio.sleep(NOT_READY_S)
                    break
                if batches := await self._take_allowed(consumer, limit):
                    return batches
                if not await self._fetched(consumer, deadline - time.monotonic()):
                    break
        return {}

    async def _fetched(self, consumer: Any, timeout_s: float) -> bool:
        """Wait until there may be something to take; False when the time is over."""
        waiter = private.fetch_waiter(consumer)
        done, _ = await asyncio.wait([waiter], timeout=max(timeout_s, 0.0))
        if done:
            waiter.result()
        else:
            waiter.cancel()
        return bool(done)

    async def _take_allowed(self, consumer: Any, limit: int) -> dict[TP, RecordBatch]:
        try:
            return await self._take_now(consumer, limit)
        except KafkaError as error:
            principal = broker_of(self.app).security.principal()
            raise not_allowed(error, principal, on_topics="Read") or error from error

    async def _take_now(self, consumer: Any, limit: int) -> dict[TP, RecordBatch]:
        """Take what has been fetched; return it for the sources whose agents have caught up and whose turn it is."""
        batches = {}
        active, behind = private.active_partitions(self.consumer)
        # Never suspends, so that no seek comes between a position and its records.
        early = min(limit, GATHERED_MAX)
        came = [await self._gather(consumer, tp, early) for tp in (*behind, *active)]
        self._choose_wait(consumer, came=any(came) or bool(self._gathered))
        now = time.monotonic()
        for tp in self._turn(active, behind, early, now):
            await self._gather(consumer, tp, limit)
            ready = self._gathered.pop(tp)
            self._delivered_at[tp] = now
            batches[tp] = RecordBatch(tp, ready.records, ready.start, ready.end)
        return batches

    def _turn(self, active: Iterable[TP], behind: Iterable[TP], early: int, now: float) -> list[TP]:
        """Return the sources whose turn it is; one with so many records waiting is full. What is held has no turn."""
        held = self.consumer.is_held
        gathered = {
            tp: self._gathered[tp] for tp in active if tp in self._gathered and not held(tp.topic)
        }
        return next_sources(
            waiting={tp: each.since for tp, each in gathered.items()},
            at_work={tp: self._delivered_at.get(tp, now) for tp in behind},
            now=now,
            at_once=self.consumer.scheduler.partitions_at_once,
            full={tp for tp, each in gathered.items() if len(each.records) >= early},
        )

    def _choose_wait(self, consumer: Any, *, came: bool) -> None:
        """Have the next fetches wait as befits whether anything comes."""
        now = time.monotonic()
        if came:
            self._came_at = now
        is_idle = now - self._came_at >= IDLE_AFTER_S
        private.set_fetch_wait(consumer, IDLE_FETCH_WAIT_MS if is_idle else FETCH_WAIT_MS)

    async def _gather(self, consumer: Any, tp: TP, limit: int) -> bool:
        """Put what has been fetched of a source behind what waits of it, up to so many records in all; say if any."""
        start = private.position_of(consumer, tp)
        waiting = self._gathered.get(tp)
        room = limit - len(waiting.records) if waiting is not None else limit
        if start is None or room <= 0:
            return False
        expected = self._expected.setdefault(tp, start)
        if start != expected:
            raise OffsetsLostError(tp, expected, start)
        records = await private.take_fetched(consumer, tp, room)
        end = private.position_of(consumer, tp)
        assert end is not None, f"{tp}: no position after taking records"
        self._expected[tp] = end
        if records:
            assert records[0].offset >= start, f"{tp}: {records[0].offset} before {start}"
            if waiting is None:
                waiting = self._gathered[tp] = _Gathered(start, end, time.monotonic(), [])
            waiting.records.extend(records)
            self.taken[tp] = end
            self.fetched_ms.setdefault(tp, deque()).append((end, records[0].timestamp))
        if waiting is not None:
            # Markers are read past with the records before them.
            waiting.end = end
        return bool(records)

    async def seek_committed(self, tps: Iterable[TP]) -> dict[TP, int]:
        """Move to the committed offsets, to the beginning where there is none; return them.

        Asks the broker: what aiokafka learned at the assignment may be older than the last
        transaction of the partition's previous owner.
        """
        consumer = self._ensure_consumer()
        self._gathered.clear()
        self.fetched_ms = {}
        wanted = [TopicPartition(*tp) for tp in tps]
        committed = await asyncio.gather(*(consumer.committed(tp) for tp in wanted))
        known = {tp: at for tp, at in zip(wanted, committed, strict=True) if at is not None}
        for tp, offset in known.items():
            consumer.seek(tp, offset)
        if fresh := [tp for tp in wanted if tp not in known]:
            await consumer.seek_to_beginning(*fresh)
        positions = await asyncio.gather(*(consumer.position(tp) for tp in wanted))
        self._expected = {driver.TP(*tp): at for tp, at in zip(wanted, positions, strict=True)}
        self.taken = dict(self._expected)
        return dict(self._expected)

    async def missing_topics(self, topics: Iterable[str]) -> list[str]:
        """Return those of the topics that the broker does not have."""
        return sorted(set(topics) - await self._ensure_consumer().topics())

    async def leave_group(self) -> None:
        """Tell the group that this worker is gone, so that nobody waits for its session."""
        await private.leave_group(self._ensure_consumer())
