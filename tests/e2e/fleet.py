"""A fleet of counting workers, their topics, and the proof that they counted exactly once."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from tests.e2e.broker import MARKERS_S, consume, create_topics, open_places, produce
from tests.e2e.counting_worker import PARTITIONS
from tests.e2e.logins import environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
    from signal import Signals

    from tests.e2e.broker import Record

ROOT = Path(__file__).resolve().parents[2]
READY = "serving partitions"
BURST = 4_000
"""Enough that there is work on a machine of any speed."""
AGAIN_S = 3.0
"""A burst that was counted before anybody looked is followed by another after this time."""
PATIENCE_S = 60.0
"""For a process to start or to end, on a machine that is busy."""
SUSPENSIONS = 20
SUSPENDED_S = 0.5
"""For the markers of a commit, on a machine that is busy; shorter than any session."""


class Worker:
    """One worker process and its log."""

    def __init__(self, bootstrap: str, namespace: str, log: Path, *options: str) -> None:
        """Start the process."""
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.counting_worker", bootstrap, namespace, *options],
                cwd=ROOT,
                env=environment(),
                stderr=out,
                stdout=out,
            )

    def send(self, number: Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    async def end(self, number: Signals, timeout_s: float = PATIENCE_S) -> int:
        """Send a signal and wait for the exit code."""
        self.send(number)
        return await self.wait(timeout_s)

    async def wait(self, timeout_s: float = PATIENCE_S) -> int:
        """Wait for the exit code."""
        return await asyncio.to_thread(self.process.wait, timeout_s)

    def lines(self) -> list[str]:
        """Return the log so far."""
        return self.log.read_text(errors="replace").splitlines()

    def noise(self) -> list[str]:
        """Return every line that is not an ordinary INFO line."""
        return [line for line in self.lines() if " INFO " not in line]

    def times(self, text: str) -> list[str]:
        """Return the lines that contain a text."""
        return [line for line in self.lines() if text in line]

    async def ready(self, times: int = 1, timeout_s: float = PATIENCE_S) -> None:
        """Wait until it serves, for the given time."""
        deadline = time.monotonic() + timeout_s
        while len(self.times(READY)) < times:
            assert self.process.poll() is None, f"{self.log}: ended with {self.process.poll()}"
            assert time.monotonic() < deadline, f"{self.log}: not ready after {timeout_s} s"
            await asyncio.sleep(0.05)


@dataclass
class Fleet:
    """Topics and workers of one test."""

    bootstrap: str
    namespace: str
    folder: Path
    workers: list[Worker] = field(default_factory=list)
    sent: Counter[bytes] = field(default_factory=Counter)
    records: int = 0

    async def create(self) -> None:
        """Make the topics."""
        name = self.namespace
        plain = [f"{name}.{topic}" for topic in ("cdrs", "commands", "out", "marks")]
        await create_topics(self.bootstrap, dict.fromkeys(plain, PARTITIONS))
        for table, policy in (("counts", "compact"), ("batches", "delete")):
            topic = f"{name}-counter-{table}-changelog"
            await create_topics(self.bootstrap, {topic: PARTITIONS}, {"cleanup.policy": policy})

    async def produce(self, topic: str, count: int, keys: int = 500) -> None:
        """Publish records that a correct fleet counts once each."""
        records = [(b"key-%d" % (number % keys), b"x" * 150) for number in range(count)]
        await produce(self.bootstrap, f"{self.namespace}.{topic}", records)
        self.sent.update(key for key, _ in records)
        self.records += count

    async def trickle(self, topic: str, count: int, seconds: float) -> None:
        """Publish records evenly over a time."""
        parts = max(1, int(seconds / 0.25))
        for _ in range(parts):
            await self.produce(topic, count // parts)
            await asyncio.sleep(seconds / parts)

    def start(self, *options: str) -> Worker:
        """Start one more worker."""
        log = self.folder / f"worker-{len(self.workers)}.log"
        worker = Worker(self.bootstrap, self.namespace, log, *options)
        self.workers.append(worker)
        return worker

    async def kill_in_transaction(self, worker: Worker) -> bool:
        """Kill a worker while outputs of an open transaction lie on the log; say whether it stayed open."""
        return await self._hit(worker, SIGKILL, MARKERS_S)

    async def suspend_in_transaction(self, worker: Worker) -> None:
        """Put a worker to work and suspend it in a transaction that stays open as long as it is suspended."""
        for _ in range(SUSPENSIONS):
            if await self._hit(worker, SIGSTOP, SUSPENDED_S):
                return
            worker.send(SIGCONT)
        raise AssertionError(f"{worker.log}: never suspended in an open transaction")

    async def _hit(self, worker: Worker, number: Signals, settle_s: float) -> bool:
        """Send a signal while a transaction is open; say whether it was open still after a while."""
        async with self.in_transaction(worker, burst=BURST) as still_open:
            worker.send(number)
            # A commit that was under way is given time for its markers.
            await asyncio.sleep(settle_s)
            return await still_open()

    @asynccontextmanager
    async def in_transaction(
        self, worker: Worker, burst: int = 0
    ) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
        """Wait until outputs of an open transaction lie on the log; give what asks whether they still do.

        With a burst, that many CDRs are published, and as many again whenever all are counted unseen.
        """
        outputs = [TopicPartition(f"{self.namespace}.out", number) for number in range(PARTITIONS)]
        async with open_places(self.bootstrap) as open_now:
            fed_at = -AGAIN_S
            async with asyncio.timeout(PATIENCE_S):
                while not await open_now(outputs):
                    assert worker.process.poll() is None, f"{worker.log}: ended by itself"
                    if burst and time.monotonic() - fed_at >= AGAIN_S:
                        await self.produce("cdrs", burst)
                        fed_at = time.monotonic()

            async def still_open() -> bool:
                return bool(await open_now(outputs))

            yield still_open

    def kill_all(self) -> None:
        """Kill what still runs."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait()

    async def outputs(self) -> list[Record]:
        """Read the committed outputs, those of strangers left out."""
        outputs = await consume(self.bootstrap, f"{self.namespace}.out")
        return [output for output in outputs if output.value]

    async def finish(self, timeout_s: float = 60.0) -> list[Record]:
        """Wait until every record has its output, and return the outputs."""
        deadline = time.monotonic() + timeout_s
        while len(outputs := await self.outputs()) < self.records:
            assert time.monotonic() < deadline, f"{len(outputs)} of {self.records} outputs"
            await asyncio.sleep(0.2)
        return outputs

    async def prove(self) -> list[Record]:
        """Check everything that was written against what was sent; return the outputs."""
        outputs = await self.finish()
        changes = await consume(self.bootstrap, f"{self.namespace}-counter-counts-changelog")
        manifests = await consume(self.bootstrap, f"{self.namespace}-counter-batches-changelog")
        check_outputs(outputs, self.sent)
        final = {change.key: int(change.value or b"0") for change in changes}
        assert final == self.sent, "the changelog differs from what was sent"
        check_manifests(manifests, outputs)
        return outputs


def check_outputs(outputs: Iterable[Record], sent: Counter[bytes]) -> None:
    """Every record once; every key counted 1, 2, 3 ... without a gap or a repetition."""
    sources: Counter[bytes] = Counter()
    counts: dict[bytes, list[int]] = defaultdict(list)
    for output in outputs:
        assert output.key is not None
        assert output.value is not None
        *source, count = output.value.split()
        sources[b" ".join(source)] += 1
        counts[output.key].append(int(count))
    twice = [source for source, times in sources.items() if times > 1]
    assert not twice, f"{len(twice)} records counted twice, {twice[:3]}"
    assert sources.total() == sent.total(), f"{sources.total()} of {sent.total()} counted"
    for key, seen in counts.items():
        assert seen == list(range(1, sent[key] + 1)), f"{key!r}: counts out of order or torn"


def check_manifests(manifests: Iterable[Record], outputs: Iterable[Record]) -> None:
    """Batches follow each other without a gap, and name their outputs' offsets rightly."""
    where = {(output.partition, output.offset): output.value for output in outputs}
    ends: dict[tuple[str, int], int] = defaultdict(int)
    for manifest in manifests:
        assert manifest.value is not None
        batch = json.loads(manifest.value)
        place = (batch["source"], manifest.partition)
        assert batch["start"] == ends[place], f"{place}: {batch} after {ends[place]}"
        ends[place] = batch["next"]
        first, last = batch["outputs"]
        for offset in (first, last):
            value = where[manifest.partition, offset]
            assert value is not None
            assert value.startswith(batch["source"].encode() + b" "), f"{batch}: {value!r}"
        assert last - first + 1 == batch["records"], str(batch)
