"""Replaying: a run, from the first record to the report; interrupted, it ends with what has been sent."""

from __future__ import annotations

import asyncio
import gc
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loadtest import clients
from loadtest.outlet import BATCH_BYTES
from loadtest.replay.faults import ReplayError
from loadtest.replay.outcome import Outcome
from loadtest.replay.reading import Choice, Routes, ended_ms, head_of
from loadtest.replay.sending import Sending
from topics.catalog import CDR_RAW
from topics.roles import CALL_PLATFORM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from loadtest.replay.altering import Altering
    from loadtest.replay.schedule import Schedule

BEAT_S = 0.005
"""What is due is sent so often."""
AT_ONCE = 2_000
"""Records between two looks at the clock where nothing is due at a time of its own."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What is sent, what is changed in it, and when each is due."""

    bootstrap: str
    choice: Choice
    altering: Altering
    schedule: Schedule
    share: tuple[int, int] = (0, 1)
    """This process and how many there are: each sends the records of its partitions."""

    async def run(self, progress: Callable[[int], None], ending: asyncio.Event) -> Outcome:
        """Send until all is sent, or it is to end; return what was sent and how late it was.

        ReplayError: what is there cannot be replayed; what had been sent stays sent.
        """
        async with _connected(self.bootstrap) as (sending, partitions):
            run = _Run(self, sending, Routes(partitions), progress, ending)
            try:
                await run.send()
            finally:
                await sending.finish()
                progress(sending.acknowledged)
            return run.outcome()


@dataclass(slots=True)
class _Run:
    """A run: what is due, what has been read, and when it began, in seconds of the monotonic clock."""

    replay: Replay
    sending: Sending
    routes: Routes
    progress: Callable[[int], None]
    ending: asyncio.Event
    began_s: float = field(default_factory=time.monotonic)
    last: int = 0
    """The number of the last record that was read."""

    async def send(self) -> None:
        """Send what is due, again and again, until nothing is left."""
        gc.freeze()
        self.began_s = time.monotonic()
        due = self._due()
        entry = next(due, None)
        beats = 0
        while entry is not None and not self.ending.is_set():
            beats += 1
            if self.replay.schedule.is_open:
                await asyncio.sleep(self.began_s + beats * BEAT_S - time.monotonic())
                entry = await self._send_until(due, entry, time.monotonic() - self.began_s)
                await self.sending.flush()
            else:
                entry = await self._send_some(due, entry)
                await asyncio.sleep(0)
            self.progress(self.sending.acknowledged)

    async def _send_until(
        self, due: Iterator[_Due], entry: _Due | None, now_s: float
    ) -> _Due | None:
        while entry is not None and entry[0] <= now_s:
            await self._add(entry, self.began_s + entry[0])
            entry = next(due, None)
        return entry

    async def _send_some(self, due: Iterator[_Due], entry: _Due | None) -> _Due | None:
        for _ in range(AT_ONCE):
            if entry is None:
                break
            await self._add(entry, None)
            entry = next(due, None)
        return entry

    async def _add(self, entry: _Due, due_s: float | None) -> None:
        _, number, (partition, key), value = entry
        altering = self.replay.altering
        await self.sending.add(
            partition, key, altering.of(value, number) if altering.is_any else value, due_s
        )
        self.last = number

    def _due(self) -> Iterator[_Due]:
        """Yield the records of this process with when they are due: never before one that is ahead of it."""
        schedule, (mine, processes) = self.replay.schedule, self.replay.share
        first_ms: int | None = None
        latest_s = 0.0
        for index, (number, value) in enumerate(self.replay.choice.records()):
            head = head_of(value, number)
            since_ms = 0
            if schedule.speed is not None:
                at_ms = ended_ms(head, number)
                first_ms = at_ms if first_ms is None else first_ms
                since_ms = at_ms - first_ms
            latest_s = max(latest_s, schedule.due_s(index, since_ms))
            route = self.routes.of(head.tenant_id)
            if route[0] % processes == mine:
                yield latest_s, number, route, value

    def outcome(self) -> Outcome:
        """Return what came of it."""
        sending = self.sending
        return Outcome(
            records=sending.acknowledged,
            payload_bytes=sending.payload_bytes,
            last_record=self.last,
            began_s=self.began_s,
            ended_s=time.monotonic(),
            is_interrupted=self.ending.is_set(),
            late_s=sending.late_s,
        )


_Due = tuple[float, int, tuple[int, bytes], bytes]
"""When it is due, seconds after the start; its number, where it goes, and its bytes."""


@asynccontextmanager
async def _connected(bootstrap: str) -> AsyncIterator[tuple[Sending, int]]:
    producer = clients.producer(
        bootstrap, CALL_PLATFORM, linger_ms=0, max_batch_size=BATCH_BYTES, compression_type="lz4"
    )
    await producer.start()
    try:
        partitions = await producer.partitions_for(CDR_RAW.name)
        if not partitions:
            raise ReplayError(f"{CDR_RAW.name} is not on {bootstrap}: run `rater topics create`")
        # Connected before the first record is due.
        for node in producer.client.cluster.brokers():
            await producer.client.ready(node.nodeId)
        yield Sending(producer, CDR_RAW.name), len(partitions)
    finally:
        await producer.stop()
