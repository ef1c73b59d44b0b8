"""Answers that were lost with a connection: no traceback beside our one line; anything else is logged."""

import asyncio
import gc
import ssl
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from rater.kafka.lost_answers import without_lost_answers


async def thrown_away(error: Exception) -> None:
    """Throw away an answer that came to an error."""
    asyncio.get_running_loop().create_future().set_exception(error)
    gc.collect()


async def failed_unseen(error: Exception) -> None:
    """Throw away a task that failed."""

    async def fail() -> None:
        raise error

    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    del task
    gc.collect()


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Gather what an event loop would log; its logger may be off by what other tests have set."""
    said: list[str] = []

    def note(_loop: object, context: dict[str, Any]) -> None:
        said.append(context["message"])

    monkeypatch.setattr(asyncio.BaseEventLoop, "default_exception_handler", note)
    return said


@pytest.mark.parametrize(
    "error", [ssl.SSLError(1, "alert"), ConnectionResetError(), KafkaConnectionError()]
)
def test_an_answer_that_was_lost_with_its_connection_is_not_logged(
    error: Exception, logged: list[str]
) -> None:
    asyncio.run(without_lost_answers(thrown_away(error)))

    assert logged == []


def test_an_error_of_another_kind_is_logged(logged: list[str]) -> None:
    asyncio.run(without_lost_answers(thrown_away(ValueError("odd"))))

    assert logged == ["Future exception was never retrieved"]


def test_a_task_that_failed_unseen_is_logged(logged: list[str]) -> None:
    asyncio.run(without_lost_answers(failed_unseen(ConnectionResetError())))

    assert logged == ["Task exception was never retrieved"]
