"""The `rater` command, run as a person would run it: one that ends, and a worker that goes on."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

STOP_TIMEOUT_S = 30.0
LOG_LINES = 30
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class CommandError(Exception):
    """A command or a worker ended as it should not; the message holds what it said last."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended: its exit code and what it wrote."""

    code: int
    text: str


def run(*arguments: str, timeout_s: float = 120.0, accepted: tuple[int, ...] = (0,)) -> Ended:
    """Run `rater ARGUMENTS` to its end; an exit code that is not accepted is a CommandError."""
    done = subprocess.run(
        [sys.executable, "-m", "rater", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode not in accepted:
        said = "\n".join(done.stdout.splitlines()[-LOG_LINES:])
        raise CommandError(f"rater {' '.join(arguments)}: exit code {done.returncode}\n{said}")
    return Ended(done.returncode, done.stdout)


class Worker:
    """A charging worker in a process of its own, its log in a file. Use it as a context.

    It has a session of its own: Ctrl-C at the terminal reaches us alone, and we stop it in order.
    """

    def __init__(self, bootstrap: str, log: Path, *options: str) -> None:
        """Name the broker, the log file and more options of `rater worker charging`."""
        self.log = log
        self._command = [sys.executable, "-m", "rater", "worker", "charging"]
        self._command += ["--broker", bootstrap, "--metrics-port", "0", *options]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; only after start()."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        """Start the worker."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the worker; after a failure its exit code is of no interest."""
        if kind is None:
            self.stop()
        else:
            with contextlib.suppress(CommandError):
                self.stop()

    def start(self) -> None:
        """Start the process; it is not ready yet."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def check(self) -> None:
        """Raise CommandError with the end of its log if the worker has ended."""
        assert self._process is not None
        code = self._process.poll()
        if code is not None:
            raise CommandError(f"the worker ended with exit code {code}\n{self.last_lines()}")

    def stop(self) -> None:
        """Ask the worker to finish its batch and leave; end it by force if it takes 30 s.

        An exit code other than 0, or force, is a CommandError. Do nothing when it does not run.
        """
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            message = f"the worker did not stop in {STOP_TIMEOUT_S:.0f} s"
            raise CommandError(f"{message}\n{self.last_lines()}") from None
        if code != 0:
            raise CommandError(f"the worker stopped with exit code {code}\n{self.last_lines()}")

    def kill(self) -> None:
        """End the worker as a crash would, and wait until it is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def cpu_s(self) -> float:
        """Return the CPU seconds that the worker has used, all threads, user and system."""
        return cpu_s(self.pid)

    def last_lines(self) -> str:
        """Return the end of the worker's log."""
        if not self.log.is_file():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_LINES:])


def cpu_s(pid: int) -> float:
    """Return the CPU seconds of a process, user and system; 0.0 where /proc is missing."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    # The command's name, in parentheses, may hold blanks: count the fields behind it.
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def now_ms() -> int:
    """Return the wall clock, milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000
