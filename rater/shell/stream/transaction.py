"""One step's transaction: what it sends, and its commit. Made by Transactions.step()."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, Self

from aiokafka import TopicPartition

from rater.kafka.broker_loss import COMMIT_TIMEOUT_S
from rater.shell.stream import faust_private as private
from rater.shell.stream.leases import CommitFailedError, Lease, MisplacedError
from rater.shell.stream.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

    from faust.types import TP

    Record = tuple[bytes | None, bytes | None]
    Headers = Sequence[tuple[str, bytes]]

MARKER = 1
"""Records that the end of a transaction writes to each of its partitions."""


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
        self._writers: dict[tuple[str, int], Writer] = {}
        self._written: dict[tuple[str, int], list[asyncio.Task[Sequence[int]]]] = {}
        self._counts: dict[tuple[str, int], int] = {}
        self._foreseen: dict[tuple[str, int], range] = {}
        self._last: dict[tuple[str, int], int] = {}
        self._enlisted_places: set[tuple[str, int]] = set()
        self._enlisted_offset: int | None = None
        self._enlisted: asyncio.Task[None] | None = None
        self._done = False

    def enlist(self, next_offset: int, topics: Iterable[str]) -> None:
        """Tell the coordinators at once what the transaction will hold: the source offset, records of these topics.

        They answer while the step decides; it holds only if commit() comes. What is written waits for them: a broker
        refuses writes to a transaction on which its coordinator is at work, and where records and a source offset of
        one transaction come to it at the same time, it refuses one of them for 50 ms.
        """
        assert self._source is not None, f"partition {self.partition}: a timer has no source"
        for topic in topics:
            private.enlist(self._lease.producer, TopicPartition(topic, self.partition))
            self._enlisted_places.add((topic, self.partition))
        self._enlisted_offset = next_offset
        self._enlisted = asyncio.create_task(self._offer(next_offset))
        self._enlisted.add_done_callback(_retrieve)

    async def _offer(self, next_offset: int) -> None:
        """Make the source offset part of the transaction; the last one that is offered counts."""
        assert self._source is not None
        await self._lease.producer.send_offsets_to_transaction(
            {TopicPartition(*self._source): next_offset}, self._transactions.group_id
        )

    def write(
        self, topic: str, partition: int, records: Sequence[Record], *, headers: Headers = ()
    ) -> None:
        """Write records behind those that were written there before, all with the same headers.

        They go straight into a batch of Kafka's, which is sent when it is full: many small lots of
        records become a few full batches. What is open is sent by offsets() and commit().
        """
        assert not self._done, f"partition {self.partition}: writing after the end of the step"
        place = (topic, partition)
        writer = self._writers.get(place)
        if writer is None:
            writer = self._writers[place] = Writer(self._lease.producer.create_batch)
        self._counts[place] = self._counts.get(place, 0) + len(records)
        for full in writer.append(records, headers):
            self._written.setdefault(place, []).append(self._send(full, place))

    async def offsets(self, topic: str, partition: int) -> Sequence[int]:
        """Return the offset of each record that was written there; nothing more may be written there.

        Where the step before has left the partition is known: then they are foreseen, and commit() raises
        MisplacedError if they are not true. Else this waits until all is in the log.
        """
        place = (topic, partition)
        self._send_open(place)
        end = self._lease.ends.get(place)
        if end is not None:
            foreseen = self._foreseen[place] = range(end, end + self._counts.get(place, 0))
            return foreseen
        offsets: Sequence[int] = range(0)
        for send in self._written.get(place, ()):
            written = await self._durable(send)
            offsets = written if not offsets else [*offsets, *written]
        return offsets

    def _send_open(self, place: tuple[str, int]) -> None:
        """Send what was written and is in no full batch."""
        writer = self._writers.get(place)
        if writer is not None and (rest := writer.take()) is not None:
            self._written.setdefault(place, []).append(self._send(rest, place))

    def _send(self, builder: Any, place: tuple[str, int]) -> asyncio.Task[Sequence[int]]:
        order = self._order.setdefault(place, asyncio.Lock())
        send = asyncio.create_task(self._deliver(place, order, builder))
        self._sends.append(send)
        return send

    async def _durable(self, send: asyncio.Task[Sequence[int]]) -> Sequence[int]:
        """Wait until records are in the log."""
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                return await asyncio.shield(send)
        except TimeoutError as error:
            await self._transactions.give_up(self._late("written", error), self._lease)
        except Exception as error:  # noqa: BLE001
            await self._transactions.give_up(error, self._lease)

    async def _deliver(
        self, place: tuple[str, int], order: asyncio.Lock, builder: Any
    ) -> Sequence[int]:
        topic, partition = place
        if self._enlisted is not None:
            await asyncio.shield(self._enlisted)
        async with order:
            future = await self._lease.producer.send_batch(builder, topic, partition=partition)
        first = (await future).offset
        assert first >= 0, f"{topic} partition {partition}: the broker did not tell the offset"
        offsets = range(first, first + builder.record_count())
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
        for place in self._writers:
            self._send_open(place)
        self._done = True
        began = time.monotonic()
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                await self._commit(next_offset)
        except MisplacedError:
            self._done = False
            raise
        except TimeoutError as error:
            await self._transactions.give_up(self._late("committed", error), self._lease)
        except BaseException as error:  # noqa: BLE001
            await self._transactions.give_up(error, self._lease)
        self._note_ends()
        self._transactions.note_committed(
            self._source, next_offset, self._last, time.monotonic() - began
        )

    def _late(self, what: str, error: BaseException) -> CommitFailedError:
        """Say what took too long: asyncio's own error says nothing."""
        late = CommitFailedError(
            f"partition {self.partition}: not {what} within {COMMIT_TIMEOUT_S:.0f} s"
        )
        late.__cause__ = error
        return late

    def _check_foreseen(self) -> None:
        for place, foreseen in self._foreseen.items():
            if foreseen and self._last[place] != foreseen[-1]:
                topic, partition = place
                raise MisplacedError(
                    f"{topic} partition {partition}: the last record was foreseen at {foreseen[-1]}, it lies at "
                    f"{self._last[place]}: somebody else has written there"
                )

    def _note_ends(self) -> None:
        ends = self._lease.ends
        for place in self._enlisted_places:
            ends.pop(place, None)
        for place, last in self._last.items():
            ends[place] = last + MARKER + 1

    async def _commit(self, next_offset: int | None) -> None:
        for send in self._sends:
            await send
        self._check_foreseen()
        if self._enlisted is not None:
            await self._enlisted
        self._transactions.check(self._lease)
        if next_offset is not None and next_offset != self._enlisted_offset:
            # Nothing was enlisted, or only the beginning of the batch was taken.
            await self._offer(next_offset)
            self._transactions.check(self._lease)
        await self._lease.producer.commit_transaction()

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
        self._lease.ends.clear()
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
