"""One step's transaction: what it sends, and its commit. Made by Transactions.step()."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, Self

from aiokafka import TopicPartition

from rater.shell.stream import faust_private as private
from rater.shell.stream.leases import CommitFailedError, Lease

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

    from faust.types import TP

    Record = tuple[bytes | None, bytes | None]
    Headers = Sequence[tuple[str, bytes]]

COMMIT_TIMEOUT_S = 12.0
"""Longer than the coordinator waits before it aborts: then the outcome is certain."""


class Owner(Protocol):
    """What a step needs of Transactions."""

    group_id: str

    def check(self, lease: Lease) -> None:
        """Raise NotOwnedError unless the lease is of the present assignment."""

    def note_committed(
        self,
        source: TP | None,
        next_offset: int | None,
        last: Mapping[tuple[str, int], int],
        seconds: float,
    ) -> None:
        """Take note of a commit: the last offset written to each topic and partition."""

    async def give_up(self, error: BaseException, lease: Lease) -> NoReturn:
        """End the worker; never returns."""


class Step:
    """One open transaction under the partition's lock; made by Transactions.step."""

    def __init__(self, transactions: Owner, lease: Lease, source: TP | None) -> None:
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
        except BaseException as error:  # noqa: BLE001
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


def _retrieve(future: asyncio.Future[Any]) -> None:
    """Look at a future's error, so that asyncio does not report it as overlooked."""
    if not future.cancelled():
        future.exception()
