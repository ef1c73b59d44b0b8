"""The end of a notifier: how long it may take, and what is said of it."""

import logging
from typing import Final

from aiokafka.errors import KafkaConnectionError

from rater.kafka.broker import Broker
from rater.kafka.broker_loss import COMMIT_TIMEOUT_S
from rater.shell.notifier.partition import DRAIN_S
from rater.shell.notifier.writer import GOODBYE_S
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.refused import log_failed, refusal
from rater.shell.stream.leases import is_fenced

log = logging.getLogger(__name__)

FINISH_S: Final = DRAIN_S + COMMIT_TIMEOUT_S + GOODBYE_S
"""From the signal on: what is being sent, its marks and offsets, and the goodbye of the writers."""
LEAVE_S: Final = 10.0
"""For the goodbye to mail servers and to the group."""
STOP_S: Final = FINISH_S + LEAVE_S + 3
"""From the signal to the end, whatever the broker does; a supervisor waits longer (deploy/systemd, deploy/compose)."""


def told(failure: BaseException | None, broker: Broker) -> int:
    """Say how it ended; return the exit code."""
    if failure is None:
        log.info("stopped")
        return ExitCode.STOPPED
    if is_fenced(failure):
        log.warning(
            "fenced, another notifier has taken over: %(error)s",
            {"error": type(failure).__name__},
        )
        return ExitCode.FENCED
    if refusal(failure, broker) is not None:
        log_failed(failure, broker)
    elif isinstance(failure, TimeoutError | KafkaConnectionError):
        # Nothing of ours is wrong: what was sent and not marked is known to be in doubt by whoever goes on.
        log.critical("the broker does not answer: leaving; started again, it goes on here")
    else:
        log.critical("failed: %(error)r", {"error": failure}, exc_info=failure)
    return ExitCode.FAILED
