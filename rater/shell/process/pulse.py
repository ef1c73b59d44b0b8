"""Pulse: does the broker still answer? Asked every two seconds, by a client that has nothing else to do."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from aiokafka.errors import KafkaError

from rater.kafka.broker import Broker
from rater.shell.process.health import Health

EVERY_S = 2.0
ANSWER_S = 3.0
STOP_S = 2.0
TICK_S = 1.0


@asynccontextmanager
async def pulse(
    broker: Broker, health: Health, forget: Callable[[], object]
) -> AsyncIterator[None]:
    """Ask, and tick, for as long as the context lasts; `forget` what the broker said last while it is silent."""
    tasks = (
        asyncio.create_task(ask_forever(broker, health), name="pulse"),
        asyncio.create_task(_tick_forever(health, forget), name="tick"),
    )
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tick_forever(health: Health, forget: Callable[[], object]) -> None:
    while True:
        health.tick()
        if health.broker_silent_s():
            forget()
        await asyncio.sleep(TICK_S)


async def ask_forever(broker: Broker, health: Health) -> None:
    """Ask until cancelled, and tell `health` of every answer."""
    while True:
        with suppress(KafkaError, OSError, TimeoutError):
            await _ask_while_it_answers(broker, health)
        await asyncio.sleep(EVERY_S)


async def _ask_while_it_answers(broker: Broker, health: Health) -> None:
    """Ask again and again with one client; end when there is no answer: the next client looks the broker up anew."""
    client = broker.consumer(group_id=None, request_timeout_ms=2_000)
    try:
        async with asyncio.timeout(ANSWER_S):
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
