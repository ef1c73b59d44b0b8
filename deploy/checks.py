"""All that `make test` checks, in an order that keeps two cores busy.

The compiler works while style, types, imports and documents are checked, and what runs interpreted runs beside
the tests on Kafka, which wait a lot. A part that runs beside others is silent until it is awaited.
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

MAKE = os.environ.get("MAKE", "make")


class Part:
    """One target of the Makefile, running; `beside` others its output is kept until it is awaited."""

    def __init__(self, target: str, *, beside: bool = False) -> None:
        """Start it, in a session of its own when it runs beside others: Ctrl-C is ours to pass on."""
        self.target = target
        self.began = time.monotonic()
        self.wall_s = self.cpu_s = 0.0
        self.said = tempfile.TemporaryFile() if beside else None  # noqa: SIM115
        self.process = subprocess.Popen(
            [MAKE, target],
            stdout=self.said,
            stderr=subprocess.STDOUT if beside else None,
            start_new_session=beside,
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

    def stop(self) -> None:
        """End it and all that it started, if it still runs."""
        if self.said is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)


def main() -> int:
    """Run all parts; return the exit code."""
    parts: list[Part] = []
    began = time.monotonic()
    try:
        failed = run(parts)
    except KeyboardInterrupt:
        failed = ["interrupted"]
    finally:
        for part in parts:
            part.stop()
    for part in parts:
        print(f"{part.target:18} {part.wall_s:6.0f} s, CPU {part.cpu_s:6.0f} s")
    print(f"{'in all':18} {time.monotonic() - began:6.0f} s")
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


def run(parts: list[Part]) -> list[str]:
    """Run the parts, added to `parts` as they start; return which failed."""

    def started(target: str, *, beside: bool = False) -> Part:
        parts.append(Part(target, beside=beside))
        return parts[-1]

    compiling = started("compiled", beside=True)
    for target in ("lint", "types", "imports", "docs"):
        if not started(target).end():
            return [target]
    interpreted = started("test-interpreted", beside=True)
    if not compiling.end():
        return [compiling.target]
    tested = [started("test-compiled"), interpreted]
    failed = [part.target for part in tested if not part.end()]
    # Last: it holds bounds of time, and nothing else runs any more.
    alone = started("test-alone")
    return failed if alone.end() else [*failed, alone.target]


if __name__ == "__main__":
    sys.exit(main())
