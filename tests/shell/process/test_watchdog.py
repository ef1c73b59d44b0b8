"""The watchdog ends what is stuck, and nothing else."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

import pytest

from rater.shell.process.watchdog import Limits, Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = Limits(loop_s=0.3, progress_s=0.3, interval_s=0.02)


class Ended:
    """Counts as the end of the process."""

    def __init__(self) -> None:
        self.event = threading.Event()

    def __call__(self) -> None:
        self.event.set()


async def watch(
    progress: Callable[[], int], backlog: Callable[[], int], ended: Ended, seconds: float
) -> None:
    dog = Watchdog(asyncio.get_running_loop(), progress, backlog, LIMITS, ended)
    dog.start()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not ended.event.is_set():  # noqa: ASYNC110
        await asyncio.sleep(0.01)  # The thread sets no asyncio event.
    dog.stop()
    await asyncio.to_thread(dog.join)


async def test_a_backlog_without_progress_ends_the_process(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ended = Ended()

    await watch(lambda: 7, lambda: 12, ended, 5.0)

    assert ended.event.is_set()
    assert "no progress for" in caplog.text
    assert "12 offsets behind" in caplog.text
    assert "test_a_backlog_without_progress_ends_the_process" in caplog.text


async def test_progress_keeps_the_process() -> None:
    ended = Ended()

    await watch(lambda: int(time.monotonic() * 1000), lambda: 12, ended, 0.8)

    assert not ended.event.is_set()


async def test_nothing_to_do_keeps_the_process() -> None:
    ended = Ended()

    await watch(lambda: 7, lambda: 0, ended, 0.8)

    assert not ended.event.is_set()


async def test_an_unknown_backlog_keeps_the_process() -> None:
    ended = Ended()

    def unknown() -> int:
        raise RuntimeError("not connected yet")

    await watch(lambda: 7, unknown, ended, 0.8)

    assert not ended.event.is_set()


async def test_a_held_event_loop_ends_the_process(caplog: pytest.LogCaptureFixture) -> None:
    ended = Ended()
    dog = Watchdog(asyncio.get_running_loop(), lambda: 7, lambda: 0, LIMITS, ended)
    dog.start()
    await asyncio.sleep(0.1)

    ended.event.wait(5.0)

    assert ended.event.is_set()
    assert "the event loop has not run for" in caplog.text
    dog.join()
