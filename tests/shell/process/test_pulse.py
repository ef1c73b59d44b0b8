"""The pulse: a broker that is gone is waited for, one that refuses us ends the service."""

import asyncio
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from rater.kafka.broker import Broker
from rater.kafka.refusal import LoginRefusedError, UnreachableError
from rater.shell.process import pulse as pulses
from rater.shell.process.health import Health
from rater.shell.process.metrics import Metrics


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulses, "EVERY_S", 0.01)
    monkeypatch.setattr(pulses, "REFUSED_S", 0.1)


def asked(monkeypatch: pytest.MonkeyPatch, *errors: Exception) -> list[Exception]:
    """Let the broker answer with one error after the other, the last one over and over; return those it gave."""
    given: list[Exception] = []

    async def ask(*_: Any) -> None:
        given.append(errors[min(len(given), len(errors) - 1)])
        raise given[-1]

    monkeypatch.setattr(pulses, "_ask_while_it_answers", ask)
    return given


def health() -> Health:
    return Health(Metrics(rooms=()), parts=())


async def test_a_broker_that_is_gone_is_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    given = asked(
        monkeypatch, UnreachableError("gone"), KafkaConnectionError("gone"), TimeoutError()
    )
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await pulses.ask_forever(Broker("a:1"), health())

    assert len(given) > 5


async def test_one_that_refuses_for_long_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given = asked(monkeypatch, LoginRefusedError("who are you"))
    with pytest.raises(LoginRefusedError):
        async with asyncio.timeout(5):
            await pulses.ask_forever(Broker("a:1"), health())

    assert len(given) > 2


async def test_work_beside_the_pulse_ends_with_the_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    asked(monkeypatch, LoginRefusedError("who are you"))
    ended: list[str] = []
    with pytest.raises(LoginRefusedError):  # noqa: PT012
        async with asyncio.timeout(5), pulses.pulse(Broker("a:1"), health(), lambda: None):
            try:
                await asyncio.sleep(60)
            finally:
                ended.append("in order")

    assert ended == ["in order"]
    assert not asyncio.current_task().cancelling()  # type: ignore[union-attr]


async def test_who_cancels_the_work_is_not_taken_for_the_pulse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked(monkeypatch, UnreachableError("gone"))

    async def work() -> None:
        async with pulses.pulse(Broker("a:1"), health(), lambda: None):
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
