"""A follower that takes a day turn by turn finds it as clean as the reconciler that reads it whole."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.reconcile.everything import everything
from tests.reconcile.follow.days import begin, follow, parts_of, published_in, turns_of
from tests.reconcile.honest_worker import HonestWorker, busy_day

DAYS: dict[str, Callable[[], HonestWorker]] = {
    "busy": busy_day,
    **{f"everything {seed}": partial(everything, seed) for seed in (1, 4)},
}


@pytest.mark.parametrize("day", DAYS)
def test_an_honest_day_is_clean_turn_by_turn(day: str) -> None:
    topics, turns = turns_of(DAYS[day])
    partitions, published = begin(), published_in(topics)

    for number, part in enumerate(parts_of(topics, turns)):
        assert follow(partitions, part, published) == [], number
    assert len(turns) > 3
