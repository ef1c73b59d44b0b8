"""Sending in a transaction: whichever record meets the failure, its cause is told."""

from __future__ import annotations

import asyncio
import gc
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from rater.shell.stream.sending import told_why


def producer(end: asyncio.Future[None]) -> Any:
    """Return what is asked of a producer: the end of its transaction."""
    return SimpleNamespace(_txn_manager=SimpleNamespace(wait_for_transaction_end=lambda: end))


async def test_of_a_transaction_that_has_failed_the_cause_is_told_not_the_assertion() -> None:
    end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    end.set_exception(TopicAuthorizationFailedError("rate.decks.v1"))

    with (
        pytest.raises(TopicAuthorizationFailedError, match=r"rate\.decks\.v1"),
        told_why(producer(end), []),
    ):
        raise AssertionError


async def test_an_assertion_of_a_transaction_that_goes_on_stays_one() -> None:
    end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    with pytest.raises(AssertionError, match="ours"), told_why(producer(end), []):
        raise AssertionError("ours")


async def test_no_record_that_failed_is_complained_of_as_overlooked() -> None:
    loop = asyncio.get_running_loop()
    complaints: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    end: asyncio.Future[None] = loop.create_future()
    sent: list[asyncio.Future[Any]] = [loop.create_future(), loop.create_future()]

    with pytest.raises(KafkaError), told_why(producer(end), sent):
        raise KafkaError
    for each in (end, *sent):
        each.set_exception(KafkaError())
    del each, end, sent
    await asyncio.sleep(0)
    gc.collect()

    assert complaints == []
