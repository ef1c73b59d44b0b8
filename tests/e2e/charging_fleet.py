"""A fleet of real charging workers: processes that a test starts, kills, stops and wakes.

The test is the supervisor: `Fleet.supervise` starts anew what has ended. A worker's log is what it
is judged by; `Worker.served` reads from it which partitions it serves.
"""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from loadtest.watch import watching
from rater.shell.process.failpoints import VARIABLE
from tests.e2e.broker import record_ends
from tests.e2e.logins import environment, patience
from topics.catalog import CDR_RAW, PARTITIONS

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
ALL = frozenset(range(PARTITIONS))
EXIT_KILLED = -signal.SIGKILL
READY_TIMEOUT_S = patience(60.0)
POLL_S = 0.05

_SERVING = re.compile(r"^(\S+ \S+) .*serving partitions \[([0-9, ]*)\]")
_HEALTH = re.compile(r"metrics and health on (http://\S+)/")
_NOISE = re.compile(r"Traceback|^[\w.]+(Error|Exception)\b|never retrieved|Task was destroyed")


class Worker:
    """One worker process and its log."""

    def __init__(self, bootstrap: str, log: Path, *options: str, failpoint: str = "") -> None:
        """Start the process; `failpoint` as in `rater.shell.process.failpoints`."""
        self.log = log
        self.started_at = time.monotonic()
        words = ("worker", "charging", "--broker", bootstrap, "--metrics-port", "0", *options)
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "rater", *words],
                cwd=ROOT,
                env=environment(*words, **({VARIABLE: failpoint} if failpoint else {})),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    @property
    def code(self) -> int | None:
        """The exit code; None while it runs."""
        return self.process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    async def ended(self, timeout_s: float = READY_TIMEOUT_S) -> int:
        """Wait for the exit code."""
        return await asyncio.to_thread(self.process.wait, timeout_s)

    def lines(self) -> list[str]:
        """Return the log so far."""
        return self.log.read_text(errors="replace").splitlines()

    def noise(self) -> list[str]:
        """Return the lines that nobody should have to read after an orderly end."""
        return [line for line in self.lines() if _NOISE.search(line)]

    def served(self) -> list[tuple[float, frozenset[int]]]:
        """Return each time, seconds since 1970, at which it began to serve, and what."""
        found = [match for line in self.lines() if (match := _SERVING.match(line))]
        return [(_seconds(match[1]), _numbers(match[2])) for match in found]

    def serves(self) -> frozenset[int]:
        """Return what it serves, as far as its log tells; nothing when it has ended."""
        served = self.served()
        return served[-1][1] if served and self.code is None else frozenset()

    def peak_mib(self) -> int:
        """Return the most memory that it has used, MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(peak.split()[1]) // 1024

    async def is_ready(self) -> bool:
        """Ask `/readyz`."""
        address = self.address()
        return bool(address) and await asyncio.to_thread(_answers, address + "/readyz")

    def address(self) -> str:
        """Return where it serves health and metrics; empty as long as its log does not say."""
        found = [match[1] for line in self.lines() if (match := _HEALTH.search(line))]
        return found[0] if found else ""


@dataclass
class Fleet:
    """The workers of one test."""

    bootstrap: str
    folder: Path
    options: tuple[str, ...] = ()
    workers: list[Worker] = field(default_factory=list)
    """All that were ever started."""
    ended: list[int] = field(default_factory=list)
    """Exit codes of workers that ended by themselves and were started anew."""
    size: int = 0

    def start(self, *options: str, failpoint: str = "") -> Worker:
        """Start one more worker."""
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / f"worker-{len(self.workers):02}.log"
        worker = Worker(self.bootstrap, log, *self.options, *options, failpoint=failpoint)
        self.workers.append(worker)
        self.size += 1
        return worker

    def alive(self) -> list[Worker]:
        """Return the workers that run."""
        return [worker for worker in self.workers if worker.code is None]

    def kill(self, worker: Worker) -> frozenset[int]:
        """Kill a worker; return the partitions that it served."""
        served = worker.serves()
        worker.kill()
        self.size -= 1
        return served

    async def terminate(self, worker: Worker) -> int:
        """Ask a worker to finish its batch and leave; return its exit code."""
        worker.signal(signal.SIGTERM)
        self.size -= 1
        return await worker.ended()

    def supervise(self) -> None:
        """Start a worker for each that has ended by itself."""
        while len(self.alive()) < self.size:
            known = len(self.ended)
            codes = [worker.code for worker in self.workers if worker.code not in {None, 0}]
            self.ended += [code for code in codes if code not in {None, EXIT_KILLED}][known:]
            self.size -= 1
            self.start()

    async def settled(self, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Wait until every living worker serves, and each partition is served by one."""
        await until(self._is_settled, self.report, timeout_s)

    def _is_settled(self) -> bool:
        assert len(self.alive()) >= self.size, f"a worker has ended\n{self.report()}"
        served = [worker.serves() for worker in self.alive()]
        return all(served) and sorted(chain.from_iterable(served)) == sorted(ALL)

    async def obeyed(self, *topics: str, timeout_s: float = 120.0) -> None:
        """Wait until all that lies on source topics now is committed; restart what ends."""
        async with watching(self.bootstrap) as watch:
            for topic in topics:
                # Commands write in transactions, and a marker may be the last; tests write CDRs without.
                ends = None if topic == CDR_RAW.name else await record_ends(self.bootstrap, topic)
                await watch.until_done(topic, timeout_s=timeout_s, alive=self.supervise, ends=ends)

    async def stop(self) -> None:
        """Stop all in order; every exit code must be 0."""
        codes = await asyncio.gather(*(self.terminate(worker) for worker in self.alive()))
        assert not any(codes), f"exit codes {codes}\n{self.report()}"

    def end(self) -> None:
        """Kill what still runs, at the end of a test."""
        for worker in self.alive():
            worker.signal(signal.SIGCONT)
            worker.kill()

    def report(self) -> str:
        """Return the ends of the logs of the last workers."""
        return "\n".join(
            f"--- {worker.log.name}, exit code {worker.code}\n" + "\n".join(worker.lines()[-8:])
            for worker in self.workers[-3:]
        )


async def until(
    condition: Callable[[], bool], report: Callable[[], str], timeout_s: float = READY_TIMEOUT_S
) -> float:
    """Wait for a condition and return the seconds it took; too late: fail with the report."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < timeout_s, f"not in {timeout_s} s\n{report()}"
        await asyncio.sleep(POLL_S)
    return time.monotonic() - began


def _seconds(stamp: str) -> float:
    return datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S,%f").astimezone().timestamp()


def _numbers(text: str) -> frozenset[int]:
    return frozenset(int(number) for number in text.split(",") if number.strip())


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2.0) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError):
        return False
