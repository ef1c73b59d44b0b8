"""Kills while calls in suspense are recycled and charges are rated again: the books are those of an undisturbed run.

CDRs, corrections and voids go on meanwhile. Each job is an operator's command; it is killed when a part of its orders
is carried out, workers die at a named place and at random moments, and it is begun again under its name until it says
that all is done. What is wanted is, to the byte, a replay of what lies on the topics; and of each call the charge, and
of each tenant the balance, that the last deck alone would have led to (R27).
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from itertools import cycle
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from loadtest.rater_command import run
from rater.shell.process.clock import now_ms
from rater.shell.process.failpoints import FAILPOINTS
from rater.shell.recycling.desk import read_rules
from tests.e2e.broker import consume, end_offsets, produce
from tests.e2e.charging_fleet import EXIT_KILLED, Fleet
from tests.e2e.charging_stage import proven, same
from tests.e2e.logins import patience, reaching, session
from tests.e2e.mended_play import (
    TENANTS,
    MendedPlay,
    Sent,
    deck_of,
    funding,
    kinds_of,
    rated_at_once,
    standing,
)
from tests.e2e.places import places
from tests.e2e.replayed_books import replayed
from tests.e2e.test_freecall_kafka import CDRS, COMMANDS, TIMERS, set_up
from tests.e2e.test_kills_kafka import chance
from tests.e2e.test_rerating_kafka import load
from tests.e2e.test_suspense_kafka import WHO, ledger, started
from topics.roles import RECYCLER

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence
    from pathlib import Path
    from random import Random

    from deploy.kafka.broker import Broker
    from rater.core.pricing.rules import Rules
    from tests.e2e.charging_books import Books

__all__ = ["chance"]
OPTIONS = (*session(1.5), "--records-per-batch", "50")
SHORT = (2_100, 1)
"""CDRs and rounds: so many that a job has more orders than it sends at once."""
LONG = (10_500, 5)
"""Ten jobs: more than there are places at which a step can be killed."""
BEGUN_MAX = 6
"""So often a job is begun again: calls that are corrected while it looks at them are not its own any more."""
WANTED = (
    *("by job, released", "by job, rerated", "charged, then rerating", "voided while it waited"),
    *("charged, then correction", "charged, then void"),
)
"""What a play must have had."""
WANTED_LONG = (
    *("released, then correction", "rerated, then correction", "rerated, then void"),
    "rerated, then rerating",
)


class Job(NamedTuple):
    """A command that is begun again under its name."""

    name: str
    words: tuple[str, ...]


def jobs_of(number: int) -> tuple[Job, Job]:
    """Return the jobs of a round: the one on what waits, and the one on what was charged."""
    return (
        Job(f"recycle-{number}", ("suspense", "recycle", "--all")),
        Job(f"rerate-{number}", ("rerate", "--deck", "sample", "--limit", "1000000")),
    )


class Performance:
    """A play that is performed, and what is done to workers and jobs meanwhile."""

    def __init__(
        self, fleet: Fleet, play: MendedPlay, chance: Random, places: Sequence[str]
    ) -> None:
        """Use the places one after another, again and again."""
        self.fleet = fleet
        self.play = play
        self.rules: list[tuple[int, Rules]] = []
        """What was published, and since when workers go by it."""
        self.carried_out: dict[str, int] = {}
        """How many orders of a job were carried out when it was killed."""
        self._chance = chance
        self._places = cycle(places)

    async def perform(self) -> Books:
        """Perform all rounds; return the books once they are proven."""
        await set_up(self.fleet, list(TENANTS))
        await self._learn(0)
        self.fleet.start()
        await produce(self.fleet.bootstrap, COMMANDS, funding())
        await self.fleet.obeyed(COMMANDS)
        for number, (first, *others) in enumerate(self.play.rounds):
            await self._storm(first)
            await self._mend(number + 2)
            for job, act in zip(jobs_of(number), others, strict=True):
                await self._killed(job, act)
                await self._done(job)
        return await proven(self.fleet)

    async def _learn(self, since_ms: int) -> None:
        rules = await read_rules(reaching(self.fleet.bootstrap, RECYCLER))
        self.rules.append((since_ms, rules))

    def _kill(self) -> None:
        for worker in self.fleet.alive():
            self.fleet.kill(worker)

    async def _killed_at_a_place(self, least: int, most: int) -> None:
        """Start a worker that kills itself at the next place, and wait until it has."""
        place = f"{next(self._places)}:{self._chance.randint(least, most)}"
        worker = self.fleet.start(failpoint=place)
        assert await worker.ended() == EXIT_KILLED, f"{place}\n{self.fleet.report()}"
        self.fleet.size -= 1
        print(f"killed {place}")

    async def _publish(self, act: list[Sent], half: int) -> None:
        """Publish the first half of an act, or the second."""
        middle = len(act) // 2
        records = act[middle:] if half else act[:middle]
        await produce(self.fleet.bootstrap, CDRS, records)

    async def _storm(self, act: list[Sent]) -> None:
        """Publish an act, with a kill at a random moment of it and one at a place."""
        await self.fleet.settled()
        publishing = asyncio.create_task(self._publish(act, 0))
        await asyncio.sleep(self._chance.uniform(0, 0.4))
        # All of it or nothing: the rest must come behind it.
        await publishing
        self._kill()
        await self._publish(act, 1)
        await self._killed_at_a_place(1, 4)
        self.fleet.start()

    async def _mend(self, version: int) -> None:
        """Publish a deck while nobody is at work, so that it is known which deck has priced what."""
        await self.fleet.obeyed(CDRS, TIMERS)
        self._kill()
        await asyncio.to_thread(load, self.fleet, version, deck_of(version))
        await self._learn(now_ms())

    async def _killed(self, job: Job, act: list[Sent]) -> None:
        """Begin a job amid an act, and kill its workers, itself, and the next workers, before it is done."""
        self._kill()
        bootstrap = self.fleet.bootstrap
        before = await end_offsets(bootstrap, TIMERS)
        await self._publish(act, 0)
        process = started(*_words(job), "--broker", bootstrap)
        try:
            await self._ordered(before, process)
            publishing = asyncio.create_task(self._publish(act, 1))
            await self._killed_at_a_place(4, 12)
            await publishing
        finally:
            process.kill()
            process.wait()
        self.carried_out[job.name] = sum(job.name == e.get("job_id") for e in await self._charges())
        self.fleet.start()
        await self.fleet.settled()
        await asyncio.sleep(self._chance.uniform(0, 0.3))
        self._kill()
        self.fleet.start()

    async def _ordered(self, before: dict[int, int], process: subprocess.Popen[bytes]) -> None:
        """Wait until the first orders of a job lie on their topic, committed."""
        async with asyncio.timeout(patience(60)):
            while await end_offsets(self.fleet.bootstrap, TIMERS) == before:
                assert process.poll() is None, f"the job has ended with {process.returncode}"
                await asyncio.sleep(0.05)

    async def _done(self, job: Job) -> None:
        """Begin a job again until it is done; the first time with a kill at a random moment."""
        words = (*_words(job), "--broker", self.fleet.bootstrap)
        for number in range(BEGUN_MAX):
            running = asyncio.create_task(asyncio.to_thread(run, *words, accepted=(0, 1, 2)))
            if not number:
                await asyncio.sleep(self._chance.uniform(1, 3))
                self._kill()
                self.fleet.start()
            ended = await running
            print(f"{job.name}: exit code {ended.code}, {ended.text.splitlines()[-1:]}")
            if not ended.code:
                return
            await self.fleet.obeyed(CDRS, TIMERS)
        pytest.fail(f"{job.name} is never done\n{ended.text[-2_000:]}")

    async def _charges(self) -> list[dict[str, Any]]:
        return [each for each in await ledger(self.fleet) if each["kind"] == "charge"]


def _words(job: Job) -> tuple[str, ...]:
    return (*job.words, "--job", job.name, *WHO)


def each_order_once(entries: list[dict[str, Any]]) -> None:
    """Assert that no version was charged twice in the same way, and by no job twice."""
    posted: Counter[tuple[str, ...]] = Counter()
    for each in entries:
        if each["kind"] != "charge":
            continue
        name = each["tenant_id"], each["cdr_id"], str(each.get("version", 1))
        posted[*name, f"generation {each.get('generation', 0)}"] += 1
        if "job_id" in each:
            posted[*name, f"job {each['job_id']}"] += 1
    twice = [name for name, times in posted.items() if times > 1]
    assert not twice, f"{len(twice)} posted twice: {twice[:3]}"


async def is_as_undisturbed(performance: Performance, books: Books) -> Counter[str]:
    """Assert that a performance was as if nothing had happened; return what jobs and versions have done."""
    bootstrap = performance.fleet.bootstrap
    entries = await ledger(performance.fleet)
    each_order_once(entries)
    assert books.open_suspense == {}
    records = [*await consume(bootstrap, COMMANDS), *await consume(bootstrap, CDRS)]
    wanted = rated_at_once(performance.rules[-1][1], records)
    told = standing(entries).differences(wanted)
    assert not told, f"{len(told)} differences to calls that were rated at once\n{told[:5]}"
    same(books, await replayed(bootstrap, performance.rules))
    return kinds_of(entries)


async def killed_and_mended(
    play: MendedPlay, broker: Broker, folder: Path, how: tuple[Random, Sequence[str]]
) -> Counter[str]:
    """Perform a play, and judge it; return what it had."""
    fleet = Fleet(broker.bootstrap, folder, OPTIONS)
    performance = Performance(fleet, play, *how)
    try:
        books = await performance.perform()
        kinds = await is_as_undisturbed(performance, books)
    finally:
        fleet.end()
    print(f"{len(fleet.workers)} workers, {books.aborted} records aborted, {books.charges} charges")
    print(f"carried out when killed: {performance.carried_out}; {dict(kinds)}")

    assert min(kinds[each] for each in WANTED) > 2, kinds
    assert books.aborted > 0
    assert fleet.ended == []
    assert any(0 < n < kinds[name] for name, n in performance.carried_out.items()), kinds
    return kinds


@pytest.mark.timeout(300)
async def test_jobs_that_are_killed_amid_corrections_leave_the_books_of_an_undisturbed_run(
    private_broker: Broker, tmp_path: Path, chance: Random
) -> None:
    # So that the seed that is printed draws the places, too.
    random.seed(chance.random())
    how = chance, places(FAILPOINTS, "two")
    await killed_and_mended(MendedPlay.of(*SHORT), private_broker, tmp_path, how)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
async def test_ten_jobs_killed_at_every_place_leave_the_books_of_an_undisturbed_run(
    private_broker: Broker, tmp_path: Path, chance: Random
) -> None:
    play = MendedPlay.of(*LONG, seed=chance.randrange(1_000))
    kinds = await killed_and_mended(play, private_broker, tmp_path, (chance, FAILPOINTS))

    assert min(kinds[each] for each in WANTED_LONG) > 2, kinds
