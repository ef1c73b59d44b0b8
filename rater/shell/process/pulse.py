"""Pulse: does the broker still answer? Asked every two seconds, by a client that has nothing else to do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from time import monotonic

from aiokafka.errors import KafkaError

from rater.kafka.broker import Broker
from rater.kafka.refusal import RefusedError
from rater.shell.process.health import Health

EVERY_S = 2.0
ANSWER_S = 3.0
START_S = 10.0
"""Long enough to find out why a broker that takes connections does not let us in."""
STOP_S = 2.0
TICK_S = 1.0
REFUSED_S = 10.0
"""How long we may be refused: users and certificates are exchanged on brokers one after the other."""


@asynccontextmanager
async def pulse(
    broker: Broker, health: Health, forget: Callable[[], object]
) -> AsyncIterator[None]:
    """Ask, and tick, for as long as the context lasts; `forget` what the broker said last while it is silent.

    Raises RefusedError inside when the broker refuses us for so long that to wait does not help.
    """
    tasks = (
        asyncio.create_task(ask_forever(broker, health), name="pulse"),
        asyncio.create_task(_tick_forever(health, forget), name="tick"),
    )
    work = asyncio.current_task()
    assert work is not None, "a context of a task"
    tasks[0].add_done_callback(lambda asking: _refusal(asking) and work.cancel())
    try:
        yield
    except asyncio.CancelledError:
        if (refused := _refusal(tasks[0])) is None:
            raise
        work.uncancel()
        raise refused from None
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _refusal(asking: asyncio.Task[None]) -> BaseException | None:
    return asking.exception() if asking.done() and not asking.cancelled() else None


async def _tick_forever(health: Health, forget: Callable[[], object]) -> None:
    late_s = 0.0
    while True:
        health.tick(late_s)
        if health.broker_silent_s():
            forget()
        began = monotonic()
        await asyncio.sleep(TICK_S)
        late_s = monotonic() - began - TICK_S


async def ask_forever(broker: Broker, health: Health) -> None:
    """Ask until cancelled, and tell `health` of every answer.

    A broker that is gone is waited for. One that is there and refuses us (TLS, login) for REFUSED_S raises
    RefusedError: aiokafka would try again for ever, and log the reason alone.
    """
    refused_since: float | None = None
    while True:
        try:
            await _ask_while_it_answers(broker, health)
        except RefusedError:
            now = monotonic()
            refused_since = now if refused_since is None else refused_since
            if now - refused_since >= REFUSED_S:
                raise
        except (KafkaError, OSError, TimeoutError):
            refused_since = None
        await asyncio.sleep(EVERY_S)


async def _ask_while_it_answers(broker: Broker, health: Health) -> None:
    """Ask again and again with one client; end when there is no answer: the next client looks the broker up anew."""
    client = broker.consumer(group_id=None, request_timeout_ms=2_000)
    try:
        async with asyncio.timeout(START_S):
            await client.start()
        while True:
            async with asyncio.timeout(ANSWER_S):
                await client.topics()
            health.broker_answered()
            await asyncio.sleep(EVERY_S)
    finally:
        with suppress(Exception):
            async with asyncio.timeout(STOP_S):
                await client.stop()
