"""A follower that takes a day turn by turn finds it as clean as the reconciler that reads it whole."""

from collections.abc import Callable
from functools import partial

import pytest

from rater.reconcile.reading.log import Record
from tests.reconcile.everything import everything
from tests.reconcile.follow.days import begin, follow, parts_of, published_in, turns_of
from tests.reconcile.honest_worker import HonestWorker, busy_day
from tests.reconcile.proofs.account.test_lot_ids import HORIZON_MS, LOTS, funded


def named_again() -> HonestWorker:
    """Let a lot's id be forgotten, and another purchase have it in the same turn."""
    worker = funded()
    worker.pass_time(HORIZON_MS)
    worker.fund("acme", "L1", 125_000)
    worker.work()
    return worker


DAYS: dict[str, Callable[[], HonestWorker]] = {
    "busy": busy_day,
    "named again": named_again,
    **{f"everything {seed}": partial(everything, seed) for seed in (1, 4)},
}


@pytest.mark.parametrize("day", DAYS)
def test_an_honest_day_is_clean_turn_by_turn(day: str) -> None:
    topics, turns = turns_of(DAYS[day])
    partitions, published = begin(), published_in(topics)

    for number, part in enumerate(parts_of(topics, turns)):
        assert follow(partitions, part, published) == [], number
    assert len(turns) > 3


def test_an_id_that_a_later_turn_takes_out_too_early_is_one_difference() -> None:
    topics, turns = turns_of(funded)
    partition, record = next(each for each in topics[LOTS] if each[1].key == b"lot 4 acme L1")
    gone = Record(100_000, topics[LOTS][-1][1].at_ms, record.key, None)
    topics[LOTS] = [*topics[LOTS], (partition, gone)]
    partitions, published = begin(), published_in(topics)

    *before, last = [follow(partitions, part, published) for part in parts_of(topics, turns)]

    assert not any(before)
    assert [(each.proof, each.offset) for each in last] == [("lot ids", 100_000)]
