"""The transport on real Kafka: nothing is lost, doubled or torn, whatever happens to a worker."""

from __future__ import annotations

import asyncio
import json
import random
import signal
from typing import TYPE_CHECKING

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from tests.e2e.broker import admin, consume, produce, wait_for_records
from tests.e2e.counting_worker import PARTITIONS, POISON
from tests.e2e.fleet import READY, Fleet, Worker
from tests.e2e.logins import session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SLOW = ("--uvloop", "--timer", "--batch", "100", "--delay", "0.02")
STRANGE = [(b"strange", b"")]
SESSION_S = 3.0
MORE_KILLS = 4


@pytest.fixture
async def fleet(bootstrap: str, namespace: str, tmp_path: Path) -> AsyncIterator[Fleet]:
    fleet = Fleet(bootstrap, namespace, tmp_path)
    await fleet.create()
    yield fleet
    fleet.kill_all()


def options(*more: str) -> list[str]:
    return [*SLOW, *session(SESSION_S), *more]


async def kill_and_join(fleet: Fleet, kills: int, guests: int, records: int) -> list[Worker]:
    """Put workers under load and kill them in open transactions; return those that were not killed."""
    chance = random.Random(7)
    await fleet.produce("commands", records // 10)
    seconds = 2.5 * (kills + guests)
    load = asyncio.create_task(fleet.trickle("cdrs", records, seconds))
    killed = hits = 0
    while killed < kills or not hits:
        assert killed < kills + MORE_KILLS, "no kill hit an open transaction"
        worker = fleet.start(*options())
        await worker.ready()
        await asyncio.sleep(chance.uniform(0.2, 0.8))
        hits += await fleet.kill_in_transaction(worker)
        killed += 1
    alive = [fleet.start(*options())]
    await alive[0].ready()
    for _ in range(guests):
        guest = fleet.start(*options())
        await guest.ready()
        await asyncio.sleep(chance.uniform(0.2, 0.8))
        assert await guest.end(signal.SIGTERM) == 0
        alive.append(guest)
    await load
    return alive


async def test_kills_joins_and_leaves_lose_and_double_nothing(fleet: Fleet) -> None:
    alive = await kill_and_join(fleet, kills=2, guests=1, records=8_000)

    outputs = await fleet.prove()

    assert await alive[0].end(signal.SIGTERM) == 0
    assert [] == [line for worker in alive for line in worker.noise()]
    everything = await consume(fleet.bootstrap, f"{fleet.namespace}.out", committed=False)
    assert len(everything) > len(outputs), "nothing was aborted"
    assert await consume(fleet.bootstrap, f"{fleet.namespace}.marks"), "no timer step was committed"


@pytest.mark.slow
async def test_twenty_kills_and_five_guests_lose_and_double_nothing(fleet: Fleet) -> None:
    alive = await kill_and_join(fleet, kills=20, guests=5, records=100_000)

    await fleet.prove()

    assert [] == [line for worker in alive for line in worker.noise()]


async def test_a_woken_zombie_is_fenced_and_ends_with_one_line(fleet: Fleet) -> None:
    zombie = fleet.start(*options())
    await zombie.ready()
    await fleet.suspend_in_transaction(zombie)
    successor = fleet.start(*options())
    await successor.ready()
    load = asyncio.create_task(fleet.trickle("cdrs", 2_000, 2.0))
    zombie.send(signal.SIGCONT)

    code = await zombie.wait()
    await load
    await fleet.prove()

    assert code == 75
    assert len(zombie.times("fenced, another worker has taken over")) == 1
    assert not [line for line in zombie.lines() if "Traceback" in line or "retrieved" in line]
    assert [] == successor.noise()


async def test_a_zombie_woken_at_rest_has_nothing_to_lose_and_shares_the_work_again(
    fleet: Fleet,
) -> None:
    without_timers = ("--batch", "100", *session(SESSION_S))
    await fleet.produce("cdrs", 400)
    zombie = fleet.start(*without_timers)
    await zombie.ready()
    await fleet.finish()
    zombie.send(signal.SIGSTOP)
    successor = fleet.start(*without_timers)
    await successor.ready()

    zombie.send(signal.SIGCONT)
    await zombie.ready(2)
    await successor.ready(2)
    await fleet.produce("cdrs", 4_000)
    await fleet.prove()

    assert [await worker.end(signal.SIGTERM) for worker in fleet.workers] == [0, 0]
    assert [] == successor.noise()


async def test_what_stays_through_a_rebalance_is_not_read_again(fleet: Fleet) -> None:
    topic = f"{fleet.namespace}-counter-counts-changelog"
    for partition in range(PARTITIONS):
        accounts = [(b"account-%d-%d" % (partition, i), b"%0100d" % i) for i in range(5_000)]
        await produce(fleet.bootstrap, topic, accounts, partition=partition)
    first = fleet.start(*options())
    await first.ready()
    second = fleet.start(*options())

    await second.ready()
    await first.ready(2)

    assert " 20000 changelog records read" in first.times(READY)[0]
    assert " 0 changelog records read" in first.times(READY)[1]
    assert " 10000 changelog records read" in second.times(READY)[0]


async def test_what_comes_while_a_step_is_at_work_makes_one_batch(fleet: Fleet) -> None:
    cdrs = f"{fleet.namespace}.cdrs"
    worker = fleet.start("--delay", "2", *session(SESSION_S))
    await worker.ready()
    await produce(fleet.bootstrap, cdrs, [(b"first", b"x")], partition=0)

    async with fleet.in_transaction(worker) as still_open:
        for key in (b"second", b"third", b"fourth"):
            await produce(fleet.bootstrap, cdrs, [(key, b"x")], partition=0)
            await asyncio.sleep(0.2)
        assert await still_open(), "the step was over before the last record came"
    await wait_for_records(fleet.bootstrap, f"{fleet.namespace}.out", 4)
    manifests = await consume(fleet.bootstrap, f"{fleet.namespace}-counter-batches-changelog")

    assert [json.loads(manifest.value or b"")["records"] for manifest in manifests] == [1, 3]


async def test_what_a_stranger_writes_among_the_outputs_moves_them_and_nothing_is_lost_or_doubled(
    fleet: Fleet,
) -> None:
    worker = fleet.start("--batch", "100", *session(SESSION_S))
    await worker.ready()
    for _ in range(3):
        await fleet.produce("cdrs", 1_000)
        await fleet.finish()
        for partition in range(PARTITIONS):
            await produce(fleet.bootstrap, f"{fleet.namespace}.out", STRANGE, partition=partition)
    await fleet.produce("cdrs", 1_000)

    await fleet.prove()

    again = worker.times("a step is taken again")
    assert again, "no step found its outputs elsewhere"
    assert all("the last record was foreseen at" in line for line in again)


async def test_a_broken_invariant_halts_its_partition_and_no_other(fleet: Fleet) -> None:
    poisoned = f"{fleet.namespace}.cdrs"
    await produce(fleet.bootstrap, poisoned, [(POISON, b"x"), (b"after", b"x")], partition=0)
    large = (b"large", b"x" * 3_000_000)
    await produce(fleet.bootstrap, poisoned, [large], partition=1)

    worker = fleet.start(*options())
    outputs = await wait_for_records(fleet.bootstrap, f"{fleet.namespace}.out", 1)
    marks = await consume(fleet.bootstrap, f"{fleet.namespace}.marks")

    assert [output.key for output in outputs] == [b"large"]
    kept = [mark for mark in marks if mark.key]
    assert [(mark.key, mark.value, mark.headers) for mark in kept] == [
        (*large, (("why", b"large"),))
    ]
    assert worker.times("partition 0 is halted: poison")
    assert await worker.end(signal.SIGTERM) == 0


async def test_an_emptied_changelog_is_recovered_and_lost_records_end_the_worker(
    fleet: Fleet,
) -> None:
    await fleet.produce("cdrs", 400)
    worker = fleet.start(*options())
    await fleet.finish()
    assert await worker.end(signal.SIGTERM) == 0
    await delete_all(fleet, f"{fleet.namespace}-counter-batches-changelog")
    again = fleet.start(*options())
    await again.ready()
    assert await again.end(signal.SIGTERM) == 0
    await fleet.produce("cdrs", 400)
    await delete_all(fleet, f"{fleet.namespace}.cdrs")

    unlucky = fleet.start(*options())

    assert await unlucky.wait() == 1
    assert unlucky.times("were deleted before they were read")


async def delete_all(fleet: Fleet, topic: str) -> None:
    """Delete every record of a topic, as retention does in time."""
    every = {TopicPartition(topic, n): RecordsToDelete(before_offset=-1) for n in range(PARTITIONS)}
    async with admin(fleet.bootstrap) as client:
        await client.delete_records(every)
