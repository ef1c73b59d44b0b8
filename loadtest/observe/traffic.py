"""Traffic: calls without an end, tenants that run low again and again, and questions whether calls may start."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final

import aiohttp

from loadtest import clients, stage
from loadtest.breakages import BREAKAGES
from loadtest.circle.cast import DEMO, NUMBER, Cast
from loadtest.drive import by_topic, publish, publish_commands
from loadtest.generate import Workload
from loadtest.observe.ports import HOST
from loadtest.plan import Plan
from loadtest.rater_command import now_ms
from loadtest.watch import LateError, watching
from topics.catalog import CDR_RAW
from topics.roles import CALL_PLATFORM

TENANTS: Final = 60
_SIZED_FOR: Final = 100_000
"""Lots of the tenants are sized for so many calls: some run dry, most do not."""
_PIECE_S: Final = 2.0
_BEAT_S: Final = 0.25
CAST_EVERY_S: Final = 30.0
_QUESTIONS_PER_S: Final = 5.0
_NOBODY: Final = 10
"""So many questions, to one about each tenant, are about one that is not there."""
_ASK_TIMEOUT: Final = aiohttp.ClientTimeout(total=2.0)


def plan() -> Plan:
    """Return traffic of which so little goes wrong that no objective is missed."""
    return Plan(
        start_ms=now_ms(), tenants=TENANTS, cdrs=_SIZED_FOR, plans="drawn", holders=10,
        conflicts_pct=0.005, unknown_prefix_pct=0.01, denied_pct=0.01, unknown_tenant_pct=0.005,
        misrouted_pct=0.005, broken=tuple((reason, 0.001) for reason in BREAKAGES),
    )  # fmt: skip


async def calls(bootstrap: str, workload: Workload, per_s: int) -> None:
    """Publish so many CDRs a second until cancelled."""
    producer = clients.producer(bootstrap, CALL_PLATFORM, linger_ms=5)
    await producer.start()
    first, number = workload.plan, 0
    try:
        due_s = time.monotonic()
        while True:
            number += 1
            workload.plan = replace(
                first, seed=first.seed + number, start_ms=now_ms(), cdrs=int(per_s * _PIECE_S)
            )
            records = list(workload.cdrs())
            beats = int(_PIECE_S / _BEAT_S)
            for beat in range(beats):
                for partition, key, value in records[beat::beats]:
                    await producer.send(CDR_RAW.name, value, key, partition)
                due_s += _BEAT_S
                await asyncio.sleep(max(0.0, due_s - time.monotonic()))
    finally:
        await producer.stop()


async def casts(bootstrap: str, taken_by_now: Callable[[], bool]) -> None:
    """Open tenants whose one call takes them below their trigger, again and again, until cancelled.

    Each method of the demo is among them: captured, declined, refunded, disputed. None are opened while nobody charges.
    """
    number = 0
    async with watching(bootstrap) as watch:
        while True:
            if taken_by_now():
                number += 1
                cast = Cast(len(DEMO), now_ms(), prefix=f"observe-{number}")
                try:
                    await publish_commands(
                        bootstrap, by_topic(cast.commands()), stage.taking(watch, lambda: None)
                    )
                except LateError:
                    continue
                made = list(cast.calls())
                await publish(bootstrap, CDR_RAW.name, made, len(made))
            await asyncio.sleep(CAST_EVERY_S)


async def questions(port: int) -> None:
    """Ask the gatekeeper whether calls may start, until cancelled; some about a tenant that is not there."""
    random = Random(3)
    tenants = [f"tenant-{number:04}" for number in range(1, TENANTS + 1)] + ["nobody"] * _NOBODY
    address = f"http://{HOST}:{port}/v1/authorise"
    async with aiohttp.ClientSession(timeout=_ASK_TIMEOUT) as session:
        while True:
            asked = {
                "tenant_id": random.choice(tenants),
                "to": NUMBER,
                "from": "+15005550001",
                "call_type": "user_out",
            }
            try:
                async with session.get(address, params=asked) as answer:
                    await answer.read()
            except (aiohttp.ClientError, TimeoutError):
                pass  # It starts, or ends; its metrics say so.
            await asyncio.sleep(1 / _QUESTIONS_PER_S)
