"""What the consumer knows of times: the oldest record that is not committed, and for how long nothing was read."""

import asyncio
from collections import deque
from types import SimpleNamespace
from typing import Any, cast

import pytest
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from rater.shell.stream.consumer import BatchConsumer
from rater.shell.stream.consumer_thread import BatchConsumerThread

CDRS = TP("cdrs", 0)


class Bare(BatchConsumer):
    """A consumer of which nothing but these times is made."""

    def __init__(self) -> None:
        self.flow_epoch = 0
        self.on_serving = None
        self._committed = {}
        self._stopped_at = None
        self._thread = cast("Any", SimpleNamespace(fetched_ms={}, wake=lambda: None))

    def fetched(self, *chunks: tuple[int, int]) -> None:
        self._thread.fetched_ms[CDRS] = deque(chunks)


def test_the_oldest_is_the_first_of_what_is_not_committed() -> None:
    consumer = Bare()
    none = consumer.oldest_ms(CDRS)
    consumer.fetched((10, 1_000), (20, 2_000))
    seen = [consumer.oldest_ms(CDRS)]
    for committed in (7, 10, 20):
        consumer.note_committed(CDRS, committed)
        seen.append(consumer.oldest_ms(CDRS))

    assert none is None
    assert seen == [1_000, 1_000, 2_000, None]


def test_a_commit_over_several_fetches_is_past_all_of_them() -> None:
    consumer = Bare()
    consumer.fetched((10, 1_000), (20, 2_000), (30, 3_000))
    consumer.note_committed(CDRS, 25)

    assert consumer.oldest_ms(CDRS) == 3_000


def test_a_standstill_lasts_from_the_first_stop_until_all_is_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, told = [100.0], list[float]()
    monkeypatch.setattr(driver.Consumer, "stop_flow", lambda _: None)
    clock = SimpleNamespace(monotonic=lambda: now[0])
    monkeypatch.setattr("rater.shell.stream.consumer.time", clock)
    consumer = Bare()
    consumer.on_serving = told.append
    for seconds in (0.0, 2.0, 3.0):
        now[0] += seconds
        consumer.stop_flow()
    now[0] += 1.0
    consumer.serving()
    consumer.serving()
    consumer.stop_flow()
    now[0] += 0.5
    consumer.serving()

    assert told == [6.0, 0.5]


async def test_how_late_a_loop_is_is_told_when_it_comes_to_it() -> None:
    told: list[float] = []
    thread = cast("Any", SimpleNamespace(thread_loop=asyncio.get_running_loop()))
    BatchConsumerThread.ask_how_late(thread, told.append)
    before = list(told)
    await asyncio.sleep(0.01)

    assert before == []
    assert len(told) == 1
    assert 0 <= told[0] < 1


def test_a_loop_that_is_closed_is_not_asked() -> None:
    loop = asyncio.new_event_loop()
    loop.close()

    BatchConsumerThread.ask_how_late(cast("Any", SimpleNamespace(thread_loop=loop)), print)
