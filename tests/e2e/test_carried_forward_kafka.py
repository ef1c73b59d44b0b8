"""Accounts of two months ago on a real Kafka: carried forward by a worker that is killed, then the months before go."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from loadtest import stage
from loadtest.drive import by_topic, publish_cdrs, publish_commands
from tests.e2e.broker import admin, create_topics, end_offsets
from tests.e2e.charging_fleet import EXIT_KILLED, Fleet
from tests.e2e.charging_play import SOURCES
from tests.e2e.charging_stage import reconciled
from tests.e2e.logins import session
from tests.e2e.months_stage import (
    CARRIED,
    DAY_MS,
    TENANTS,
    carried,
    entries,
    months_begun,
    nothing,
    now_ms,
    workload,
)
from topics import catalog

if TYPE_CHECKING:
    from pathlib import Path

    from deploy.kafka.broker import Broker

MONTHS_AGO_MS = 62 * DAY_MS


async def set_up(bootstrap: str) -> None:
    """Make the catalog's topics, but keep what is older than they would keep it."""
    for cleanup in ("compact", "delete"):
        counts = {t.name: t.partitions for t in catalog.CATALOG if t.cleanup == cleanup}
        largest = max(topic.max_message_bytes for topic in catalog.CATALOG)
        config = {
            "cleanup.policy": cleanup,
            "retention.ms": "-1",
            "max.message.bytes": str(largest),
        }
        await create_topics(bootstrap, counts, config)


async def asked(fleet: Fleet) -> None:
    """Wait until the timer has asked for the first month."""
    for _ in range(300):
        if any((await end_offsets(fleet.bootstrap, catalog.ACCOUNT_TIMERS.name)).values()):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"nothing is asked for\n{fleet.report()}")


async def delete_before_the_first_carried(bootstrap: str) -> Counter[str]:
    """Delete what lies before the first entry of each partition that carries forward; return its kinds."""
    found = await entries(bootstrap)
    firsts: dict[int, int] = {}
    for record, said in found:
        if said["kind"] == CARRIED:
            firsts.setdefault(record.partition, record.offset)
    gone = {
        TopicPartition(catalog.LEDGER.name, number): RecordsToDelete(first)
        for number, first in firsts.items()
    }
    async with admin(bootstrap) as client:
        await client.delete_records(gone)
    left = Counter(said["kind"] for _, said in await entries(bootstrap))
    return Counter(said["kind"] for _, said in found) - left


@pytest.mark.timeout(180)
async def test_a_killed_worker_carries_each_account_forward_once_a_month_and_the_ledger_may_begin_there(
    private_broker: Broker, tmp_path: Path
) -> None:
    bootstrap, at_ms = private_broker.bootstrap, now_ms()
    then_ms = at_ms - MONTHS_AGO_MS
    before, after = workload(then_ms, seed=1), workload(at_ms, seed=2)
    await set_up(bootstrap)
    await asyncio.to_thread(stage.load_deck, bootstrap, before.plan)
    # No worker runs yet: the one that starts finds accounts and calls of two months ago.
    await publish_commands(bootstrap, by_topic(before.commands()), nothing, timestamp_ms=then_ms)
    await publish_cdrs(bootstrap, before, then_ms)
    fleet = Fleet(bootstrap, tmp_path, session(1.5))
    try:
        first = fleet.start()
        await asked(fleet)
        fleet.kill(first)
        assert first.code == EXIT_KILLED

        fleet.start()
        months = months_begun(then_ms, at_ms)
        await carried(fleet, times=len(months))
        await publish_cdrs(bootstrap, after, at_ms)
        await fleet.obeyed(*SOURCES)
        await fleet.stop()
    finally:
        fleet.end()

    due = defaultdict[str, list[int]](list)
    for _, said in await entries(bootstrap):
        if said["kind"] == CARRIED:
            due[said["tenant_id"]].append(said["month_ms"])
    assert len(due) == TENANTS
    assert all(each == months for each in due.values()), "each month once, one by one"
    assert [] == await reconciled(bootstrap)
    gone = await delete_before_the_first_carried(bootstrap)
    assert gone["account_opened"] > 0
    assert gone["charge"] > 0
    assert [] == await reconciled(bootstrap)
