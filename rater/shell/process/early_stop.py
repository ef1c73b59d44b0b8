"""Early stop: SIGTERM and SIGINT end a process at once, in order, as long as there is nothing that it must finish.

A service while it is loaded, which takes a second, and while it looks up what must be there first: it has joined no
group and written nothing; `signals.stopping_event` takes over. And what only reads, from its first import to its end.

No exception is raised for a signal: it would come out wherever the process is, in the middle of an import or in the
constructor of a connection, where somebody catches it, or complains of what is half made.
"""

import os
import signal
from types import FrameType
from typing import Any, Final

from rater.shell.process.exit_code import ExitCode

INTERRUPTED: Final = "Error: interrupted: nothing is proven"
"""What `rater reconcile` says."""
STOPPING: Final = (signal.SIGTERM, signal.SIGINT)


def end_at_once(
    said: str = "rater: stopped before it began", code: ExitCode = ExitCode.STOPPED
) -> dict[int, Any]:
    """Have the signals end this process in order, from now on; return how they were handled before.

    Only a main thread may ask for it.
    """

    def end(_number: int, _frame: FrameType | None) -> None:
        os.write(2, f"{said}\n".encode())
        os._exit(code)

    return {number: signal.signal(number, end) for number in STOPPING}
