"""Signals: SIGTERM and SIGINT ask a service to finish what is at work, and to end."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from rater.shell.process.early_stop import STOPPING


def stopping_event() -> asyncio.Event:
    """Return an event that the signals set from now on."""
    stopping = asyncio.Event()
    for number in STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    return stopping


async def rest(seconds: float) -> None:
    """Sleep between two rounds of what goes on after errors; CancelledError where the task was cancelled meanwhile.

    Clients of Kafka may swallow that while no broker answers, and a loop that only slept would go on for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
    await asyncio.sleep(max(0.0, seconds))


async def work_until_stopped(**work: Coroutine[Any, Any, None]) -> None:
    """Run what a service does for ever, each a task of its name, until a signal; cancel all, and wait for their ends.

    Where one of them ends first, so do the others: raises its error.
    """
    tasks: list[asyncio.Task[Any]] = [
        asyncio.create_task(stopping_event().wait(), name="stopping"),
        *(asyncio.create_task(each, name=name) for name, each in work.items()),
    ]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
