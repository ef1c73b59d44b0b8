"""Sending: records in batches of their partitions, each acknowledged by all replicas, and how late they were."""

from __future__ import annotations

import asyncio
import time
from array import array
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from loadtest.drive import BATCH_BYTES
from loadtest.replay.faults import ReplayError

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer

UNDERWAY_MAX = 64
"""Batches that are sent and not yet acknowledged, before the next one waits."""


@dataclass(slots=True)
class _Batch:
    builder: Any
    due_s: array[float] = field(default_factory=lambda: array("d"))
    records: int = 0


class Outlet:
    """Sends batches, and counts what has been acknowledged."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        """Nothing is open yet."""
        self.acknowledged = 0
        self.payload_bytes = 0
        self.late_s: array[float] = array("d")
        """From when each was due until it was acknowledged: eight bytes a record."""
        self._producer = producer
        self._topic = topic
        self._open: dict[int, _Batch] = {}
        self._underway: set[asyncio.Future[Any]] = set()
        self._error: BaseException | None = None

    async def add(
        self, partition: int, key: bytes, value: bytes, due_s: float | None = None
    ) -> None:
        """Add a record to its partition's batch; a full one is sent first. `due_s`: by the monotonic clock."""
        batch = self._open.get(partition)
        if batch is None or batch.builder.append(timestamp=None, key=key, value=value) is None:
            if batch is not None:
                await self._send(partition)
            batch = self._open[partition] = _Batch(self._producer.create_batch())
            if batch.builder.append(timestamp=None, key=key, value=value) is None:
                raise ReplayError(
                    f"a record of {len(value)} bytes is larger than a batch, {BATCH_BYTES}"
                )
        batch.records += 1
        self.payload_bytes += len(value)
        if due_s is not None:
            batch.due_s.append(due_s)

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
        while len(self._underway) >= UNDERWAY_MAX:
            await asyncio.wait(self._underway, return_when=asyncio.FIRST_COMPLETED)
            self._raise()
        batch = self._open.pop(partition)
        batch.builder.close()
        future = await self._producer.send_batch(batch.builder, self._topic, partition=partition)
        self._underway.add(future)
        future.add_done_callback(partial(self._note, batch))

    def _note(self, batch: _Batch, future: asyncio.Future[Any]) -> None:
        self._underway.discard(future)
        if future.cancelled() or (error := future.exception()) is not None:
            self._error = self._error or (asyncio.CancelledError() if future.cancelled() else error)
            return
        self.acknowledged += batch.records
        if batch.due_s:
            now_s = time.monotonic()
            self.late_s.extend(now_s - due_s for due_s in batch.due_s)
