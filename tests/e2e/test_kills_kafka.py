"""Kills: whatever happens to the workers and to the broker, the books are those of an undisturbed run.

`make kill` runs the long versions, marked slow; one short storm of everything runs in CI. Every
random choice comes from the printed seed: RATER_KILL_SEED=N repeats it, as far as processes can.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from typing import TYPE_CHECKING

import pytest

from rater.shell.process.exit_code import ExitCode
from rater.shell.process.failpoints import FAILPOINTS
from tests.e2e.charging_fleet import ALL, EXIT_KILLED, until
from tests.e2e.charging_play import Play, simulated
from tests.e2e.charging_stage import (
    closed,
    flow,
    open_transactions,
    same,
    staged,
    standstill_s,
    undisturbed,
)
from tests.e2e.logins import session
from topics.catalog import CDR_RAW

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path
    from random import Random

    from deploy.kafka.broker import Broker
    from tests.e2e.charging_books import Books
    from tests.e2e.charging_fleet import Fleet, Worker

    Rehearse = Callable[[int, int], Awaitable[tuple[Play, Books]]]

SESSION = session(1.5)
SMALL = ("--records-per-batch", "50")
LONG = (40_000, 24)
"""CDRs and acts of the long versions."""
SHORT = (6_000, 8)
PIECED = (16_000, 8)
"""Two thousand CDRs a partition: more than a piece."""
LOOKS = 16
TAKEOVER_S = 3.0
OUTAGE_S = 30.0
"""More than a worker waits for a commit: it ends, and is restarted."""


@pytest.fixture
def chance() -> Random:
    """Give a generator whose seed is printed."""
    seed = int(os.environ.get("RATER_KILL_SEED", time.time_ns() % 1_000_000))
    print(f"\nRATER_KILL_SEED={seed}")
    return random.Random(seed)


@pytest.fixture(scope="module")
def rehearse(tmp_path_factory: pytest.TempPathFactory) -> Rehearse:
    """Give a play and its undisturbed books; each size is performed once."""
    known: dict[tuple[int, int], tuple[Play, Books]] = {}

    async def perform(cdrs: int, acts: int) -> tuple[Play, Books]:
        if (cdrs, acts) not in known:
            play = Play.of(cdrs, acts)
            folder = tmp_path_factory.mktemp("undisturbed")
            known[cdrs, acts] = play, await undisturbed(play, folder)
        return known[cdrs, acts]

    return perform


async def killed_at_random(fleet: Fleet, chance: Random, play: Play, number: int) -> int:
    """Publish an act and kill a worker at a random moment; return how many transactions it had open.

    Three of four kills come while there is work; the others at any moment from the start on.
    """
    worker = chance.choice(fleet.alive())
    at_work = chance.random() < 0.75
    if at_work:
        await fleet.settled()
    publishing = asyncio.create_task(play.publish_act(fleet.bootstrap, number))
    await asyncio.sleep(chance.uniform(0, 0.4 if at_work else 3.0))
    # A whole act or nothing: the next one must come behind it.
    await publishing
    age = time.monotonic() - worker.started_at
    served = fleet.kill(worker)
    opened = await open_transactions(fleet.bootstrap, served)
    print(f"killed {age:.2f} s old, serving {sorted(served)}, open transactions: {sorted(opened)}")
    return len(opened)


async def killed_in_a_transaction(fleet: Fleet, play: Play, number: int) -> tuple[int, int]:
    """Publish acts from one on until the only worker is caught with open transactions, and kill it.

    Return how many it had, and which act comes next.
    """
    worker, opened = fleet.alive()[0], set[int]()
    await fleet.settled()
    while not opened and number < len(play.acts):
        publishing = asyncio.create_task(play.publish_act(fleet.bootstrap, number))
        opened = await stopped_in_a_transaction(fleet, worker, LOOKS)
        await publishing
        number += 1
    fleet.kill(worker)
    return len(opened), number


async def killed_at(fleet: Fleet, place: str) -> int:
    """Wait until the only worker has killed itself at its failpoint; return what it left open."""
    assert await fleet.alive()[0].ended() == EXIT_KILLED, fleet.report()
    fleet.size -= 1
    opened = await open_transactions(fleet.bootstrap, ALL)
    print(f"killed {place}, open transactions: {sorted(opened)}")
    return len(opened)


async def stopped_in_a_transaction(fleet: Fleet, worker: Worker, looks: int) -> set[int]:
    """Suspend a worker at a moment when it has open transactions; return of which partitions.

    After so many looks it runs, and none were open. Between two it runs for longer each time, up to what it takes to
    read back originals: one that hardly runs ends for want of time.
    """
    for look in range(looks):
        worker.signal(signal.SIGSTOP)
        if opened := await open_transactions(fleet.bootstrap, worker.serves()):
            print(f"suspended with open transactions: {sorted(opened)}")
            return opened
        worker.signal(signal.SIGCONT)
        await asyncio.sleep(0.02 * (1 + look % 8))
    return set()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("workers", [1, 2, 3])
async def test_twenty_kills_at_random_moments_change_nothing(
    workers: int, rehearse: Rehearse, private_broker: Broker, tmp_path: Path, chance: Random
) -> None:
    (play, wanted), kills, inside, transactions = await rehearse(*LONG), 20, 0, 0
    async with staged(private_broker, play, tmp_path, *SESSION, *SMALL, workers=workers) as fleet:
        for number in range(kills):
            opened = await killed_at_random(fleet, chance, play, number)
            inside, transactions = inside + bool(opened), transactions + opened
            fleet.start()
        for number in range(kills, len(play.acts)):
            await play.publish_act(fleet.bootstrap, number)
        books = await closed(fleet, play)
    print(f"{workers} workers, {kills} kills, {inside} of them inside open transactions:")
    print(f"{transactions} open, {books.aborted} records aborted; {books.charges} charges")

    same(books, wanted)
    assert inside > 0
    assert books.aborted > 0
    assert fleet.ended == []


async def test_a_kill_between_the_pieces_of_a_batch_changes_nothing(
    rehearse: Rehearse, private_broker: Broker, tmp_path: Path, chance: Random
) -> None:
    play, wanted = await rehearse(*PIECED)
    async with staged(private_broker, play, tmp_path, *SESSION) as fleet:
        fleet.kill(fleet.workers[0])
        for number in range(len(play.acts)):
            await play.publish_act(fleet.bootstrap, number)
        # The first of a batch of CDRs that has two, and the last one of another.
        for place in ("after_piece:2", f"after_piece:{chance.randint(3, 12)}"):
            fleet.start(failpoint=place)
            await killed_at(fleet, place)
        fleet.start()
        books = await closed(fleet, play)

    same(books, wanted)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_kill_at_every_place_of_a_step_changes_nothing(
    rehearse: Rehearse, private_broker: Broker, tmp_path: Path, chance: Random
) -> None:
    play, wanted = await rehearse(*LONG)
    opened: dict[str, int] = {}
    async with staged(private_broker, play, tmp_path, *SESSION, *SMALL) as fleet:
        fleet.kill(fleet.workers[0])
        for number in range(len(play.acts)):
            await play.publish_act(fleet.bootstrap, number)
        for name in FAILPOINTS:
            place = f"{name}:{chance.randint(1, 40)}"
            fleet.start(failpoint=place)
            opened[name] = await killed_at(fleet, place)
        fleet.start()
        books = await closed(fleet, play)
    print(f"{books.aborted} records of aborted transactions")

    same(books, wanted)
    assert opened["before_manifest"] > 0
    assert opened["before_commit"] > 0


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_five_joins_and_leaves_under_load_change_nothing_and_hardly_stop_anyone(
    rehearse: Rehearse, private_broker: Broker, tmp_path: Path
) -> None:
    play, wanted = await rehearse(*LONG)
    moments: list[tuple[str, float, float]] = []
    async with staged(private_broker, play, tmp_path) as fleet:
        # More than two minutes of it, a part every tenth of a second.
        enough = asyncio.Event()
        load = asyncio.create_task(flow(play, fleet.bootstrap, 0.1, 60, enough))
        for _ in range(5):
            begin = time.time()
            second = fleet.start()
            await fleet.settled()
            moments.append(("join", begin, time.time()))
            await asyncio.sleep(1.0)
            begin = time.time()
            assert await fleet.terminate(second) == 0, fleet.report()
            await fleet.settled()
            moments.append(("leave", begin, time.time()))
            await asyncio.sleep(1.0)
        assert not load.done(), "the load ended before the last leave"
        enough.set()
        await load
        books = await closed(fleet, play)
    longest = [(what, standstill_s(books, begin, end)) for what, begin, end in moments]
    print("longest standstill of a partition:", ", ".join(f"{w} {s:.2f} s" for w, s in longest))

    same(books, wanted)
    assert fleet.ended == []
    assert max(seconds for _, seconds in longest) < TAKEOVER_S


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_worker_woken_after_its_session_is_fenced_and_ends_quietly(
    rehearse: Rehearse, private_broker: Broker, tmp_path: Path
) -> None:
    play, wanted = await rehearse(*LONG)
    options = (*session(3), "--records-per-batch", "20")
    async with staged(private_broker, play, tmp_path, *options, workers=2) as fleet:
        zombie, heir = fleet.workers
        for number in range(len(play.acts)):
            await play.publish_act(fleet.bootstrap, number)
        assert await stopped_in_a_transaction(fleet, zombie, 200), fleet.report()
        took = await until(lambda: heir.serves() == ALL, fleet.report)
        zombie.signal(signal.SIGCONT)
        code = await zombie.ended()
        print(f"taken over after {took:.1f} s; the zombie ended with exit code {code}")
        books = await closed(fleet, play)

    assert code == ExitCode.FENCED, fleet.report()
    assert zombie.noise() == []
    same(books, wanted)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_broker_killed_and_restarted_under_load_changes_nothing(
    rehearse: Rehearse, private_broker: Broker, tmp_path: Path, chance: Random
) -> None:
    play, wanted = await rehearse(*LONG)
    kills: list[float] = []
    tiny = ("--records-per-batch", "10")
    async with staged(private_broker, play, tmp_path, *tiny, workers=2) as fleet:
        for half, away_s in ((range(12), chance.uniform(0, 3.0)), (range(12, 24), OUTAGE_S)):
            for number in half:
                await play.publish_act(fleet.bootstrap, number)
            await asyncio.to_thread(private_broker.kill)
            kills.append(time.time())
            await asyncio.sleep(away_s)
            await asyncio.to_thread(private_broker.restart)
            print(f"away for {time.time() - kills[-1]:.1f} s")
            await fleet.obeyed(CDR_RAW.name)
        books = await closed(fleet, play)
    after = [sum(at > 1000 * kill for _, at in books.manifests) for kill in kills]
    print(f"batches after each kill: {after}; workers that ended: {fleet.ended}")

    same(books, wanted)
    assert after[1] > 100, "the broker was killed when all work was done"


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_worker_told_to_stop_finishes_its_batch_and_hands_over(
    rehearse: Rehearse, private_broker: Broker, tmp_path: Path
) -> None:
    play, wanted = await rehearse(*LONG)
    async with staged(private_broker, play, tmp_path, *SMALL, workers=2) as fleet:
        leaving, heir = fleet.workers
        for number in range(len(play.acts)):
            await play.publish_act(fleet.bootstrap, number)
        began = time.monotonic()
        leaving.signal(signal.SIGTERM)
        fleet.size -= 1
        await until(lambda: heir.serves() == ALL, fleet.report)
        took = time.monotonic() - began
        code = await leaving.ended()
        books = await closed(fleet, play)
    print(f"handed over in {took:.2f} s")

    assert code == 0, fleet.report()
    assert leaving.noise() == []
    assert books.aborted == 0
    assert took < TAKEOVER_S
    same(books, wanted)


@pytest.mark.timeout(240)
async def test_a_short_storm_of_kills_a_join_and_a_leave_changes_nothing(
    private_broker: Broker, tmp_path: Path, chance: Random
) -> None:
    await storm(private_broker, tmp_path, chance)


async def storm(
    broker: Broker, folder: Path, chance: Random, session: tuple[str, ...] = SESSION
) -> None:
    """Kill workers at random and at their failpoints, let one join and one leave; the books are those of a calm day."""
    play = Play.of(*SHORT)
    async with staged(broker, play, folder, *session, *SMALL) as fleet:
        calm = asyncio.create_task(asyncio.to_thread(simulated, play))
        opened = await killed_at_random(fleet, chance, play, 0)
        for number, place in enumerate(("before_commit:9", "before_apply:5"), 1):
            await play.publish_act(fleet.bootstrap, number)
            fleet.start(failpoint=place)
            opened += await killed_at(fleet, place)
        fleet.start()
        opened += await killed_at_random(fleet, chance, play, 3)
        fleet.start()
        # The others may all have come between two transactions.
        inside, following = await killed_in_a_transaction(fleet, play, 4)
        fleet.start()
        second = fleet.start()
        await fleet.settled()
        for number in range(following, len(play.acts)):
            await play.publish_act(fleet.bootstrap, number)
        assert await fleet.terminate(second) == 0, fleet.report()
        books = await closed(fleet, play)
    opened += inside
    print(f"5 kills, open transactions of {opened} partitions, {books.aborted} records aborted")

    same(books, await calm)
    assert inside > 0
    assert books.aborted > 0
