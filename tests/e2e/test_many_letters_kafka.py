"""The bound of open letters on real Kafka: just as many are looked at at once, and one more the next time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from loadtest import stage
from rater.cli.dead_choices import dropping
from rater.core.cdr import Source
from rater.shell.admin.who import Who
from rater.shell.dead_letters.desk import at_desk
from rater.shell.dead_letters.ending import ending
from rater.shell.dead_letters.job import end_all
from rater.shell.dead_letters.selection import Selection
from rater.wire.outputs import encode_dead
from tests.e2e.broker import produce
from tests.e2e.dead_letters_stage import CDRS, ends
from tests.e2e.logins import reaching
from tests.shell.dead_letters.letters import ACME, NOT_JSON
from topics import catalog, roles

if TYPE_CHECKING:
    from deploy.kafka.broker import Broker

pytestmark = pytest.mark.kafka


async def drop_all(bootstrap: str, most: int) -> tuple[bool, int]:
    """Drop what is open, as `rater dead drop --all` does; return whether there were more, and how many ended."""
    broker = reaching(bootstrap, roles.DEAD_LETTERS)
    took: list[object] = []
    async with ending(broker) as ender, at_desk(broker, Selection(), most) as desk:
        await end_all(desk, ender, dropping, Who("j1", "ann"), lambda _, end: took.append(end))
        return desk.letters.is_full, len(took)


async def test_as_many_letters_as_are_looked_at_end_at_once_and_one_more_the_next_time(
    private_broker: Broker,
) -> None:
    bootstrap = private_broker.bootstrap
    await asyncio.to_thread(stage.create_topics, bootstrap)
    found = []
    for first, count in ((0, 3), (3, 4)):
        letters = [
            (b"acme", encode_dead(b"acme", b"{", Source(CDRS, ACME, first + n, 1), NOT_JSON))
            for n in range(count)
        ]
        await produce(bootstrap, catalog.DEAD.name, letters, partition=ACME)
        found += [await drop_all(bootstrap, most=3) for _ in range(2)]

    assert found == [(False, 3), (False, 0), (True, 3), (False, 1)]
    assert [each["number"] for each in await ends(bootstrap)] == list(range(1, 8))
