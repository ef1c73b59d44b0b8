"""Maintenance stops on real Kafka: what is held is not done, whoever is killed, and then all of it is done, once."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from loadtest.rater_command import run
from tests.e2e.charging_stage import reconciled
from tests.e2e.recharge_stage import (
    LEDGER,
    NOTICES,
    ORDERS,
    PAYMENTS,
    REQUESTS,
    RESULTS,
    Stage,
    Tap,
    now_ms,
    staged,
    tapped,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]
UNIT = 1_000_000


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("maintenance")) as made:
        yield made


@pytest.fixture
async def tap(stage: Stage) -> AsyncIterator[Tap]:
    async with tapped(stage) as opened:
        yield opened


class Tenant:
    """A tenant, and what its billing and its administrator write."""

    def __init__(self, tap: Tap, name: str) -> None:
        self.tap = tap
        self.name = name
        self.told = 0

    async def say(self, kind: str, topic: str = ORDERS, **fields: Any) -> None:
        self.told += 1
        head = {"type": kind, "command_id": f"{self.name}-{self.told}", "tenant_id": self.name}
        await self.tap.tell(topic, head | fields, now_ms())

    async def open(self, micros: int) -> None:
        """Open an account that is recharged by 50 when below 100."""
        await self.say("open_account", currency="USD", decks=["acs"])
        bought = {"lot_id": "L1", "currency": "USD", "purchased_at": "2026-01-01T00:00:00Z"}
        await self.say("add_funds", amount_micros=micros, **bought)
        await self.say("set_payment_methods", REQUESTS, methods=[{"reference": "pm_1"}])
        terms: dict[str, Any] = {
            "enabled": True,
            "trigger_micros": 100 * UNIT,
            "amount_micros": 50 * UNIT,
        }
        await self.say("set_auto_recharge", REQUESTS, **terms)
        await self.tap.settled()

    async def spend(self, units: int) -> None:
        taken: dict[str, Any] = {
            "amount_micros": -units * UNIT,
            "currency": "USD",
            "reason": "spent",
        }
        await self.say("adjust", **taken)
        await self.tap.settled()

    def payments(self) -> list[dict[str, Any]]:
        return self.tap.read(PAYMENTS, [self.name])

    async def paid(self, command: dict[str, Any]) -> None:
        terms = {name: command[name] for name in ("command_id", "amount_micros", "currency")}
        result = {
            "outcome": "succeeded",
            "tenant_id": self.name,
            "at_ms": now_ms(),
            "provider": "played",
            "mode": "test",
            "payment_id": f"pay/{command['command_id']}",
            "livemode": False,
        }
        await self.tap.tell(RESULTS, result | terms, now_ms())
        await self.tap.settled()


async def settings(stage: Stage, *words: str) -> str:
    """Publish what is held, in force at once, and wait until both workers know it."""
    command = ("config", *words, "--now", "--broker", stage.bootstrap)
    said = (await asyncio.to_thread(run, *command)).text
    version = said.split()[1]
    for worker in (stage.charging, stage.recharge):
        await asyncio.to_thread(_wait_for_line, worker.log, f"charging settings version {version},")
    return said


def _wait_for_line(log: Path, text: str) -> None:
    deadline = time.monotonic() + 20
    while text not in log.read_text():
        assert time.monotonic() < deadline, text
        time.sleep(0.05)


async def test_payments_are_held_through_a_kill_and_asked_for_once_when_the_stop_ends(
    stage: Stage, tap: Tap
) -> None:
    acme, beta = Tenant(tap, "acme"), Tenant(tap, "beta")
    await asyncio.gather(acme.open(101 * UNIT), beta.open(101 * UNIT))
    await beta.spend(10)
    assert len(beta.payments()) == 1

    said = await settings(stage, "hold", "payments")
    assert "payments are held of all tenants" in said
    await acme.spend(30)
    stage.recharge.kill()
    stage.start_recharge()
    await acme.spend(30)
    await beta.paid(beta.payments()[0])
    await beta.spend(60)

    assert (len(acme.payments()), len(beta.payments())) == (0, 1)
    assert [each["kind"] for each in tap.read(NOTICES)] == ["funds_added"]
    assert [e["kind"] for e in tap.read(LEDGER, ["beta"])][-2:] == ["funds_added", "adjusted"]

    await settings(stage, "release", "payments")
    await tap.until(lambda: acme.payments() and len(beta.payments()) == 2, "asked for")
    await tap.settled()
    assert (len(acme.payments()), len(beta.payments())) == (1, 2)
    await asyncio.gather(acme.paid(acme.payments()[0]), beta.paid(beta.payments()[1]))

    assert await reconciled(stage.bootstrap) == []
