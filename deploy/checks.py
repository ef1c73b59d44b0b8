"""All that `make test` checks, in an order that keeps two cores busy.

Kafka is fetched while Python's packages are installed. The compiler works while style, types, imports and documents are
checked, and what runs interpreted runs beside the tests on Kafka, which wait a lot.
A part that runs beside others is silent until it is awaited.
Told to end (Ctrl-C, SIGTERM, SIGHUP) it ends all that it has started, and the brokers of tests (sessions of their own).
In the end: the seconds of each part, by the clock and of CPU (a broker's count where it is awaited).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

ORPHANS = Path(__file__).resolve().parent / "kafka" / "orphans.py"
MAKE = os.environ.get("MAKE", "make")
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_S = 20.0
"""How long parts may take to end in order; then they are killed."""
POLL_S = 0.05


class Part:
    """One target of the Makefile, running; `beside` others its output is kept until it is awaited."""

    def __init__(self, target: str, *, beside: bool = False) -> None:
        """Start it, in a session of its own: whatever ends us is ours to pass on, to all that a part has started."""
        self.target = target
        self.began = time.monotonic()
        self.wall_s = self.cpu_s = 0.0
        self.said = tempfile.TemporaryFile() if beside else None  # noqa: SIM115
        self.process = subprocess.Popen(
            [MAKE, target],
            stdout=self.said,
            stderr=subprocess.STDOUT if beside else None,
            start_new_session=True,
        )

    def end(self) -> bool:
        """Wait for its end, print what it said and return whether it succeeded."""
        _, status, used = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.wall_s = time.monotonic() - self.began
        self.cpu_s = used.ru_utime + used.ru_stime
        if self.said is not None:
            self.said.seek(0)
            sys.stdout.buffer.write(self.said.read())
            sys.stdout.flush()
        return self.process.returncode == 0

    def runs(self) -> bool:
        """Say whether it, or anything that it has started, still runs."""
        self.process.poll()
        return self.send(0)

    def send(self, number: int) -> bool:
        """Send a signal to all of it; False when there is nobody any more."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return False
        return True


def stop(parts: list[Part]) -> None:
    """End what still runs, in order if it can be, and the brokers that it leaves; wait until all has ended."""
    running = [part for part in parts if part.process.poll() is None]
    if not running:
        return
    for part in running:
        part.send(signal.SIGTERM)
    deadline = time.monotonic() + STOP_S
    while any(part.runs() for part in running) and time.monotonic() < deadline:
        time.sleep(POLL_S)
    for part in running:
        part.send(signal.SIGKILL)
        part.process.wait()
    subprocess.run([sys.executable, "-B", str(ORPHANS), "test"], check=False)


class Interruption:
    """A signal to end: it leaves what is being done, but for the start of a part, which would then be nobody's."""

    def __init__(self) -> None:
        """Be told from now on."""
        self.is_held = self.is_told = False
        for number in ENDING:
            signal.signal(number, self.tell)

    def tell(self, _number: int, _frame: FrameType | None) -> None:
        """Leave what is being done, or what is held as soon as it is done."""
        self.is_told = True
        if not self.is_held:
            self._leave()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let what is done inside be done to its end."""
        self.is_held = True
        try:
            yield
        finally:
            self.is_held = False
        if self.is_told:
            self._leave()

    def _leave(self) -> NoReturn:
        # Whoever asks again does not disturb the end.
        for number in ENDING:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt


def main() -> int:
    """Run all parts; return the exit code."""
    interruption = Interruption()
    # Where no bytecode is kept, each of the hundreds of processes that tests start compiles all sources again: 0.6 s.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    parts: list[Part] = []
    began = time.monotonic()
    try:
        failed = run(parts, interruption)
    except KeyboardInterrupt:
        failed = ["interrupted"]
    finally:
        stop(parts)
    for part in parts:
        print(f"{part.target:18} {part.wall_s:6.0f} s, CPU {part.cpu_s:6.0f} s")
    print(f"{'in all':18} {time.monotonic() - began:6.0f} s")
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


def run(parts: list[Part], interruption: Interruption) -> list[str]:
    """Run the parts, added to `parts` as they start; return which failed."""

    def started(target: str, *, beside: bool = False) -> Part:
        with interruption.held():
            parts.append(Part(target, beside=beside))
        return parts[-1]

    fetching = started("kafka-classes", beside=True)
    if not started(".venv/installed-dev").end():
        return [".venv/installed-dev"]
    compiling = started("compiled", beside=True)
    for target in ("lint", "types", "imports", "docs"):
        if not started(target).end():
            return [target]
    interpreted = started("test-interpreted", beside=True)
    for awaited in (fetching, compiling):
        if not awaited.end():
            return [awaited.target]
    tested = [started("test-compiled"), interpreted]
    failed = [part.target for part in tested if not part.end()]
    # Last: it holds bounds of time, and nothing else runs any more.
    alone = started("test-alone")
    return failed if alone.end() else [*failed, alone.target]


if __name__ == "__main__":
    sys.exit(main())
