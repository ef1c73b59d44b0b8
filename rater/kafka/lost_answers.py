"""Lost answers: what a client still waited for when its connection broke, and nobody asks about any more.

asyncio logs each with its traceback when it is thrown away, beside the one line in which we say what became of the
broker. A task that failed unseen is another matter, and still logged; so is any error that is none of a connection.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from aiokafka.errors import KafkaError

Result = TypeVar("Result")

_NOBODY_ASKED = "Future exception was never retrieved"


async def without_lost_answers(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine whose event loop logs no answer that was lost with its connection."""
    asyncio.get_running_loop().set_exception_handler(_handle)
    return await work


def _handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    is_lost = context.get("message") == _NOBODY_ASKED
    if not (is_lost and isinstance(context.get("exception"), OSError | KafkaError)):
        loop.default_exception_handler(context)
