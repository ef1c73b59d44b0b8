"""A process that somebody else may have started: what it is, and waiting for it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

POLL_S = 0.05


def command_line(pid: int) -> str:
    """Read the command line of a process; empty when there is none or it has ended."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            return ""
    ps = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(ps, capture_output=True, text=True, check=False).stdout


def has_ended(pid: int) -> bool:
    """Say whether nothing of a process runs any more: then its files and ports are free.

    A killed JVM has lost its command line while threads of it still hold them.
    """
    tasks = Path(f"/proc/{pid}/task")
    if not Path("/proc/self").exists():
        return not command_line(pid)
    try:
        left = [int(task.name) for task in tasks.iterdir()]
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    # Ended and not yet asked for by its parent: the first thread alone is there, as a zombie.
    return left == [pid] and state in "ZX"


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    """Poll until the condition holds; False when the time is up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(POLL_S)
    return False
