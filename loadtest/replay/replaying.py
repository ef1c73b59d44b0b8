"""Replaying: a run, from the first record to the report; interrupted, it ends with what has been sent."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loadtest import clients
from loadtest.outlet import BATCH_BYTES
from loadtest.replay.altering import Altering, IdAffix, TimeShift
from loadtest.replay.faults import ReplayError
from loadtest.replay.heads import ended_ms, head_of
from loadtest.replay.lateness import Lateness
from loadtest.replay.outcome import Outcome
from loadtest.replay.reading import Choice, Routes
from loadtest.replay.schedule import Schedule, Shift
from loadtest.replay.sending import Sending
from topics.catalog import CDR_RAW
from topics.roles import CALL_PLATFORM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from loadtest.replay.tenants import Tenants

BEAT_S = 0.005
"""What is due is sent so often."""
AT_ONCE = 2_000
"""Records between two looks at the clock where nothing is due at a time of its own."""
LAP_MARK = "~"
"""Before the number of a lap, from the second on, behind each id."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What is sent, what is changed in it, and when each is due."""

    bootstrap: str
    choice: Choice
    altering: Altering
    schedule: Schedule
    share: tuple[int, int] = (0, 1)
    """This process and how many there are: each sends the records of its partitions."""
    tenants: Tenants | None = None
    """Who is charged, where that is not the tenant of the record; the altering then has the same."""

    shift: Shift = field(default_factory=Shift)
    laps: int = 1
    """How often all is sent, in new laps with new ids and times; 0: again and again."""
    interval_s: float | None = None
    """Lateness is told apart by intervals of this length; None: it is not."""

    async def run(self, progress: Tell, ending: asyncio.Event) -> Outcome:
        """Send until all is sent, or it is to end; return what was sent and how late it was.

        ReplayError: what is there cannot be replayed; what had been sent stays sent.
        """
        lateness = Lateness(time.monotonic(), self.interval_s)
        async with _connected(self.bootstrap, lateness) as (sending, partitions):
            run = _Run(self, sending, Routes(partitions, self.tenants), progress, ending)
            try:
                await run.send()
            finally:
                await sending.finish()
                progress(sending.acknowledged, lateness.last_s)
            return run.outcome()

    def in_lap(self, number: int, elapsed_ms: int) -> Altering:
        """Return what is changed in a lap, 1 the first, that begins so long after the start."""
        shift = self.shift.after(elapsed_ms)
        before = (TimeShift(shift),) if shift else ()
        behind = (IdAffix(behind=f"{LAP_MARK}{number}"),) if number > 1 else ()
        return Altering((*before, *self.altering.changes, *behind))


@dataclass(slots=True)
class _Run:
    """A run: what is due, what has been read, and when it began, in seconds of the monotonic clock."""

    replay: Replay
    sending: Sending
    routes: Routes
    progress: Tell
    ending: asyncio.Event
    began_s: float = field(default_factory=time.monotonic)
    last: int = 0
    """The number of the last record that was read."""
    left_out: int = 0
    """Records of tenants whose calls are not meant."""
    lap: int = 0
    index: int = 0
    """Of the next record among all that are sent, in all laps."""
    mine: int = 0
    """Records of this process so far."""
    latest_s: float = 0.0
    """When the last that was read is due, seconds after the start."""
    altering: Altering = field(default_factory=Altering)
    """What is changed in this lap."""

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
            self.progress(self.sending.acknowledged, self.sending.lateness.last_s)

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
        altering = self.altering
        await self.sending.add(
            partition, key, altering.of(value, number) if altering.is_any else value, due_s
        )
        self.last = number

    def _due(self) -> Iterator[_Due]:
        """Yield the records of this process, lap by lap, with when they are due: never before one ahead of it."""
        laps, schedule = self.replay.laps, self.replay.schedule
        while not laps or self.lap < laps:
            is_first = not self.lap
            elapsed_s = self.latest_s if schedule.is_open else time.monotonic() - self.began_s
            self.lap += 1
            self.altering = self.replay.in_lap(self.lap, 0 if is_first else int(elapsed_s * 1_000))
            had = self.mine
            yield from self._due_in_lap(elapsed_s if schedule.speed is not None else 0.0)
            if self.mine == had:
                return  # Nothing is for this process, in no lap.

    def _due_in_lap(self, begins_s: float) -> Iterator[_Due]:
        schedule, (mine, processes) = self.replay.schedule, self.replay.share
        first_ms: int | None = None
        for number, value in self.replay.choice.records():
            head = head_of(value, number)
            route = self.routes.of(head, number)
            if route is None:
                self.left_out += 1
                continue
            since_ms = 0
            if schedule.speed is not None:
                at_ms = ended_ms(head, number)
                first_ms = at_ms if first_ms is None else first_ms
                since_ms = at_ms - first_ms
            self.latest_s = max(self.latest_s, begins_s + schedule.due_s(self.index, since_ms))
            self.index += 1
            if route[0] % processes == mine:
                self.mine += 1
                yield self.latest_s, number, route, value

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
            lateness=sending.lateness,
            left_out=self.left_out,
            lap=self.lap,
        )


Tell = Callable[[int, float], None]
"""Is told how many records are acknowledged, and how late the last was, in seconds."""
_Due = tuple[float, int, tuple[int, bytes], bytes]
"""When it is due, seconds after the start; its number, where it goes, and its bytes."""


@asynccontextmanager
async def _connected(bootstrap: str, lateness: Lateness) -> AsyncIterator[tuple[Sending, int]]:
    producer = clients.producer(
        bootstrap, CALL_PLATFORM, linger_ms=0, max_batch_size=BATCH_BYTES, compression_type="lz4"
    )
    try:
        await producer.start()
        partitions = await producer.partitions_for(CDR_RAW.name)
        if not partitions:
            raise ReplayError(f"{CDR_RAW.name} is not on {bootstrap}: run `rater topics create`")
        # Connected before the first record is due.
        for node in producer.client.cluster.brokers():
            await producer.client.ready(node.nodeId)
        yield Sending(producer, CDR_RAW.name, lateness), len(partitions)
    finally:
        await producer.stop()
