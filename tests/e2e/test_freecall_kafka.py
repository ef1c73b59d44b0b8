"""Calls that wait for a price on real Kafka: killed at every place of the step that frees one, each is free once."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from loadtest import stage
from loadtest.rater_command import run
from rater.batch.charging.open_suspense import read_open
from rater.shell.process.failpoints import FAILPOINTS
from tests.e2e.broker import consume, produce
from tests.e2e.charging_fleet import EXIT_KILLED, Fleet
from tests.e2e.charging_stage import reconciled
from tests.e2e.logins import session
from tests.e2e.places import TWO_OR_ALL, places
from topics import catalog

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker

pytestmark = pytest.mark.kafka

CDRS, COMMANDS = catalog.CDR_RAW.name, catalog.ACCOUNT_COMMANDS.name
TIMERS = catalog.ACCOUNT_TIMERS.name
SESSION = session(2)
"""What is killed is missed soon."""
DECK = "prefix,rate,per_seconds,increment\n33,0.60,60,60/60\n"
SINCE = "2024-01-01T00:00:00Z"
DAYS = 3
NOWHERE = "+999123456"
KILLED_FREEING = 2
"""A worker's first step suspends the call that it finds, its second one frees it."""


def cdr(tenant: str, cdr_id: str, ended_s: int, **fields: Any) -> tuple[bytes, bytes]:
    """Make a CDR of a minute under its tenant's key."""
    started, ended = (
        datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for second in (ended_s - 60, ended_s)
    )
    said = {"cdr_id": cdr_id, "tenant_id": tenant, "direction": "out", "to": NOWHERE}
    times = {"started_at": started, "ended_at": ended, "billsec": 60}
    return tenant.encode(), json.dumps({**said, **times, **fields}).encode()


async def set_up(fleet: Fleet, tenants: list[str]) -> None:
    """Publish deck and settings, and open an account for each tenant."""
    bootstrap = fleet.bootstrap
    await asyncio.to_thread(stage.create_topics, bootstrap)
    deck, settings = fleet.folder / "deck.csv", fleet.folder / "settings.json"
    deck.write_text(DECK)
    version = {"version": 1, "valid_from": SINCE, "corrections": True}
    settings.write_text(json.dumps({**version, "freecall_after_days": DAYS}))
    terms = ("--deck-id", "sample", "--version", "1", "--currency", "USD", "--valid-from", SINCE)
    broker = ("--backdate", "--broker", bootstrap)
    await asyncio.to_thread(run, "deck", "load", str(deck), *terms, *broker)
    await asyncio.to_thread(run, "config", "load", str(settings), *broker)
    fleet.start()
    opened = {"type": "open_account", "command_id": "o", "decks": ["sample"], "currency": "USD"}
    await produce(
        bootstrap,
        COMMANDS,
        [(each.encode(), json.dumps({**opened, "tenant_id": each}).encode()) for each in tenants],
    )
    await fleet.obeyed(COMMANDS)
    await fleet.stop()


async def freed(fleet: Fleet, tenants: list[str], timeout_s: float = 60.0) -> list[dict[str, Any]]:
    """Wait until the first call of each tenant is free; return the ledger."""
    began = time.monotonic()
    while True:
        records = await consume(fleet.bootstrap, catalog.LEDGER.name)
        entries = [json.loads(record.value or b"") for record in records]
        done = {each["tenant_id"] for each in entries if each.get("reason") == "freecall"}
        if done >= {*tenants}:
            return entries
        assert time.monotonic() - began < timeout_s, f"free: {done}\n{fleet.report()}"
        fleet.supervise()
        await asyncio.sleep(0.3)


@TWO_OR_ALL
async def test_killed_anywhere_a_call_that_waits_is_free_once(
    private_broker: Broker, tmp_path: Path, extent: str
) -> None:
    fleet = Fleet(private_broker.bootstrap, tmp_path, SESSION)
    bootstrap = fleet.bootstrap
    killed_at = places(FAILPOINTS, extent)
    tenants = [f"killed-{place}" for place in killed_at]
    now_s = int(time.time())
    old_s = now_s - (DAYS + 1) * 86_400
    try:
        await set_up(fleet, tenants)
        for place, tenant in zip(killed_at, tenants, strict=True):
            worker = fleet.start(failpoint=f"{place}:{KILLED_FREEING}")
            await fleet.settled()
            call = [cdr(tenant, "old", old_s)]
            await produce(bootstrap, CDRS, call, timestamp_ms=old_s * 1_000)
            assert await worker.ended() == EXIT_KILLED, fleet.report()
            fleet.supervise()
            await fleet.settled()
            await freed(fleet, [tenant])
            await fleet.obeyed(CDRS, TIMERS)
            await fleet.stop()
        entries = await end_otherwise(fleet, tenants, now_s, old_s)
        differences = await reconciled(bootstrap)
        rows = await open_rows(bootstrap)
    finally:
        fleet.end()

    assert differences == []
    for tenant in tenants:
        charges = [e for e in entries if e["tenant_id"] == tenant and e["kind"] == "charge"]
        reasons = Counter((e["cdr_id"], e.get("version", 1), e.get("reason")) for e in charges)
        assert reasons == {
            ("old", 1, "freecall"): 1,
            ("old", 2, None): 1,
            ("void", 2, "voided"): 1,
        }, tenant
        (first,) = [each for each in charges if each.get("reason") == "freecall"]
        assert first["waited"]["at_ms"] == old_s * 1_000
        assert charges[-1]["balance_micros"] == -600_000, tenant
    assert rows == {(tenant, "new", 1) for tenant in tenants}


async def end_otherwise(
    fleet: Fleet, tenants: list[str], now_s: int, old_s: int
) -> list[dict[str, Any]]:
    """Let calls wait, kill the worker, and let another one, which read them back, void and correct; return the ledger.

    What waits and is not due stays; what was freed is known, by whatever worker.
    """
    bootstrap = fleet.bootstrap
    first = fleet.start()
    await fleet.settled()
    waiting = [cdr(each, name, now_s) for each in tenants for name in ("new", "void")]
    await produce(bootstrap, CDRS, waiting)
    await fleet.obeyed(CDRS)
    fleet.kill(first)
    fleet.start()
    await fleet.settled()
    again = [cdr(each, "old", old_s) for each in tenants]
    corrected = {"version": 2, "kind": "correction", "to": "+33140000000"}
    priced = [cdr(each, "old", old_s, **corrected) for each in tenants]
    voids = [cdr(each, "void", now_s, version=2, kind="void") for each in tenants]
    await produce(bootstrap, CDRS, again + priced + voids + waiting + again)
    await fleet.obeyed(CDRS, TIMERS)
    await fleet.settled()
    entries = await freed(fleet, tenants)
    await fleet.stop()
    return entries


async def open_rows(bootstrap: str) -> set[tuple[str, str, int]]:
    """Return what the table says is still open."""
    last = {x.key: x.value for x in await consume(bootstrap, catalog.SUSPENSE_CHANGELOG.name)}
    rows = [read_open(value) for value in last.values() if value is not None]
    return {(row.tenant_id, row.cdr_id, row.version) for row in rows}
