"""Sending in a transaction, record by record: what fails it is told, whichever record meets it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from rater.shell.stream.faust_private import end_of_transaction

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator, Sequence

    from aiokafka import AIOKafkaProducer


@contextlib.contextmanager
def told_why(producer: AIOKafkaProducer, sent: Sequence[asyncio.Future[Any]]) -> Iterator[None]:
    """Send within this, in an open transaction; `sent` is what has been sent by then, growing.

    When a record fails the transaction, aiokafka takes no other and only asserts so: raised is what failed it. Records
    that were sent before are looked at, or Python would complain of exceptions that nobody has seen.
    """
    end = end_of_transaction(producer)
    end.add_done_callback(_look_at)
    try:
        yield
    except BaseException as error:
        for each in sent:
            each.add_done_callback(_look_at)
        cause = end.exception() if end.done() and not end.cancelled() else None
        if cause is not None and isinstance(error, AssertionError):
            raise cause from error
        raise


def _look_at(future: asyncio.Future[Any]) -> None:
    if not future.cancelled():
        future.exception()
