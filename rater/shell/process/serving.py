"""Serving: what a service does for ever, until a signal or a trouble ends it, and the exit code that it leaves by."""

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from rater.kafka.broker import Broker
from rater.shell.process.exit_code import ExitCode
from rater.shell.process.health import Health
from rater.shell.process.refused import log_failed
from rater.shell.process.signals import work_until_stopped

log = logging.getLogger(__name__)


async def _nothing() -> None:
    """Leave nothing to be done."""


async def serve(
    broker: Broker,
    health: Health,
    work: Mapping[str, Coroutine[Any, Any, None]],
    last: Callable[[], Awaitable[None]] = _nothing,
) -> int:
    """Do the work, each part a task of its name, until a signal, and then what is last; return the exit code."""
    health.set_state("serving")
    try:
        await work_until_stopped(**work)
        await last()
    except Exception as error:  # noqa: BLE001 (The supervisor starts it anew.)
        log_failed(error, broker)
        return ExitCode.FAILED
    log.info("stopped")
    return ExitCode.STOPPED
