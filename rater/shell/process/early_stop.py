"""Early stop: SIGTERM and SIGINT end a service at once as long as it has begun nothing.

While it is loaded, which takes a second, and while it looks up what must be there first. It has joined no group and
written nothing; `signals.stopping_event` takes over.
"""

import os
import signal
from typing import Final, NoReturn

from rater.shell.process.exit_code import ExitCode

STOPPING: Final = (signal.SIGTERM, signal.SIGINT)


def end_at_once() -> None:
    """Have the signals end this process in order, from now on."""
    for number in STOPPING:
        signal.signal(number, _end)


def _end(_number: int, _frame: object) -> NoReturn:
    os.write(2, b"rater: stopped before it began\n")
    # An exception could be caught by whatever is being imported.
    os._exit(ExitCode.STOPPED)
