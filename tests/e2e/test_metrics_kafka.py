"""What a real worker counts: how late charges are, money, lag in seconds, standstills, loops; one line a rebalance."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from loadtest import stage
from tests.build import cdr_bytes, funds, opening
from tests.e2e.broker import producer
from tests.e2e.charging_fleet import Fleet, Worker
from topics.catalog import ACCOUNT_COMMANDS, ACCOUNT_SOURCES, CDR_RAW, PARTITIONS
from topics.partitioner import partition_of

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]
LATE_S = 5
ACME = partition_of(b"acme", PARTITIONS)


async def shown(worker: Worker) -> dict[str, float]:
    def fetch() -> str:
        with urlopen(worker.address() + "/metrics", timeout=10) as answer:  # noqa: S310
            return str(answer.read().decode())

    text = await asyncio.to_thread(fetch)
    return {
        name: float(value)
        for name, value in (line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")
    }


async def reached(condition: Callable[[], Awaitable[bool]], report: Callable[[], str]) -> None:
    deadline = time.monotonic() + 60
    while not await condition():
        assert time.monotonic() < deadline, report()
        await asyncio.sleep(0.2)


async def sent(bootstrap: str, *records: tuple[str, bytes], at_ms: int) -> None:
    async with producer(bootstrap) as client:
        for topic, value in records:
            await client.send_and_wait(topic, value, b"acme", ACME, at_ms)


async def test_a_worker_tells_ages_money_lag_and_standstills(
    private_broker: Any, tmp_path: Path
) -> None:
    bootstrap = str(private_broker.bootstrap)
    await asyncio.to_thread(stage.create_topics, bootstrap)
    fleet = Fleet(bootstrap, tmp_path)
    try:
        worker = fleet.start()
        await reached(worker.is_ready, fleet.report)
        now = time.time_ns() // 1_000_000
        commands = [json.dumps(each).encode() for each in (opening(), funds(amount=7_000_000))]
        await sent(bootstrap, *((ACCOUNT_COMMANDS.name, each) for each in commands), at_ms=now)
        call = cdr_bytes(cdr_id="c1"), cdr_bytes(cdr_id="c2"), b"{not json"
        await sent(bootstrap, *((CDR_RAW.name, each) for each in call), at_ms=now - LATE_S * 1_000)

        async def is_counted() -> bool:
            return (await shown(worker)).get("rater_cdr_to_ledger_seconds_count") == 3

        await reached(is_counted, fleet.report)
        await asyncio.sleep(1.5)
        seen = await shown(worker)
        assert seen["rater_cdr_to_ledger_seconds_sum"] > 3 * LATE_S
        assert seen['rater_cdr_to_ledger_seconds_bucket{le="2.0"}'] == 0
        assert seen['rater_money_in_micros_total{currency="USD",kind="funds_added"}'] == 7_000_000
        dead = 'rater_records_total{outcome="dead",reason="not_json",topic="cdr.raw.v1"}'
        assert seen[dead] == 1
        assert seen[dead.replace("not_json", "bad_number")] == 0
        for topic in (CDR_RAW, *ACCOUNT_SOURCES):
            for number in range(PARTITIONS):
                place = f'{{partition="{number}",topic="{topic.name}"}}'
                assert seen[f"rater_consumer_lag_seconds{place}"] == 0, place
        assert seen["rater_rebalance_standstill_seconds_count"] == 1
        assert seen['rater_event_loop_lag_seconds_count{loop="main"}'] > 0
        assert seen['rater_event_loop_lag_seconds_count{loop="consumer"}'] > 0
        assert seen['rater_gc_pause_seconds_count{generation="2"}'] > 0

        fleet.start()
        await fleet.settled()
        seen = await shown(worker)
        rebalances = int(seen["rater_rebalances_total"])
        assert seen["rater_rebalance_standstill_seconds_count"] >= 2
        assert sum("assigned partitions [" in line for line in worker.lines()) == rebalances

        async def tells_its_own_alone() -> bool:
            lags = [each for each in await shown(worker) if each.startswith("rater_consumer_lag_s")]
            return len(lags) == len(worker.serves()) * (1 + len(ACCOUNT_SOURCES))

        await reached(tells_its_own_alone, fleet.report)
        assert len(worker.serves()) < PARTITIONS
        await fleet.stop()
    finally:
        fleet.end()
