"""Lots on real Kafka: killed at every place of a step, restarted, taken over: by hand, each is opened once (R9)."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from loadtest import stage
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

COMMANDS = catalog.ACCOUNT_COMMANDS.name
DAY_MS = 86_400_000
LOT_MICROS = 1_000_000
SESSION = session(2)
"""What is killed is missed soon."""
DAYS_AGO = 9
"""Beyond the window in which commands are remembered."""


def commands(tenant: str, bought_ms: int) -> list[tuple[bytes, bytes]]:
    """Return a purchase, the adjustment that uses it up, and one that gives a little."""
    bought = datetime.fromtimestamp(bought_ms // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    why = {"reason": "by hand"}
    return [
        said(tenant, "add_funds", "f", lot_id="L1", purchased_at=bought, **amount()),
        said(tenant, "adjust", "down", **amount(-LOT_MICROS), **why),
        said(tenant, "adjust", "up", **amount(7), **why),
    ]


def amount(micros: int = LOT_MICROS) -> dict[str, Any]:
    return {"amount_micros": micros, "currency": "USD"}


def said(tenant: str, kind: str, command_id: str, **fields: Any) -> tuple[bytes, bytes]:
    head = {"type": kind, "tenant_id": tenant, "command_id": command_id}
    return tenant.encode(), json.dumps(head | fields).encode()


@TWO_OR_ALL
async def test_killed_anywhere_no_lot_is_forgotten_and_none_is_opened_twice(
    private_broker: Broker, tmp_path: Path, extent: str
) -> None:
    bootstrap = private_broker.bootstrap
    await asyncio.to_thread(stage.create_topics, bootstrap)
    fleet = Fleet(bootstrap, tmp_path, SESSION)
    past_ms = int(time.time() * 1_000) - DAYS_AGO * DAY_MS
    killed_at = places(FAILPOINTS, extent)
    tenants = [f"killed-{place}" for place in killed_at]
    try:
        for place, tenant in zip(killed_at, tenants, strict=True):
            worker = fleet.start(failpoint=place)
            await fleet.settled()
            opening = said(tenant, "open_account", "o", currency="USD", decks=["none"])
            records = [opening, *commands(tenant, past_ms)]
            await produce(bootstrap, COMMANDS, records, timestamp_ms=past_ms)
            assert await worker.ended() == EXIT_KILLED
            fleet.supervise()
            await fleet.settled()
            await fleet.obeyed(COMMANDS)
            await fleet.stop()
        await play_again(fleet, tenants, past_ms)
        await fleet.stop()
        assert await reconciled(bootstrap) == []
        entries = [
            json.loads(x.value or b"") for x in await consume(bootstrap, catalog.LEDGER.name)
        ]
        for tenant in tenants:
            mine = [each for each in entries if each["tenant_id"] == tenant]
            moved = [e["amount_micros"] for e in mine if e["kind"] in ("funds_added", "adjusted")]
            refused = [e["reason"] for e in mine if e["kind"] == "command_rejected"]
            assert moved == [LOT_MICROS, -LOT_MICROS, 7], tenant
            assert refused == ["lot_exists", *["adjustment_repeated"] * 2, "lot_exists"], tenant
    finally:
        fleet.end()


async def play_again(fleet: Fleet, tenants: list[str], past_ms: int) -> None:
    """Produce all of it again, now: to a worker that was started anew, then to one that took over from a killed one."""
    first = fleet.start()
    await fleet.settled()
    again = [each for tenant in tenants for each in commands(tenant, past_ms)]
    await produce(fleet.bootstrap, COMMANDS, again)
    await fleet.obeyed(COMMANDS)
    fleet.start()
    await fleet.settled()
    fleet.kill(first)
    await fleet.settled()
    # Under other ids: those of before are remembered as refused.
    once_more = [
        (key, value.replace(b'"command_id": "f"', b'"command_id": "g"'))
        for key, value in again
        if b"add_funds" in value
    ]
    await produce(fleet.bootstrap, COMMANDS, once_more)
    await fleet.obeyed(COMMANDS)
