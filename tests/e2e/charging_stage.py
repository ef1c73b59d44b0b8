"""The stage of a kill test: a broker, a play set up on it, workers, and the final judgement."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

from aiokafka import TopicPartition

from loadtest import user_oracle
from loadtest.oracle import compare_outcomes, compare_with_plan, fold_topic
from loadtest.rater_command import run
from tests.e2e.broker import MARKERS_S, open_places, own_broker
from tests.e2e.charging_books import LOGS, STATES, Books, differences, read_books
from tests.e2e.charging_fleet import Fleet
from tests.e2e.charging_play import SOURCES
from topics.catalog import PARTITIONS

if TYPE_CHECKING:
    from asyncio import Event
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from deploy.kafka.broker import Broker
    from tests.e2e.charging_play import Play

STATUSES_OWED_S = 1.5
"""So long a status may be owed after the last CDR: a stream second and the timer's period."""


@asynccontextmanager
async def staged(
    broker: Broker, play: Play, folder: Path, *options: str, workers: int = 1
) -> AsyncIterator[Fleet]:
    """Start workers on an empty broker and let them obey the play's commands."""
    await asyncio.to_thread(play.set_up, broker.bootstrap)
    fleet = Fleet(broker.bootstrap, folder, options)
    try:
        for _ in range(workers):
            fleet.start()
        await play.publish_commands(broker.bootstrap, fleet.obeyed)
        await fleet.settled()
        await fleet.obeyed(*SOURCES)
        yield fleet
    finally:
        fleet.end()


async def undisturbed(play: Play, folder: Path) -> Books:
    """Perform a play on a broker of its own, with one worker that nothing happens to."""
    broker = own_broker()
    try:
        broker.start()
        async with staged(broker, play, folder) as fleet:
            for number in range(len(play.acts)):
                await play.publish_act(broker.bootstrap, number)
            return await closed(fleet, play)
    finally:
        broker.remove()


async def closed(fleet: Fleet, play: Play) -> Books:
    """Wait for the end of the play, stop the workers, and return the books once they are proven.

    Proven by `rater reconcile` and by what the generator expected, each on its own.
    """
    books = await proven(fleet)
    assert compare_outcomes(books.outcomes, play.expected) == []
    assert compare_with_plan(await fold_topic(fleet.bootstrap), play.expected) == []
    assert await user_oracle.problems(fleet.bootstrap, play.expected) == []
    return books


async def proven(fleet: Fleet) -> Books:
    """Wait until all is obeyed, stop the workers, and return the books once `rater reconcile` names no difference."""
    await fleet.obeyed(*SOURCES)
    await fleet.settled()
    await asyncio.sleep(STATUSES_OWED_S)
    await fleet.stop()
    verdict = await reconciled(fleet.bootstrap)
    assert not verdict, verdict[:5]
    return await read_books(fleet.bootstrap)


async def reconciled(bootstrap: str) -> list[object]:
    """Run `rater reconcile`; return the differences that it names."""
    arguments = ("reconcile", "--json", "--complete", "--broker", bootstrap)
    done = await asyncio.to_thread(run, *arguments, accepted=(0, 1))
    last = done.text.splitlines()[-1]
    assert last.startswith("{"), done.text
    told: list[object] = json.loads(last)["differences"]
    assert bool(told) == bool(done.code), done.text
    return told


def same(found: Books, wanted: Books) -> None:
    """Assert that two runs wrote the same."""
    told = differences(found, wanted)
    assert not told, f"{len(told)} differences\n" + "\n".join(told[:5])


async def open_transactions(bootstrap: str, partitions: Iterable[int]) -> set[int]:
    """Return in which of the partitions some output has a transaction that is still open.

    Asked while nobody owns them: what has been committed is given time for its markers.
    """
    await asyncio.sleep(MARKERS_S)
    places = [TopicPartition(topic, number) for topic in (*LOGS, *STATES) for number in partitions]
    if not places:
        return set()
    async with open_places(bootstrap) as open_now:
        return {place.partition for place in await open_now(places)}


def standstill_s(books: Books, begin: float, end: float) -> float:
    """Return the longest time without a committed batch of a partition, around a moment.

    Only meaningful while records flow into every partition; times are seconds since 1970.
    """
    longest = 0
    for partition in range(PARTITIONS):
        times = sorted(at for number, at in books.manifests if number == partition)
        for before, after in pairwise(times):
            if before <= end * 1000 and after >= begin * 1000:
                longest = max(longest, after - before)
    return longest / 1000


async def flow(play: Play, bootstrap: str, every_s: float, parts: int, hurry: Event) -> None:
    """Publish a play evenly, each act in parts, one part every so many seconds, until in a hurry."""
    due = time.monotonic()
    for number, act in enumerate(play.acts):
        size = -(-len(act) // parts)
        for at in range(0, len(act), size):
            await play.publish_part(bootstrap, act[at : at + size], number)
            due += every_s
            if not hurry.is_set():
                await asyncio.sleep(max(0.0, due - time.monotonic()))
