"""Force: the end of a process that was told to stop and hangs at what it waits for."""

import logging
import os
import threading

from rater.shell.process.exit_code import ExitCode

log = logging.getLogger(__name__)


def end_by_force(within_s: float) -> None:
    """End the process when it has not ended by itself in so many seconds.

    A task that is cancelled may go on waiting for a broker that is gone, and the event loop waits for its tasks.
    """
    timer = threading.Timer(within_s, _end, (within_s,))
    timer.daemon = True
    timer.start()


def _end(after_s: float) -> None:
    log.critical("not stopped within %(seconds)d s: ended by force", {"seconds": after_s})
    logging.shutdown()
    os._exit(ExitCode.FAILED)
