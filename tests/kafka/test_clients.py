"""Clients: a consumer stops whole, whatever its fetches are waiting for."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from rater.kafka.broker import Broker


class Fetcher:
    """What aiokafka's does at its end: it awaits each fetch that it has cancelled."""

    def __init__(self) -> None:
        self._pending_tasks = {asyncio.create_task(asyncio.sleep(60)) for _ in range(3)}

    async def close(self) -> None:
        for each in self._pending_tasks:
            each.cancel()
            await each


class Stopping:
    """A consumer that has two fetches which failed and wait to be tried again."""

    def __init__(self) -> None:
        self.consumer: Any = Broker("127.0.0.1:1").consumer()
        self.fetcher = self.consumer._fetcher = Fetcher()
        self.closed = False
        self.consumer._coordinator = None
        self.consumer._client = SimpleNamespace(close=self._close)

    async def _close(self) -> None:
        self.closed = True

    def is_over(self) -> bool:
        return self.closed and all(each.done() for each in self.fetcher._pending_tasks)


async def test_a_fetch_that_waits_to_be_tried_again_is_no_obstacle_to_a_stop() -> None:
    stopping = Stopping()

    await stopping.consumer.stop()

    assert stopping.is_over()


async def test_a_stop_that_is_cancelled_itself_closes_and_says_so() -> None:
    stopping = Stopping()
    task = asyncio.create_task(stopping.consumer.stop())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert stopping.is_over()
