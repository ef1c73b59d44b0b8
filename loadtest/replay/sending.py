"""Sending: what has been acknowledged of a replay, and how late it was."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from loadtest.outlet import Outlet, TooLargeError
from loadtest.replay.faults import ReplayError
from loadtest.replay.lateness import Lateness

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer


class Sending:
    """Sends records, and counts what has been acknowledged."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, lateness: Lateness) -> None:
        """Nothing is sent yet; how late it is then is counted."""
        self.acknowledged = 0
        self.payload_bytes = 0
        self.lateness = lateness
        self._outlet = Outlet(producer, topic, self._took)
        self.flush = self._outlet.flush
        self.finish = self._outlet.finish

    async def add(
        self, partition: int, key: bytes, value: bytes, due_s: float | None = None
    ) -> None:
        """Add a record; `due_s`: by the monotonic clock. ReplayError where it is too large."""
        try:
            await self._outlet.add(partition, key, value, due_s)
        except TooLargeError as error:
            raise ReplayError(str(error)) from error
        self.payload_bytes += len(value)

    def _took(self, records: int, due_s: list[float]) -> None:
        self.acknowledged += records
        if due_s:
            self.lateness.add(time.monotonic(), due_s)
