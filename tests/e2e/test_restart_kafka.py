"""Starts: with a large past, with decks that change, with topics that are not what they were.

The long version of the large past, marked slow, holds the budget: 1,000,000 accounts and 10,000,000
remembered CDRs, under 15 s from the start of the process to `/readyz`.
"""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin.records_to_delete import RecordsToDelete

from loadtest import stage
from loadtest.rater_command import run
from tests.e2e.broker import admin, consume, end_offsets, own_broker, produce
from tests.e2e.charging_archive import archive, tenant_id
from tests.e2e.charging_fleet import Fleet
from topics import catalog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from deploy.kafka.broker import Broker

DECK = "prefix,rate,per_seconds,increment\n33,0.60,60,60/60\n"
RESTART_LIMIT_S = 15.0
IN_FORCE_S = 2.0
EVERY_S = 0.1


@pytest.fixture(scope="module")
def module_broker() -> Iterator[Broker]:
    """Give a broker to this module alone; its tests delete topics."""
    own = own_broker()
    try:
        own.start()
        yield own
    finally:
        own.remove()


@pytest.fixture
async def fleet(module_broker: Broker, tmp_path: Path) -> AsyncIterator[Fleet]:
    """Give a fleet without workers, on topics that were just made, with one deck of one price."""
    bootstrap = module_broker.bootstrap
    async with admin(bootstrap) as client:
        ours = [name for name in await client.list_topics() if name in catalog.BY_NAME]
        if ours:
            await client.delete_topics(ours)
    await asyncio.to_thread(stage.create_topics, bootstrap)
    fleet = Fleet(bootstrap, tmp_path)
    await load(fleet, 1, DECK)
    yield fleet
    try:
        # In order: the next test's worker need not wait for the session of this one.
        await fleet.stop()
    finally:
        fleet.end()


async def load(fleet: Fleet, version: int, text: str) -> None:
    """Publish a version of the deck `sample`, valid for the calls of today."""
    file = fleet.folder / f"deck-{version}.csv"
    file.write_text(text)
    terms = ("--deck-id", "sample", "--version", str(version), "--currency", "USD", "--backdate")
    since = ("--valid-from", f"2024-01-0{version}T00:00:00Z", "--broker", fleet.bootstrap)
    await asyncio.to_thread(run, "deck", "load", str(file), *terms, *since)


def cdr(cdr_id: str, to: str = "+33140000000", tenant: str = "acme") -> bytes:
    """Make a CDR of a call of 30 seconds that has just ended."""
    now_s = int(time.time())
    started, ended = (
        datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for second in (now_s - 40, now_s - 10)
    )
    fields = {"cdr_id": cdr_id, "tenant_id": tenant, "direction": "out", "to": to, "billsec": 30}
    return json.dumps({**fields, "started_at": started, "ended_at": ended}).encode()


async def send_cdrs(fleet: Fleet, *values: bytes) -> None:
    """Publish CDRs of one tenant."""
    key = json.loads(values[0])["tenant_id"].encode()
    await produce(fleet.bootstrap, catalog.CDR_RAW.name, [(key, value) for value in values])


async def open_account(fleet: Fleet) -> None:
    """Open the account of acme, with money, and wait until it is there."""
    opened = {"decks": ["sample"], "currency": "USD", "time_zone": "UTC"}
    funded = {"lot_id": "L1", "amount_micros": 90_000_000, "currency": "USD"}
    commands = [
        {"type": "open_account", "command_id": "c1", "tenant_id": "acme", **opened},
        {"type": "add_funds", "command_id": "c2", "tenant_id": "acme", **funded},
    ]
    records = [(b"acme", json.dumps(command).encode()) for command in commands]
    await produce(fleet.bootstrap, catalog.ACCOUNT_COMMANDS.name, records)
    await fleet.obeyed(catalog.ACCOUNT_COMMANDS.name)


async def charges(fleet: Fleet) -> dict[str, dict[str, Any]]:
    """Wait until every CDR is decided; return the charges by cdr_id."""
    await fleet.obeyed(catalog.CDR_RAW.name)
    records = await consume(fleet.bootstrap, catalog.LEDGER.name)
    entries = [json.loads(record.value or b"") for record in records]
    found = [entry for entry in entries if entry["kind"] == "charge"]
    by_id = {entry["cdr_id"]: entry for entry in found}
    assert len(by_id) == len(found), "a CDR was charged twice"
    return by_id


async def restart_s(fleet: Fleet, accounts: int, ids: int) -> float:
    """Start a worker on a large past; return the seconds until it is ready, when it has proven it."""
    known = cdr("known", tenant=tenant_id(accounts // 2))
    await archive(fleet.bootstrap, accounts, ids, known)
    worker = fleet.start()
    while not (await worker.is_ready() and worker.serves()):
        assert worker.code is None, fleet.report()
        assert time.monotonic() - worker.started_at < 120, fleet.report()
        await asyncio.sleep(0.05)
    took = time.monotonic() - worker.started_at
    told = [line for line in worker.lines() if "serving partitions" in line]
    print(f"\n{accounts:,} accounts, {ids:,} remembered CDRs: ready after {took:.1f} s")
    print(f"{told[-1].split('rater.shell.')[-1]}; peak memory {worker.peak_mib():,} MiB")
    await send_cdrs(fleet, known, cdr("new", tenant=tenant_id(accounts // 2)))

    assert (await charges(fleet)).keys() == {"new"}
    return took


async def test_a_restart_with_a_large_past_knows_it_all(fleet: Fleet) -> None:
    await restart_s(fleet, 50_000, 500_000)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_restart_with_a_million_accounts_and_ten_million_cdrs_is_ready_in_time(
    fleet: Fleet,
) -> None:
    took = await restart_s(fleet, 1_000_000, 10_000_000)

    assert took < RESTART_LIMIT_S


@pytest.mark.alone
async def test_a_deck_loaded_while_a_worker_runs_is_in_force_within_two_seconds(
    fleet: Fleet,
) -> None:
    fleet.start()
    await fleet.settled()
    await open_account(fleet)
    await send_cdrs(fleet, cdr("before", to="+442070000000"))
    assert not await charges(fleet)

    await load(fleet, 2, DECK + "44,0.90,60,60/60\n")
    loaded = time.monotonic()
    sent: list[float] = []
    while time.monotonic() < loaded + IN_FORCE_S + 0.5:
        sent.append(time.monotonic() - loaded)
        await send_cdrs(fleet, cdr(f"after-{len(sent)}", to="+442070000000"))
        await asyncio.sleep(EVERY_S)
    charged = await charges(fleet)
    late = [sent_s for number, sent_s in enumerate(sent, 1) if f"after-{number}" not in charged]
    print(f"\nin force {max(late, default=0.0):.2f} s after the command had ended")

    assert "before" not in charged
    assert charged[f"after-{len(sent)}"]["charge_micros"] == 900_000
    assert max(late, default=0.0) < IN_FORCE_S
    waiting = await consume(fleet.bootstrap, catalog.SUSPENSE.name)
    assert json.loads(waiting[0].value or b"")["reason"] == "no_rate"


async def test_emptied_batches_are_no_hindrance_but_a_topic_made_anew_is(fleet: Fleet) -> None:
    first = fleet.start()
    await fleet.settled()
    await open_account(fleet)
    await send_cdrs(fleet, cdr("one"), cdr("two"))
    assert len(await charges(fleet)) == 2
    assert await fleet.terminate(first) == 0

    await empty(fleet.bootstrap, catalog.BATCHES_CHANGELOG.name)
    second = fleet.start()
    await fleet.settled()
    await send_cdrs(fleet, cdr("three"))
    assert len(await charges(fleet)) == 3
    assert await fleet.terminate(second) == 0

    await make_anew(fleet.bootstrap, catalog.CDR_RAW.name)
    third = fleet.start()
    code = await third.ended()
    said = "\n".join(third.lines())

    assert code == 1, said
    assert "the topic was made anew under accounts that remember the old one" in said
    assert "rater topics create" in said


async def empty(bootstrap: str, topic: str) -> None:
    """Delete all records of a topic, as retention would."""
    ends = await end_offsets(bootstrap, topic)
    gone = {TopicPartition(topic, number): RecordsToDelete(end) for number, end in ends.items()}
    async with admin(bootstrap) as client:
        await client.delete_records(gone)


async def make_anew(bootstrap: str, topic: str) -> None:
    """Delete a topic and make it again, empty."""
    async with admin(bootstrap) as client:
        await client.delete_topics([topic])
        while topic in await client.list_topics():  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # The broker tells nobody when it is gone.
    await asyncio.to_thread(stage.create_topics, bootstrap)
