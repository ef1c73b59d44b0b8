"""Exit codes of every command: declared here, and said to people in docs/operating/services.md."""

from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """What a process says when it ends. A supervisor starts a service again after any but the first and the third."""

    STOPPED = 0
    """By SIGTERM or SIGINT: what was at work is finished, the group is left. Of a command: done."""
    FAILED = 1
    """The reason and its traceback are in the log."""
    CANNOT_RUN = 2
    """Nothing was begun; one sentence says what to do."""
    STUCK = 70
    """The watchdog ended it; the stacks are in the log."""
    FENCED = 75
    """Another owns the partitions now."""


OF_A_SERVICE = {
    ExitCode.STOPPED: "stopped",
    ExitCode.FAILED: "failed",
    ExitCode.CANNOT_RUN: "could not start",
    ExitCode.STUCK: "stuck",
    ExitCode.FENCED: "fenced by another",
}


def said(codes: Iterable[ExitCode] = tuple(OF_A_SERVICE)) -> str:
    """Return the sentence that a service's help ends with."""
    return f"Exit codes: {', '.join(f'{code:d} {OF_A_SERVICE[code]}' for code in codes)}."
