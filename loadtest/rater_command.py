"""The `rater` command, run as a person would run it, to its end. One that goes on is a `Service`."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from loadtest import logins

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
    """Run `rater ARGUMENTS` to its end, as the role whose work it does (`logins`).

    An exit code that is not accepted is a CommandError.
    """
    done = subprocess.run(
        [sys.executable, "-m", "rater", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        env=logins.environment(logins.role_of(arguments)),
        check=False,
    )
    if done.returncode not in accepted:
        said = "\n".join(done.stdout.splitlines()[-LOG_LINES:])
        raise CommandError(f"rater {' '.join(arguments)}: exit code {done.returncode}\n{said}")
    return Ended(done.returncode, done.stdout)


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
