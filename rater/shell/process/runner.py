"""The runner: one Faust worker from its start to its exit code.

A failed worker does nothing more with its data: it leaves the group, so that others need not wait for its session, and
ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from typing import TYPE_CHECKING, Any, cast

from rater.shell.process.exit_code import ExitCode
from rater.shell.process.refused import log_failed
from rater.shell.process.signals import stopping_event
from rater.shell.process.watchdog import PROGRESS_LIMIT_S, Limits, Watchdog
from rater.shell.stream.consumer import nothing_held
from rater.shell.stream.faust_broker import broker_of
from rater.shell.stream.transactions import is_fenced

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

log = logging.getLogger(__name__)

LEAVE_TIMEOUT_S = 2.0
GOODBYE_S = 10.0
"""How long leaving the group and closing the clients may take, once the producers are closed."""
POLL_S = 0.1


async def run_worker(
    app: Any,
    *,
    stuck_after_s: float = PROGRESS_LIMIT_S,
    is_held: Callable[[str], bool] = nothing_held,
) -> int:
    """Run the app until a signal and return 0; in any other case end the process.

    `is_held` says in any thread whether a source topic waits because it was ordered to: nothing of it is taken then,
    and who does not work on it is not stuck.
    """
    loop = asyncio.get_running_loop()
    stopping = stopping_event()
    # Without it Faust takes the app for a client, which needs no transactions.
    app.in_worker = True
    assert app.consumer.in_transaction, "the consumer was made before in_worker was set"
    app.consumer.is_held = is_held
    transactions = app.consumer.transactions
    watchdog = Watchdog(
        loop,
        lambda: transactions.progress.mark,
        lambda: _backlog(app),
        Limits(progress_s=stuck_after_s),
    )
    watchdog.start()
    starting = asyncio.create_task(app.start())
    error = await _first_end(app, starting, stopping)
    if error is None:
        log.info("stopping: finishing the steps at work")
        cutting = asyncio.create_task(_cut_short(app))
        error = await _first_end(app, asyncio.create_task(app.stop()))
        cutting.cancel()
    if error is not None:
        await _end_failed(app, error)
    watchdog.stop()
    await asyncio.gather(starting, return_exceptions=True)
    log.info("stopped")
    return ExitCode.STOPPED


async def _cut_short(app: Any) -> NoReturn:
    """End a worker that has written all it will, and whose goodbye to the group takes too long.

    Clients may wait for a broker that is gone, or that has just come back. What is lost is the goodbye: the others
    wait for the session's end.
    """
    since = time.monotonic()
    while time.monotonic() - since < GOODBYE_S:
        await asyncio.sleep(POLL_S)
        if not app.consumer.transactions.is_closed():
            since = time.monotonic()
    log.warning("stopped; the group could not be told within %(seconds)d s", {"seconds": GOODBYE_S})
    logging.shutdown()
    os._exit(ExitCode.STOPPED)


def _backlog(app: Any) -> int:
    """Count what is left to do; a halted partition is known to stand still, and what is held is left by order."""
    halted = app.consumer.transactions.halted()
    backlog = app.consumer.backlog().items()
    held = {topic for topic in {tp.topic for tp, _ in backlog} if app.consumer.is_held(topic)}
    return sum(
        offsets for tp, offsets in backlog if tp.partition not in halted and tp.topic not in held
    )


async def _first_end(
    app: Any, task: asyncio.Task[None], stopping: asyncio.Event | None = None
) -> BaseException | None:
    """Wait for the signal, or without one for the task's end; return any error that comes first."""
    failure = app.consumer.transactions.failure
    while not (task.done() if stopping is None else stopping.is_set()):
        if failure.done():
            return cast("BaseException", failure.result())
        if (refused := app.consumer.group_refusal()) is not None:
            return cast("BaseException", refused)
        if app.crashed:
            return app.crash_reason or RuntimeError("the app crashed without a reason")
        if task.done() and task.exception() is not None:
            return task.exception()
        await asyncio.wait([failure, *([] if task.done() else [task])], timeout=POLL_S)
    return task.exception() if task.done() else None


async def _end_failed(app: Any, error: BaseException) -> NoReturn:
    fenced = is_fenced(error)
    if fenced:
        log.warning("fenced, another worker has taken over: %(error)s", {"error": error})
    else:
        log_failed(error, broker_of(app))
    with contextlib.suppress(Exception):
        async with asyncio.timeout(LEAVE_TIMEOUT_S):
            thread = app.consumer._thread  # noqa: SLF001
            await thread.run(thread.leave_group())
    logging.shutdown()
    os._exit(ExitCode.FENCED if fenced else ExitCode.FAILED)
