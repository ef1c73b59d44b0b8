"""Outlet: records in whole batches of their partitions, each in order, acknowledged by all replicas.

A batch is sent when the next record of its partition does not fit in, or when it is flushed. What became of a batch is
told when it is acknowledged; the first that could not be written is raised by whatever is done next.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiokafka import AIOKafkaProducer

BATCH_BYTES = 256 * 1024
UNDERWAY_MAX = 64
"""Batches that are sent and not yet acknowledged, before the next one waits."""


class TooLargeError(Exception):
    """A record fits in no batch."""


class _Batch:
    """A batch that is being filled, how many records it has, and what was noted of them."""

    __slots__ = ("builder", "notes", "records")

    def __init__(self, builder: Any) -> None:
        self.builder = builder
        self.records = 0
        self.notes: list[Any] = []


class Outlet:
    """Sends batches of one topic."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        topic: str,
        took: Callable[[int, list[Any]], None] = lambda _records, _notes: None,
        underway_max: int | None = UNDERWAY_MAX,
    ) -> None:
        """Take a started producer. `took` is told how many records a batch had, and their notes, when it is there.

        `underway_max` None: no batch waits for those before it.
        """
        self._producer = producer
        self._topic = topic
        self._took = took
        self._underway_max = underway_max
        self._open: dict[int, _Batch] = {}
        self._underway: set[asyncio.Future[Any]] = set()
        self._error: BaseException | None = None

    async def add(
        self,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        note: Any = None,
        timestamp_ms: int | None = None,
    ) -> None:
        """Add a record to its partition's batch; a full one is sent first. TooLargeError."""
        batch = self._open.get(partition)
        if batch is None or not batch.builder.append(timestamp=timestamp_ms, key=key, value=value):
            if batch is not None:
                await self._send(partition)
            batch = self._open[partition] = _Batch(self._producer.create_batch())
            if not batch.builder.append(timestamp=timestamp_ms, key=key, value=value):
                message = (
                    f"a record of {len(value or b'')} bytes is larger than a batch, {BATCH_BYTES}"
                )
                raise TooLargeError(message)
        batch.records += 1
        if note is not None:
            batch.notes.append(note)

    async def flush(self) -> None:
        """Send what is open; do not wait for it."""
        for partition in list(self._open):
            await self._send(partition)

    async def finish(self) -> None:
        """Send what is open, and wait until all is acknowledged."""
        await self.flush()
        await asyncio.gather(*self._underway, return_exceptions=True)
        self._raise()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    async def _send(self, partition: int) -> None:
        self._raise()
        while self._underway_max is not None and len(self._underway) >= self._underway_max:
            await asyncio.wait(self._underway, return_when=asyncio.FIRST_COMPLETED)
            self._raise()
        batch = self._open.pop(partition)
        batch.builder.close()
        future = await self._producer.send_batch(batch.builder, self._topic, partition=partition)
        self._underway.add(future)
        future.add_done_callback(partial(self._note, batch))

    def _note(self, batch: _Batch, future: asyncio.Future[Any]) -> None:
        self._underway.discard(future)
        if future.cancelled():
            self._error = self._error or asyncio.CancelledError()
        elif (error := future.exception()) is not None:
            self._error = self._error or error
        else:
            self._took(batch.records, batch.notes)
