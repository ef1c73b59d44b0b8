"""The circle on a real Kafka: tenants cross at once, every service is killed again and again, waits included.

The truth is not ours: it is the provider's book of captures (SQLite) and the mail server's mailbox. What the topics say
is held against them (`loadtest/circle/truth.py`).
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING

import pytest

from loadtest import stage
from loadtest.accounts import encode
from loadtest.circle.cast import ROUGH, Cast
from loadtest.circle.quiet import until_quiet
from loadtest.circle.services import NAMES, Circle, circle
from loadtest.drive import by_topic, publish_commands
from loadtest.plan import Plan
from loadtest.rater_command import now_ms
from tests.e2e.charging_stage import reconciled
from tests.e2e.circle_stage import QUIET_S, Played, judge, send, settled
from tests.e2e.logins import session
from topics import catalog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from deploy.kafka.broker import Broker

pytestmark = pytest.mark.kafka

LEAPS_S = (3_900, 12_600, 27_000, 45_000)
"""How far the clock is set forward, one after the other: past the retries after 1, 3 and 7 hours, and the silences."""


async def perform(  # noqa: PLR0917
    bootstrap: str,
    folder: Path,
    tenants: int,
    rounds: int,
    seed: int,
    leaps: Sequence[int] = LEAPS_S,
) -> Played:
    """Let all tenants cross while every service is killed `rounds` times, then let the hours pass."""
    chance = random.Random(seed)
    stage.create_topics(bootstrap)
    stage.load_deck(bootstrap, Plan(start_ms=now_ms(), tenants=1, cdrs=0))
    cast = Cast(tenants, now_ms(), ROUGH)
    kills = dict.fromkeys(NAMES, 0)
    with circle(bootstrap, folder, session_timeout_s=float(session(3.0)[1])) as played:
        await publish_commands(
            bootstrap,
            by_topic(cast.commands()),
            lambda _: until_quiet(bootstrap, timeout_s=QUIET_S, alive=played.check),
        )
        await send(bootstrap, catalog.CDR_RAW.name, list(cast.calls()))
        for number in range(rounds):
            for name in chance.sample(NAMES, len(NAMES)):
                await asyncio.sleep(chance.uniform(0.0, 0.7))
                played.restart(name)
                kills[name] += 1
            await _drain(bootstrap, cast, number)
            await asyncio.sleep(chance.uniform(4.0, 9.0))
        await until_quiet(bootstrap, timeout_s=QUIET_S, alive=played.check)
        for ahead_s in leaps:
            await _leap(played, ahead_s, kills)
        evidence = await settled(played)
    return Played(kills, evidence)


async def _leap(played: Circle, ahead_s: int, kills: dict[str, int]) -> None:
    """Kill everything, and wake up hours later."""
    played.set_clock(ahead_s)
    for name in NAMES:
        played.restart(name)
        kills[name] += 1
    # The timers look every second, once the groups have come together again.
    await asyncio.sleep(8.0)
    await until_quiet(played.bootstrap, timeout_s=QUIET_S, alive=played.check)


async def _drain(bootstrap: str, cast: Cast, number: int) -> None:
    """Take from a third of the tenants what they were given: they cross again."""
    orders = []
    for record, name in zip(cast.calls(), cast.names(), strict=True):
        partition, key, _ = record
        if int(name[-4:]) % 3 == number % 3:
            order: dict[str, object] = {
                "type": "adjust",
                "command_id": f"{name}-drain-{number}",
                "tenant_id": name,
                "amount_micros": -150_000_000,
                "currency": "USD",
                "reason": "spent elsewhere",
            }
            orders.append((partition, key, encode(order)))
    await send(bootstrap, catalog.ACCOUNT_COMMANDS.name, orders)


async def test_every_service_is_killed_and_what_was_captured_is_credited_once(
    private_broker: Broker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    played = await perform(
        private_broker.bootstrap, tmp_path, tenants=68, rounds=1, seed=1, leaps=LEAPS_S[::3]
    )

    judge(played, capsys)
    assert [] == await reconciled(private_broker.bootstrap)


@pytest.mark.slow
@pytest.mark.timeout(1_500)
async def test_a_thousand_tenants_cross_while_every_service_is_killed_ten_times(
    private_broker: Broker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    played = await perform(private_broker.bootstrap, tmp_path, tenants=1_003, rounds=10, seed=2)

    judge(played, capsys)
    assert all(times >= 10 for times in played.kills.values())
    assert [] == await reconciled(private_broker.bootstrap)
    assert time.monotonic() > began
