"""The follower: what it has taken and cannot prove yet is not lost; what takes long to save is saved seldom."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from time import sleep
from typing import Any

import pytest
from aiokafka.errors import KafkaError

from rater.reconcile.folds.published import Published
from rater.reconcile.follow.checkpoint import Checkpoints
from rater.reconcile.follow.partition import Partition, Window
from rater.shell.follower.follower import Follower
from rater.shell.follower.metrics import FollowerMetrics
from rater.shell.follower.settings import FollowerSettings
from rater.shell.process.health import Health
from rater.shell.process.metrics import Metrics
from tests.reconcile.everything import everything
from tests.reconcile.follow.days import part_of, published_in, turns_of
from tests.reconcile.honest_worker import PARTITIONS
from topics.catalog import CDR_RAW


class ForgetfulTail:
    """A tail that gives each window once, unless it is told to forget; what is published fails at first."""

    def __init__(self, windows: Sequence[Window], published: Published) -> None:
        self.windows = windows
        self.shared = published
        self.taken: set[int] = set()
        self.fails = True

    async def look(self, partitions: int) -> None:
        assert partitions == PARTITIONS

    async def window(self, part: Partition) -> Window | None:
        if part.number in self.taken:
            return None
        self.taken.add(part.number)
        return self.windows[part.number]

    async def published(self) -> Published:
        if self.fails:
            self.fails = False
            raise KafkaError
        return self.shared

    def forget(self, number: int) -> None:
        self.taken.discard(number)

    def oldest_ms(self, part: Partition) -> int | None:
        return None if part.is_begun else 0


class BusyTail(ForgetfulTail):
    """A tail of which something moves with every look."""

    async def window(self, part: Partition) -> Window | None:
        return await super().window(part) or {}


class CountedCheckpoints(Checkpoints):
    """Checkpoints in memory, each of which takes a time to write; they are counted by partition."""

    def __init__(self, takes_s: float) -> None:
        super().__init__(None, "c", PARTITIONS)
        self.takes_s = takes_s
        self.saved: Counter[int] = Counter()

    def save(self, part: Partition) -> None:
        sleep(self.takes_s)
        self.saved[part.number] += 1
        super().save(part)


async def for_a_while(follower: Follower, seconds: float = 3) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await follower.run()


def test_a_window_is_proven_though_decks_could_not_be_read_at_first(
    caplog: pytest.LogCaptureFixture,
) -> None:
    topics, turns = turns_of(partial(everything, 3, 120))
    windows = part_of(topics, turns[-1:], 0)
    tail: Any = ForgetfulTail(windows, published_in(topics))
    metrics = FollowerMetrics(Metrics(rooms=()), 0)
    shown = metrics, Health(metrics.shared, parts=("tail",))
    settings = FollowerSettings(broker_address="127.0.0.1:1", every_s=0.2)
    follower = Follower(settings, tail, Checkpoints(None, "c", PARTITIONS), PARTITIONS, shown)

    asyncio.run(for_a_while(follower))
    proven = metrics.shared.registry.get_sample_value(
        "rater_reconciliation_records_total", {"kind": "cdrs"}
    )
    assert proven == sum(len(window[CDR_RAW.name]) for window in windows) > 0
    assert "DIFFERENCE" not in caplog.text


@pytest.mark.alone
@pytest.mark.parametrize(("takes_s", "least", "most"), [(0.0, 2, 4), (0.25, 1, 1)])
def test_what_takes_long_to_save_is_saved_seldom(takes_s: float, least: int, most: int) -> None:
    topics, turns = turns_of(partial(everything, 3, 120))
    tail: Any = BusyTail(part_of(topics, turns[-1:], 0), published_in(topics))
    tail.fails = False
    metrics = FollowerMetrics(Metrics(rooms=()), 0)
    shown = metrics, Health(metrics.shared, parts=("tail",))
    settings = FollowerSettings(broker_address="127.0.0.1:1", every_s=0.2, checkpoint_every_s=1.0)
    kept = CountedCheckpoints(takes_s)
    follower = Follower(settings, tail, kept, PARTITIONS, shown)

    asyncio.run(for_a_while(follower, 4.9))

    assert set(kept.saved) == set(range(PARTITIONS))
    assert least <= min(kept.saved.values()) <= max(kept.saved.values()) <= most
