"""View: how old it is; what it reads is in the tests on a real Kafka."""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError

from rater.kafka.broker import Broker
from rater.shell.gatekeeper.metrics import GatekeeperMetrics
from rater.shell.gatekeeper.view import View
from rater.shell.process.metrics import Metrics
from tests.plan_build import SMALL, catalog
from topics.catalog import ACCOUNT_STATUS

PART = TopicPartition(ACCOUNT_STATUS.name, 0)


class Ends:
    """A consumer that knows where a partition ends, or no broker."""

    def __init__(self, *said: int | None) -> None:
        self.said = list(said)

    async def end_offsets(self, _: Any) -> dict[TopicPartition, int]:
        end = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if end is None:
            raise KafkaTimeoutError
        return {PART: end}


@pytest.fixture
async def view(monkeypatch: pytest.MonkeyPatch) -> View:
    monkeypatch.setattr("rater.shell.gatekeeper.view.ASK_EVERY_S", 0.01)
    monkeypatch.setattr("rater.shell.gatekeeper.view.LOOK_EVERY_S", 0.001)
    return View(Broker("localhost:1"), GatekeeperMetrics(Metrics(rooms=())))


async def asking(view: View, ends: Ends, until: Callable[[], bool]) -> None:
    """Let the view ask for the ends until something holds."""
    task = asyncio.create_task(view._ask_forever(ends))
    try:
        async with asyncio.timeout(5):
            while not until():  # noqa: ASYNC110
                await asyncio.sleep(0.005)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()


async def test_a_view_is_never_whole_before_all_is_read(view: View) -> None:
    view._read = {PART: 4}
    began = monotonic()
    await asking(view, Ends(5), lambda: monotonic() - began > 0.1)
    assert view.age_ms() is None

    view._read = {PART: 5}
    await asking(view, Ends(5), lambda: view.age_ms() is not None)


async def test_a_view_is_as_old_as_the_question_up_to_whose_answer_all_is_read(view: View) -> None:
    view._read = {PART: 5}
    await asking(view, Ends(5), lambda: view.age_ms() is not None)
    began = monotonic()
    await asking(view, Ends(6), lambda: monotonic() - began > 0.1)

    assert (view.age_ms() or 0) >= 100


async def test_a_broker_that_is_away_makes_a_view_old_and_ends_nothing(view: View) -> None:
    view._read = {PART: 5}
    ends = Ends(5, None, None, None, 5)
    await asking(view, ends, lambda: len(ends.said) == 1)

    age_ms = view.age_ms()
    assert age_ms is not None
    assert age_ms < 5_000


async def test_the_plan_catalog_in_force_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rater.shell.gatekeeper.view.ASK_EVERY_S", 0.01)
    shared = Metrics(rooms=())
    view = View(Broker("localhost:1"), GatekeeperMetrics(shared))
    view._plans.adopt([catalog(SMALL, version=3)])
    view._read = {PART: 5}
    await asking(view, Ends(5), lambda: view.age_ms() is not None)

    assert shared.registry.get_sample_value("rater_plan_catalog_in_force") == 3
