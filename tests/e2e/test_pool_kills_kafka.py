"""Kills while plans pay: terms change, months turn, calls are corrected, and the books are the undisturbed run's.

Each act has a worker killed at a random moment of it and one at a named place of a step; where licences change, one
is killed while it obeys. What is wanted is the simulator's run: the same core, one record at a time, without Kafka.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from rater.shell.process.failpoints import FAILPOINTS
from tests.e2e.charging_fleet import EXIT_KILLED, Fleet
from tests.e2e.charging_stage import proven, same
from tests.e2e.logins import session
from tests.e2e.pool_play import PoolPlay, simulated
from topics.catalog import ACCOUNT_COMMANDS, CDR_RAW, LEDGER, SUSPENSE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from random import Random

    from deploy.kafka.broker import Broker
    from tests.e2e.charging_books import Books

OPTIONS = (*session(1.5), "--records-per-batch", "50")
SHORT = (1_600, 4)
"""CDRs and acts; the long version has an act for each failpoint, twice."""
LONG = (14_000, 2 * len(FAILPOINTS))
WANTED = (
    *(
        "back",
        "dated back",
        "own",
        "split",
        "whole",
        "money",
        "post_paid",
        "owed no more",
        "waived",
    ),
    *("shortfall", "promotional", "no_user_capability"),
)
"""What has to be in the books more than twice."""
PLACES = ("before_commit", "before_apply", "before_manifest")


@pytest.fixture
def chance() -> Random:
    """Give a generator whose seed is printed."""
    seed = int(os.environ.get("RATER_KILL_SEED", time.time_ns() % 1_000_000))
    print(f"\nRATER_KILL_SEED={seed}")
    return random.Random(seed)


async def killed_at(fleet: Fleet, place: str) -> None:
    """Start a worker that kills itself at a place, wait until it has, and start one that does not."""
    worker = fleet.start(failpoint=place)
    assert await worker.ended(60) == EXIT_KILLED, fleet.report()
    fleet.size -= 1
    fleet.start()


async def perform(fleet: Fleet, play: PoolPlay, chance: Random, places: tuple[str, ...]) -> Books:
    """Perform a play with kills in every act; return the books once they are proven."""
    await play.set_up(fleet)
    fleet.start()
    await play.open(fleet)
    for act in range(len(play.acts)):
        if play.changes[act]:
            await fleet.obeyed(CDR_RAW.name)
            fleet.kill(fleet.alive()[0])
            await play.change(fleet, act)
            await killed_at(fleet, f"{chance.choice(PLACES)}:{chance.randint(1, 2)}")
            await fleet.obeyed(ACCOUNT_COMMANDS.name)
        await fleet.settled()
        publishing = asyncio.create_task(play.publish(fleet, act, 0))
        await asyncio.sleep(chance.uniform(0, 0.4))
        # All of it or nothing: the rest must come behind it.
        await publishing
        fleet.kill(fleet.alive()[0])
        await play.publish(fleet, act, 1)
        await killed_at(fleet, f"{places[act % len(places)]}:{chance.randint(1, 4)}")
    return await proven(fleet)


def has_everything(books: Books) -> None:
    """Assert that the play was worth it: every source paid calls of two months, and got back what it paid."""
    kinds: Counter[str] = Counter()
    for (topic, _), lines in books.logs.items():
        for _, value in lines if topic == LEDGER.name else ():
            entry = json.loads(value or b"")
            drawn = [d for d in entry.get("draws", []) if d.get("source") == "pool"]
            kinds.update({d["id"][:7] for d in drawn})
            kinds["back"] += any(d.get("source") == "pool" for d in entry.get("returns", []))
            kinds["own"] += any("/user=" in d["id"] for d in drawn)
            kinds.update(_of_payers(entry))
            kinds["dated back"] += entry.get("dated_back", False)
            if drawn:
                kinds["split" if entry["charge_micros"] else "whole"] += 1
            elif entry.get("outcome") == "rated":
                kinds["money"] += 1
        for _, value in lines if topic == SUSPENSE.name else ():
            kinds[json.loads(value or b"")["reason"]] += 1
    print(dict(kinds))
    assert len([kind for kind in kinds if kind[:2] == "20"]) == 2, kinds
    assert min(kinds[each] for each in WANTED) > 2, kinds
    assert min(kinds["limit_reached"], kinds["prepaid"]) > 0, kinds


def _of_payers(entry: dict[str, Any]) -> Iterator[str]:
    """Name what users, payment later and given credit have to do with an entry."""
    for draw in entry.get("draws", []):
        if draw.get("source") in {"post_paid", "waived", "shortfall"}:
            yield draw["source"]
        if draw.get("category") == "promotional":
            yield "promotional"
    if any(back.get("source") == "post_paid" for back in entry.get("returns", [])):
        yield "owed no more"
    if entry["kind"] == "billing_state_changed":
        yield entry["state"]


@pytest.mark.timeout(300)
async def test_killed_in_every_act_pools_have_paid_what_an_undisturbed_run_says(
    private_broker: Broker, tmp_path: Path, chance: Random
) -> None:
    await killed_and_the_same(PoolPlay.of(*SHORT), private_broker, tmp_path, (chance, PLACES))


@pytest.mark.slow
@pytest.mark.timeout(1_200)
async def test_killed_at_every_place_pools_have_paid_what_an_undisturbed_run_says(
    private_broker: Broker, tmp_path: Path, chance: Random
) -> None:
    play = PoolPlay.of(*LONG, seed=chance.randrange(1_000))
    await killed_and_the_same(play, private_broker, tmp_path, (chance, FAILPOINTS))


async def killed_and_the_same(
    play: PoolPlay, broker: Broker, folder: Path, how: tuple[Random, tuple[str, ...]]
) -> None:
    fleet = Fleet(broker.bootstrap, folder, OPTIONS)
    try:
        books = await perform(fleet, play, *how)
    finally:
        fleet.end()
    print(f"{len(fleet.workers)} workers, {books.aborted} records aborted, {books.charges} charges")

    wanted = simulated(play)
    same(books, wanted)
    has_everything(wanted)
    assert books.aborted > 0
