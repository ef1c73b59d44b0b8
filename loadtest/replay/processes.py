"""Processes: a replay in this process, or shared by several, each of which sends what belongs to its partitions."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import uvloop

from loadtest.replay.outcome import Outcome
from loadtest.replay.replaying import Replay, Tell

LOOK_S = 0.2
_sent: Any = None
"""In a process of several: of each how many have been acknowledged, and how late the last was, one after the other."""


def perform(replay: Replay, processes: int, progress: Tell) -> list[Outcome]:
    """Perform a replay; an interrupt ends it early, with what it has sent. Errors are those of `Replay.run`."""
    if processes == 1:
        return [uvloop.run(_performed(replay, progress))]
    context = multiprocessing.get_context("spawn")
    sent = context.Array("d", 2 * processes)
    with ProcessPoolExecutor(processes, context, _begin, (sent,)) as pool:
        # An interrupt at a terminal reaches all processes; this one waits for the others.
        former = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            shares = [replace(replay, share=(number, processes)) for number in range(processes)]
            return asyncio.run(_all([pool.submit(_share, each) for each in shares], sent, progress))
        finally:
            signal.signal(signal.SIGINT, former)


def _begin(sent: Any) -> None:
    global _sent  # noqa: PLW0603 - it is given to a process once, when it begins.
    _sent = sent


def _share(replay: Replay) -> Outcome:
    first = 2 * replay.share[0]

    def tell(done: int, late_s: float) -> None:
        _sent[first : first + 2] = (done, late_s)

    return uvloop.run(_performed(replay, tell))


async def _performed(replay: Replay, progress: Tell) -> Outcome:
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ending.set)
    return await replay.run(progress, ending)


async def _all(futures: list[Any], sent: Any, progress: Tell) -> list[Outcome]:
    wrapped = [asyncio.wrap_future(each) for each in futures]
    while (await asyncio.wait(wrapped, timeout=LOOK_S))[1]:
        progress(int(sum(sent[::2])), max(sent[1::2]))
    return [each.result() for each in wrapped]
