"""Maintenance stops on real Kafka: what is held is not done, whoever is killed, and then all of it is done, once."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest

from loadtest.rater_command import run
from loadtest.service import Worker
from rater.core.times import to_text
from tests.e2e.charging_stage import reconciled
from tests.e2e.recharge_stage import (
    CALLS,
    LEDGER,
    NOTICES,
    ORDERS,
    PAYMENTS,
    REQUESTS,
    RESULTS,
    SESSION,
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
_HEALTH = re.compile(r"metrics and health on (http://\S+)/")


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
        bought = {"lot_id": "L1", "currency": "USD", "purchased_at": to_text(now_ms())}
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


def calls(tap: Tap, name: str) -> list[str]:
    """Return the ids of a tenant's calls that are on the ledger, in their order."""
    return [each["cdr_id"] for each in tap.read(LEDGER, [name]) if each["kind"] == "charge"]


def call(tenant: str, cdr_id: str) -> dict[str, Any]:
    """Return the CDR of a call of 61 seconds that has just ended."""
    ended = now_ms()
    return {
        "cdr_id": cdr_id,
        "tenant_id": tenant,
        "direction": "out",
        "to": "+33612345678",
        "started_at": to_text(ended - 61_000),
        "ended_at": to_text(ended),
        "billsec": 61,
    }


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
    assert "payments held of all tenants" in said
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


async def test_charging_is_held_through_a_kill_and_everything_is_charged_once_when_it_ends(
    stage: Stage, tap: Tap
) -> None:
    stuck_after_s = 5
    stage.charging.kill()
    options = (*SESSION, "--stuck-after", f"{stuck_after_s}")
    stage.charging = Worker(stage.bootstrap, stage.folder / "holding.log", *options)
    stage.charging.start()
    gamma = Tenant(tap, "gamma")
    await gamma.open(200 * UNIT)
    await tap.tell(CALLS, call("gamma", "before"), now_ms())
    await tap.settled()

    said = await settings(stage, "hold", "charging")
    assert "charging held of all tenants" in said
    ids = [f"held-{number}" for number in range(40)]
    for cdr_id in ids[:20]:
        await tap.tell(CALLS, call("gamma", cdr_id), now_ms())
    await asyncio.to_thread(_wait_for_line, stage.charging.log, "maintenance: charging held")
    stage.charging.kill()
    stage.charging.start()
    for cdr_id in (*ids[20:], ids[3]):
        await tap.tell(CALLS, call("gamma", cdr_id), now_ms())
    bought = {"lot_id": "L2", "currency": "USD", "purchased_at": to_text(now_ms())}
    await gamma.say("add_funds", amount_micros=UNIT, **bought)
    await tap.until(lambda: len(_funds(tap)) == 2, "funds are added while charging is held")
    await asyncio.sleep(stuck_after_s + 3)
    assert calls(tap, "gamma") == ["before"]
    pid, ready = stage.charging.pid, await asyncio.to_thread(_readyz, stage.charging.log)
    assert ready["ready"]
    assert ready["held"].startswith("charging held of all tenants since ")

    await settings(stage, "release", "charging")
    await tap.until(lambda: len(calls(tap, "gamma")) > len(ids), "charged")
    await tap.settled()
    assert calls(tap, "gamma") == ["before", *ids]
    stage.charging.check()
    assert stage.charging.pid == pid
    await asyncio.to_thread(_wait_for_line, stage.charging.log, "charging held no longer")
    assert "held" not in await asyncio.to_thread(_readyz, stage.charging.log)
    assert _maintenance(stage.charging.log) == [
        *2 * [f"maintenance: {ready['held']}"],
        "maintenance: charging held no longer",
    ]
    assert await reconciled(stage.bootstrap) == []


def _funds(tap: Tap) -> list[dict[str, Any]]:
    return [each for each in tap.read(LEDGER, ["gamma"]) if each["kind"] == "funds_added"]


def _readyz(log: Path) -> dict[str, Any]:
    """Ask the worker that was started last."""
    with urlopen(f"{_HEALTH.findall(log.read_text())[-1]}/readyz", timeout=10) as answer:  # noqa: S310
        said: dict[str, Any] = json.load(answer)
    return said


def _maintenance(log: Path) -> list[str]:
    """Return what was told of stops, by all that wrote there."""
    return re.findall(r"maintenance: .*", log.read_text())
