"""The recycler on real Kafka: what is mended is charged by itself, once; large sums are asked for."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from loadtest.service import Service
from tests.e2e.broker import produce
from tests.e2e.charging_fleet import Fleet
from tests.e2e.charging_stage import reconciled
from tests.e2e.logins import session
from tests.e2e.test_freecall_kafka import CDRS, COMMANDS, TIMERS, cdr, open_rows, set_up
from tests.e2e.test_suspense_kafka import WHO, ledger, load_mended, suspense

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker

pytestmark = pytest.mark.kafka

SESSION = session(2)
PRICE = 60_000
"""Micros of a call by the mended deck."""


def command(tenant: str, kind: str, **fields: Any) -> tuple[bytes, bytes]:
    record = {"type": kind, "command_id": f"{tenant}-{kind}", "tenant_id": tenant, **fields}
    return tenant.encode(), json.dumps(record).encode()


def funds(tenant: str, micros: int) -> tuple[bytes, bytes]:
    lot = {"lot_id": f"{tenant}-1", "purchased_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    return command(tenant, "add_funds", amount_micros=micros, currency="USD", **lot)


def opened(tenant: str) -> tuple[bytes, bytes]:
    return command(tenant, "open_account", decks=["sample"], currency="USD")


def recycler(fleet: Fleet) -> Service:
    words = ("recycler", "--every", "0.5", "--metrics-port", "0", "--broker", fleet.bootstrap)
    return Service("rater recycler", "rater", words, fleet.folder / "recycler.log")


async def released(fleet: Fleet, tenant: str, count: int) -> list[dict[str, Any]]:
    """Wait until so many calls of a tenant are charged; return their entries."""
    began = time.monotonic()
    while True:
        entries = await ledger(fleet)
        found = [e for e in entries if (e["tenant_id"], e["kind"]) == (tenant, "charge")]
        if len(found) >= count:
            return found
        log = (fleet.folder / "recycler.log").read_text()
        assert time.monotonic() - began < 60, f"{len(found)} of {tenant}\n{log}\n{fleet.report()}"
        fleet.supervise()
        await asyncio.sleep(0.3)


def asked_lines(fleet: Fleet) -> list[str]:
    """Return what the log says of the tenant whose calls are asked for."""
    log = (fleet.folder / "recycler.log").read_text()
    return [line for line in log.splitlines() if "rater suspense recycle --tenant bolt" in line]


async def asked_for(fleet: Fleet, count: int) -> None:
    """Wait until so many lines ask: a look comes to the last tenant when the others are answered."""
    began = time.monotonic()
    while len(asked_lines(fleet)) < count:
        assert time.monotonic() - began < 60, fleet.report()
        await asyncio.sleep(0.1)


async def test_calls_are_charged_by_themselves_and_large_sums_are_asked_for(
    private_broker: Broker, tmp_path: Path
) -> None:
    fleet = Fleet(private_broker.bootstrap, tmp_path, SESSION)
    bootstrap, now_s = fleet.bootstrap, int(time.time())
    calls = [cdr("acme", f"a{n}", now_s - 600 + 60 * n) for n in (2, 0, 1)]
    others = [cdr("bolt", "b0", now_s), cdr("nobody", "n0", now_s)]
    try:
        await set_up(fleet, ["acme", "bolt"])
        fleet.start()
        await fleet.settled()
        await produce(bootstrap, COMMANDS, [funds("acme", 12 * PRICE), funds("bolt", 3 * PRICE)])
        await produce(bootstrap, CDRS, calls + others)
        await fleet.obeyed(COMMANDS, CDRS)
        with recycler(fleet):
            await asyncio.to_thread(load_mended, fleet)
            acme = await released(fleet, "acme", 3)
            await asked_for(fleet, 1)
        # Opened while no recycler runs: the next one goes by what is there.
        await produce(bootstrap, COMMANDS, [opened("nobody"), funds("nobody", 4 * PRICE)])
        await fleet.obeyed(COMMANDS)
        with recycler(fleet):
            nobody = await released(fleet, "nobody", 1)
            await asked_for(fleet, 2)
        waiting = await asyncio.to_thread(suspense, fleet, "ls")
        by_hand = await asyncio.to_thread(suspense, fleet, "recycle", "--tenant", "bolt", *WHO)
        await fleet.obeyed(TIMERS)
        await fleet.stop()
        differences, rows = await reconciled(bootstrap), await open_rows(bootstrap)
    finally:
        fleet.end()

    assert differences == []
    assert [each["cdr_id"] for each in acme] == ["a0", "a1", "a2"]
    assert {each["waited"]["by"] for each in acme + nobody} == {"recycler"}
    assert {each["job_id"][:5] for each in acme + nobody} == {"auto-"}
    assert [each["waited"]["reason"] for each in nobody] == ["unknown_tenant"]
    assert [(each["tenant_id"], each["calls"]) for each in waiting] == [("bolt", 1)]
    assert [each["outcome"] for each in by_hand] == ["charged"]
    assert rows == set()
    # Said once by each process, however often it has looked.
    assert len(asked_lines(fleet)) == 2, asked_lines(fleet)
