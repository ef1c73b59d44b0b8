"""Processes: a replay in this process, or shared by several, each of which sends what belongs to its partitions."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import uvloop

from loadtest.replay.outcome import Outcome
from loadtest.replay.replaying import Replay, Tell

LOOK_S = 0.2
INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
_sent: Any = None
"""In a process of several: of each how many have been acknowledged, and how late the last was, one after the other."""
_is_over: Any = None
"""Likewise: whether they are to end."""


def perform(replay: Replay, processes: int, progress: Tell) -> list[Outcome]:
    """Perform a replay; an interrupt ends it early, with what it has sent. Errors are those of `Replay.run`."""
    if processes == 1:
        return [uvloop.run(_performed(replay, progress))]
    context = multiprocessing.get_context("spawn")
    sent, is_over = context.Array("d", 2 * processes), context.Value("b", 0)
    shares = [replace(replay, share=(number, processes)) for number in range(processes)]
    # What is ignored when a process begins it ignores, too: one that was ended before its share would break the others.
    with (
        _handling(signal.SIG_IGN),
        ProcessPoolExecutor(processes, context, _begin, (sent, is_over)) as pool,
    ):
        futures = [pool.submit(_share, each) for each in shares]

        def end(*_: object) -> None:
            is_over.get_obj().value = 1

        with _handling(end):
            return asyncio.run(_all(futures, sent, progress))


@contextmanager
def _handling(handler: signal.Handlers | Callable[..., None]) -> Iterator[None]:
    """Handle interrupts so for as long as the context lasts."""
    former = {number: signal.signal(number, handler) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, each in former.items():
            signal.signal(number, each)


def _begin(sent: Any, is_over: Any) -> None:
    global _sent, _is_over
    _sent, _is_over = sent, is_over


def _share(replay: Replay) -> Outcome:
    first_process = os.getppid()
    outcome = uvloop.run(_shared(replay, first_process))
    if os.getppid() != first_process:
        os._exit(
            1
        )  # Nobody asks for the outcome, and the pool would wait for ever for another share.
    return outcome


async def _shared(replay: Replay, first_process: int) -> Outcome:
    """Perform a share. The first process is told of interrupts, and tells it; where that is gone, it is over."""
    ending, first = asyncio.Event(), 2 * replay.share[0]

    def tell(done: int, late_s: float) -> None:
        _sent[first : first + 2] = (done, late_s)
        if _is_over.get_obj().value or os.getppid() != first_process:
            ending.set()

    return await replay.run(tell, ending)


async def _performed(replay: Replay, progress: Tell) -> Outcome:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in INTERRUPTS:
        loop.add_signal_handler(number, ending.set)
    return await replay.run(progress, ending)


async def _all(futures: list[Any], sent: Any, progress: Tell) -> list[Outcome]:
    wrapped = [asyncio.wrap_future(each) for each in futures]
    while (await asyncio.wait(wrapped, timeout=LOOK_S))[1]:
        progress(int(sum(sent[::2])), max(sent[1::2]))
    return [each.result() for each in wrapped]
