"""The watchdog: ends a process that has stopped working, because only a restart helps then.

It runs in a thread of its own and counts only time in which the process ran: a worker that was
suspended and woken is not stuck, it is fenced.

1. The event loop must tick.
2. While a source partition has a backlog, something must get done: a commit, or a read of a
   changelog. A rebalance that never ends shows as a backlog without progress too.
"""

from __future__ import annotations

import asyncio
import io
import logging
import os
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rater.shell.process.exit_code import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

INTERVAL_S = 1.0
LOOP_LIMIT_S = 30.0
PROGRESS_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How long nothing may happen, and how often the watchdog looks."""

    loop_s: float = LOOP_LIMIT_S
    progress_s: float = PROGRESS_LIMIT_S
    interval_s: float = INTERVAL_S


DEFAULT_LIMITS = Limits()


def exit_stuck() -> None:
    """End the process at once: a stuck loop runs no clean-up."""
    logging.shutdown()
    os._exit(ExitCode.STUCK)


class Watchdog(threading.Thread):
    """A thread that watches one event loop and the work done in it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        progress: Callable[[], int],
        backlog: Callable[[], int],
        limits: Limits = DEFAULT_LIMITS,
        end: Callable[[], None] = exit_stuck,
    ) -> None:
        """Watch `loop`; `progress` is any number that changes with work, `backlog` what is left.

        Both are called in the watchdog's thread; an error in them counts as no backlog.
        """
        super().__init__(name="watchdog", daemon=True)
        self._loop = loop
        self._progress = progress
        self._backlog = backlog
        self._limits = limits
        self._end = end
        self._ticks = 0
        self._idle = threading.Event()

    def run(self) -> None:
        """Look every interval until stopped or until something is stuck."""
        limits = self._limits
        silent_s = stalled_s = 0.0
        ticks, mark = self._ticks, self._progress()
        self._ask_tick()
        before = time.monotonic()
        while not self._idle.wait(limits.interval_s):
            now = time.monotonic()
            # A suspended process must not count the time it slept.
            ran_s, before = min(now - before, 2 * limits.interval_s), now
            silent_s = 0.0 if self._ticks != ticks else silent_s + ran_s
            ticks = self._ticks
            stalled_s = 0.0 if self._works(mark) else stalled_s + ran_s
            mark = self._progress()
            if silent_s >= limits.loop_s:
                self._report(f"the event loop has not run for {silent_s:.0f} s")
                return
            if stalled_s >= limits.progress_s:
                self._report(f"no progress for {stalled_s:.0f} s, {self._backlog()} offsets behind")
                return
            if silent_s == 0.0:
                self._ask_tick()

    def stop(self) -> None:
        """Watch no longer."""
        self._idle.set()

    def _ask_tick(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._tick)
        except RuntimeError:
            # The loop is closed: there is nothing left to watch.
            self._idle.set()

    def _tick(self) -> None:
        self._ticks += 1

    def _works(self, mark: int) -> bool:
        if self._progress() != mark:
            return True
        try:
            return self._backlog() == 0
        except Exception:
            log.debug("backlog is unknown", exc_info=True)
            return True

    def _report(self, why: str) -> None:
        log.critical(
            "watchdog: %(reason)s; ending the process\n%(stacks)s",
            {"reason": why, "stacks": self._stacks()},
        )
        self._end()

    def _stacks(self) -> str:
        out = io.StringIO()
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        for ident, frame in sys._current_frames().items():  # noqa: SLF001
            out.write(f"thread {names.get(ident, ident)}:\n")
            out.write("".join(traceback.format_stack(frame)))
        for task in asyncio.all_tasks(self._loop):
            task.print_stack(limit=8, file=out)
        return out.getvalue()
