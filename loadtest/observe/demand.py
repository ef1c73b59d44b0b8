"""Demand: calls without an end, tenants that run low again and again, and questions whether calls may start."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from random import Random
from typing import Final

import aiohttp

from loadtest import stage, traffic
from loadtest.accounts import Record, encode, head
from loadtest.breakages import BREAKAGES
from loadtest.circle.cast import DEMO, NUMBER, Cast
from loadtest.drive import by_topic, publish, publish_commands
from loadtest.generate import Workload
from loadtest.observe import hooks
from loadtest.observe.ports import HOST
from loadtest.plan import Plan
from loadtest.rater_command import now_ms
from loadtest.watch import LateError, watching
from topics.catalog import CDR_RAW

TENANTS: Final = 60
_SIZED_FOR: Final = 100_000
"""Lots of the tenants are sized for so many calls: some run dry, most do not."""
CAST_EVERY_S: Final = 30.0
TROUBLED_EVERY: Final = 4
"""Of so many casts one has webhooks that fail: no more, or the objective of notifications would be missed."""
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


def recipients(workload: Workload, webhook: str) -> Iterator[Record]:
    """Yield commands by which every tenant that calls has somebody to be told, every other one a webhook, too."""
    for number, each in enumerate(workload.population.tenants):
        to = {"emails": [f"billing@{each.tenant_id}.example"], "language": "en"}
        command = head(each, "set_recipients", "recipients") | to
        yield (
            each.partition,
            each.key,
            encode(command | ({"webhook": webhook} if number % 2 else {})),
        )


async def calls(bootstrap: str, workload: Workload, per_s: int) -> None:
    """Publish so many CDRs a second until cancelled."""
    await traffic.play(bootstrap, traffic.calls(workload, per_s), per_s, asyncio.Event())


async def casts(bootstrap: str, page: str, taken_by_now: Callable[[], bool]) -> None:
    """Open tenants whose one call takes them below their trigger, again and again, until cancelled.

    Each method of the demo is among them: captured, declined, refunded, disputed. All are told by e-mail and by
    webhook, and webhooks of some fail. Where they do, one tenant more calls before it is opened: the recycler has that
    call charged. None are opened while nobody charges.
    """
    number = 0
    async with watching(bootstrap) as watch:
        while True:
            if taken_by_now():
                number += 1
                is_troubled = number % TROUBLED_EVERY == 1
                ways = hooks.TROUBLED if is_troubled else hooks.WELL
                webhooks = tuple(hooks.address(page, way) for way in ways)
                cast = Cast(len(DEMO), now_ms(), prefix=f"observe-{number}", webhooks=webhooks)
                early = Cast(int(is_troubled), now_ms(), prefix=f"early-{number}")
                await _publish(bootstrap, early.calls(seconds=60))
                opening = by_topic([*cast.commands(), *early.commands()])
                try:
                    await publish_commands(bootstrap, opening, stage.taking(watch, lambda: None))
                except LateError:
                    continue
                await _publish(bootstrap, cast.calls())
            await asyncio.sleep(CAST_EVERY_S)


async def _publish(bootstrap: str, calls: Iterable[Record]) -> None:
    made = list(calls)
    await publish(bootstrap, CDR_RAW.name, made, len(made))


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
