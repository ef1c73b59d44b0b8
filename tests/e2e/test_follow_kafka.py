"""The reconciler beside workers that never rest: one run is clean, and a follower finds what is forged at the tail."""

from __future__ import annotations

import asyncio
import json
import re
import time
import urllib.request
from contextlib import asynccontextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from loadtest.rater_command import run
from loadtest.service import Service
from tests.e2e.broker import consume, produce, producer
from tests.e2e.charging_fleet import Fleet
from tests.e2e.test_restart_kafka import DECK, cdr, load
from topics import catalog
from topics.partitioner import partition_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from deploy.kafka.broker import Broker

TENANTS = tuple(f"tenant-{number}" for number in range(12))
HEALTH = re.compile(r"metrics and health on (http://\S+)/")
QUICK = ("--every", "1", "--checkpoint-every", "2", "--sweep-every-h", "0", "--metrics-port", "0")
FOUND_S = 60.0
"""Within so long a corruption at the tail must be found."""
READY_S = 120.0
LEDGER, CDRS = catalog.LEDGER.name, catalog.CDR_RAW.name


@pytest.fixture
async def fleet(private_broker: Broker, tmp_path: Path) -> AsyncIterator[Fleet]:
    """Give a fleet of one worker, with a deck and accounts that have money."""
    bootstrap = private_broker.bootstrap
    await asyncio.to_thread(run, "topics", "create", "--broker", bootstrap)
    fleet = Fleet(bootstrap, tmp_path)
    await load(fleet, 1, DECK)
    fleet.start()
    opened = {"decks": ["sample"], "currency": "USD", "time_zone": "UTC"}
    funded = {"lot_id": "L1", "amount_micros": 90_000_000, "currency": "USD"}
    commands = [
        (tenant.encode(), json.dumps({"tenant_id": tenant, **command}).encode())
        for tenant in TENANTS
        for command in (
            {"type": "open_account", "command_id": "c1", **opened},
            {"type": "add_funds", "command_id": "c2", **funded},
        )
    ]
    await produce(bootstrap, catalog.ACCOUNT_COMMANDS.name, commands)
    await fleet.obeyed(catalog.ACCOUNT_COMMANDS.name)
    try:
        yield fleet
    finally:
        fleet.end()


@asynccontextmanager
async def calls(fleet: Fleet, every_s: float = 0.02) -> AsyncIterator[None]:
    """Let all tenants have calls, again and again, as long as the context lasts."""

    async def call() -> None:
        async with producer(fleet.bootstrap) as client:
            for number in count():
                for tenant in TENANTS:
                    made = cdr(f"call-{number}", tenant=tenant)
                    await client.send(CDRS, made, tenant.encode())
                await asyncio.sleep(every_s)

    calling = asyncio.create_task(call())
    try:
        yield
    finally:
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)


class Following:
    """A follower, and what it shows."""

    def __init__(self, fleet: Fleet, name: str, *options: str) -> None:
        self.log = fleet.folder / f"{name}.log"
        words = ("reconcile", "--follow", "--broker", fleet.bootstrap, *QUICK, *options)
        self.service = Service("the follower", "rater", words, self.log)
        self.service.start()
        self.url = ""

    def shown(self) -> dict[str, float]:
        """Return its metrics by series."""
        if not self.url:
            found = HEALTH.search(self.log.read_text(errors="replace"))
            self.url = found[1] if found else ""
        if not self.url:
            return {}
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=30) as answer:  # noqa: S310
            text = answer.read().decode()
        lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in lines}

    @property
    def differences(self) -> float:
        """Return how many differences it has found."""
        series = self.shown().items()
        return sum(n for name, n in series if name.startswith("rater_reconciliation_difference"))

    async def until(self, name: str, least: float, within_s: float = READY_S) -> float:
        """Wait until a series has come to a number; return the seconds."""
        begun = time.monotonic()
        while (await asyncio.to_thread(self.shown)).get(name, 0.0) < least:
            self.service.check()
            assert time.monotonic() - begun < within_s, self.service.last_lines()
            await asyncio.sleep(0.2)
        return time.monotonic() - begun

    async def finds(self, more_than: float) -> float:
        """Wait until it has found more differences; return the seconds."""
        begun = time.monotonic()
        while await asyncio.to_thread(lambda: self.differences) <= more_than:
            self.service.check()
            assert time.monotonic() - begun < FOUND_S, self.service.last_lines()
            await asyncio.sleep(0.2)
        return time.monotonic() - begun


CLEAN = "rater_reconciliation_clean_timestamp_seconds"
PROVEN = 'rater_reconciliation_records_total{kind="cdrs"}'


async def last(fleet: Fleet, topic: str, tenant: str) -> Any:
    """Return the last record of a tenant on a topic."""
    records = await consume(fleet.bootstrap, topic)
    return [record for record in records if record.key == tenant.encode()][-1]


async def test_one_run_is_clean_beside_workers_that_never_rest(fleet: Fleet) -> None:
    notes: list[str] = []
    async with calls(fleet):
        await asyncio.sleep(1.0)
        for _ in range(2):
            words = ("reconcile", "--json", "--broker", fleet.bootstrap)
            done = await asyncio.to_thread(run, *words, accepted=(0, 1), timeout_s=240.0)
            told = json.loads(done.text.splitlines()[-1])
            notes += told["unproven"]

            assert told["differences"][:3] == []
            assert told["counts"]["charges"] > 0
    assert any("what workers wrote meanwhile" in note for note in notes)


async def test_a_deck_that_is_loaded_during_a_run_is_no_difference(fleet: Fleet) -> None:
    """Calls are charged by it at once, and the run reads them after it has read the decks."""
    async with calls(fleet):
        words = ("reconcile", "--json", "--broker", fleet.bootstrap)
        reconciling = asyncio.create_task(
            asyncio.to_thread(run, *words, accepted=(0, 1), timeout_s=240.0)
        )
        version = 1
        while not reconciling.done() and version < 9:
            version += 1
            await load(fleet, version, DECK.replace("0.60", f"0.{version}5"))
        told = json.loads((await reconciling).text.splitlines()[-1])

    assert told["differences"][:3] == []
    assert told["counts"]["deck versions"] > 1


async def test_a_follower_finds_a_forged_entry_and_goes_on_from_its_checkpoint(
    fleet: Fleet, tmp_path: Path
) -> None:
    kept = ("--checkpoint", str(tmp_path / "kept"))
    following = Following(fleet, "follower", *kept)
    async with calls(fleet):
        await following.until(CLEAN, 1.0)
        await following.until(PROVEN, 500.0)
        assert following.differences == 0
        forged = await last(fleet, LEDGER, TENANTS[0])

        number = partition_of(TENANTS[0].encode(), catalog.PARTITIONS)
        again = [(forged.key, forged.value)]
        await produce(fleet.bootstrap, LEDGER, again, partition=number)

        seconds = await following.finds(0)
        print(f"found after {seconds:.1f} s")
        await asyncio.sleep(3.0)
    following.service.stop()
    told = following.log.read_text()
    assert "DIFFERENCE ledger" in told
    after = Following(fleet, "again", *kept)
    await after.until('rater_reconciliation_difference{proof="ledger"}', 1.0)
    assert after.shown()[PROVEN] < 500
    after.service.stop()
