"""Corrections on a real Kafka: originals of the same batch, of an earlier one, and of before a restart and kills."""

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
from tests.e2e.broker import consume, produce
from tests.e2e.charging_fleet import EXIT_KILLED, Fleet
from tests.e2e.charging_stage import reconciled
from topics import catalog

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker

pytestmark = pytest.mark.kafka

DECK = "prefix,rate,per_seconds,increment\n33,0.60,60,60/60\n"
MINUTE_MICROS = 600_000
FUNDED_MICROS = 90_000_000
CALLS = 20


def cdr(number: int, ended_s: int, minutes: int = 1, **fields: Any) -> tuple[bytes, bytes]:
    """Make a CDR of acme under its key."""
    started, ended = (
        datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for second in (ended_s - 60 * minutes, ended_s)
    )
    said = {"cdr_id": f"c{number}", "tenant_id": "acme", "direction": "out", "to": "+33140000000"}
    times = {"started_at": started, "ended_at": ended, "billsec": 60 * minutes}
    return b"acme", json.dumps({**said, **times, **fields}).encode()


async def set_up(fleet: Fleet) -> None:
    """Publish deck and settings, start a worker, and open an account with money."""
    bootstrap = fleet.bootstrap
    await asyncio.to_thread(stage.create_topics, bootstrap)
    deck, settings = fleet.folder / "deck.csv", fleet.folder / "settings.json"
    deck.write_text(DECK)
    since = "2024-01-01T00:00:00Z"
    settings.write_text(json.dumps({"version": 1, "valid_from": since, "corrections": True}))
    terms = ("--deck-id", "sample", "--version", "1", "--currency", "USD", "--valid-from", since)
    broker = ("--backdate", "--broker", bootstrap)
    await asyncio.to_thread(run, "deck", "load", str(deck), *terms, *broker)
    await asyncio.to_thread(run, "config", "load", str(settings), *broker)
    fleet.start()
    opened = {"decks": ["sample"], "currency": "USD", "time_zone": "UTC"}
    money = {"amount_micros": FUNDED_MICROS, "currency": "USD"}
    funded = {"lot_id": "L1", "purchased_at": datetime.now(UTC).isoformat(), **money}
    commands = [
        {"type": "open_account", "command_id": "o1", "tenant_id": "acme", **opened},
        {"type": "add_funds", "command_id": "f1", "tenant_id": "acme", **funded},
    ]
    records = [(b"acme", json.dumps(command).encode()) for command in commands]
    await produce(bootstrap, catalog.ACCOUNT_COMMANDS.name, records)
    await fleet.obeyed(catalog.ACCOUNT_COMMANDS.name)


async def entries_of(fleet: Fleet) -> list[dict[str, Any]]:
    """Return the ledger's entries, in order."""
    records = await consume(fleet.bootstrap, catalog.LEDGER.name)
    return [json.loads(record.value or b"") for record in records]


async def killed(fleet: Fleet, place: str) -> None:
    """Start a worker that dies at a place, and see it dead."""
    worker = fleet.start(failpoint=place)
    assert await worker.ended(60) == EXIT_KILLED, fleet.report()
    fleet.size -= 1


async def test_corrections_find_their_originals_after_a_restart_and_through_kills(
    private_broker: Broker, tmp_path: Path
) -> None:
    fleet, cdrs = Fleet(private_broker.bootstrap, tmp_path), catalog.CDR_RAW.name
    ended = int(time.time()) - 60
    try:
        await set_up(fleet)
        await produce(fleet.bootstrap, cdrs, [cdr(n, ended) for n in range(CALLS)])
        await fleet.obeyed(cdrs)
        # By the worker that has charged them: of an earlier batch, and of the same one.
        second = [cdr(n, ended, 2, version=2, kind="correction") for n in range(5)]
        fresh = [cdr(100, ended), cdr(100, ended, 3, version=2, kind="correction")]
        await produce(fleet.bootstrap, cdrs, second + fresh + second)
        await fleet.obeyed(cdrs)
        fleet.kill(fleet.workers[0])

        # By its successors, which know only the log; two of them die, before the commit and behind it.
        third = [cdr(n, ended, 4, version=3, kind="correction") for n in range(2)]
        voids = [cdr(n, ended, version=2, kind="void") for n in range(5, 10)]
        early = [cdr(200, ended, 2, version=2), cdr(200, ended)]
        await produce(fleet.bootstrap, cdrs, third + voids + early + second)
        await killed(fleet, "before_commit:1")
        await killed(fleet, "before_apply:1")
        fleet.start()
        await fleet.obeyed(cdrs)
        await fleet.settled()
        await fleet.stop()
        differences = await reconciled(fleet.bootstrap)
        entries = await entries_of(fleet)
    finally:
        fleet.end()

    assert differences == []
    kinds = Counter(entry["kind"] for entry in entries)
    assert kinds["charge_reversed"] == 5 + 1 + 2 + 5
    assert kinds["charge"] == CALLS + 5 + 2 + 2 + 1
    reversed_ids = [entry["reverses"] for entry in entries if entry["kind"] == "charge_reversed"]
    assert len(set(reversed_ids)) == len(reversed_ids)
    # c0, c1 4 minutes; c2 to c4 2; c5 to c9 none; ten of 1; c100 3; c200 2.
    minutes = 2 * 4 + 3 * 2 + 10 + 3 + 2
    assert entries[-1]["balance_micros"] == FUNDED_MICROS - minutes * MINUTE_MICROS
