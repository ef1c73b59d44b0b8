"""How far a group is: all is done where only markers of transactions, or what was aborted, lie behind its offset."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from aiokafka import TopicPartition

from loadtest import clients, stage
from loadtest.watch import LateError, watching
from tests.e2e.broker import MARKERS_S, producer
from topics import roles
from topics.catalog import APP, CDR_RAW

if TYPE_CHECKING:
    from deploy.kafka.broker import Broker

pytestmark = pytest.mark.kafka

RECORDS = 3


async def write(bootstrap: str, partition: int, *, aborted: bool = False) -> None:
    """Write records in a transaction, behind which its marker lies."""
    async with producer(bootstrap, f"tests-{partition}-{aborted}") as client:
        await client.begin_transaction()
        for _ in range(RECORDS):
            await client.send_and_wait(CDR_RAW.name, b"{}", b"acme", partition)
        await (client.abort_transaction() if aborted else client.commit_transaction())


async def commit(bootstrap: str, offsets: dict[int, int]) -> None:
    """Commit for the group of charging."""
    client = clients.consumer(bootstrap, role=roles.CHARGING, group_id=APP)
    try:
        await client.start()
        parts = {TopicPartition(CDR_RAW.name, part): offset for part, offset in offsets.items()}
        client.assign(list(parts))
        await client.commit(parts)
    finally:
        await client.stop()


async def test_a_group_that_has_taken_every_record_is_done_though_a_marker_is_the_last(
    private_broker: Broker,
) -> None:
    bootstrap = private_broker.bootstrap
    await asyncio.to_thread(stage.create_topics, bootstrap)
    await write(bootstrap, 0)
    await write(bootstrap, 1)
    await write(bootstrap, 1, aborted=True)
    await write(bootstrap, 2, aborted=True)
    await asyncio.sleep(MARKERS_S)
    await commit(bootstrap, {0: RECORDS, 1: RECORDS - 1})
    async with watching(bootstrap) as watch:
        ends = await watch.ends(CDR_RAW.name)
        with pytest.raises(LateError, match=r"partition 0: 3 of 4, 1: 2 of 8, 2: 0 of 4"):
            await watch.until_done(CDR_RAW.name, timeout_s=3)
        await commit(bootstrap, {1: RECORDS})
        began = time.monotonic()
        await watch.until_done(CDR_RAW.name, timeout_s=30)

    assert [ends[part] for part in range(3)] == [4, 8, 4]
    assert time.monotonic() - began < 15
