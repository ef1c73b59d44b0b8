"""Days: what honest workers wrote, cut behind each of their turns, for a follower to take one part after the other."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rater.reconcile.difference import Difference
from rater.reconcile.folds.deck_versions import read_decks
from rater.reconcile.folds.plan_versions import read_plans
from rater.reconcile.folds.published import Published
from rater.reconcile.folds.settings_versions import read_settings
from rater.reconcile.follow.partition import Partition
from rater.reconcile.reading.log import Located, Record
from tests.reconcile.honest_worker import PARTITIONS, HonestWorker
from tests.reconcile.tampering import Topics
from topics.catalog import CHARGING_SETTINGS, RATE_DECKS, RATE_PLANS

Ends = dict[tuple[str, int], int]
"""By topic and partition, where it ended."""


def turns_of(day: Callable[[], HonestWorker]) -> tuple[Topics, list[Ends]]:
    """Live a day; return its topics, and where they ended after each turn of the worker."""
    turns: list[Ends] = []
    whole, flush = HonestWorker.work, HonestWorker.flush

    def noted(of: Callable[..., None]) -> Callable[..., None]:
        def turn(self: HonestWorker, *args: Any) -> None:
            of(self, *args)
            turns.append(dict(self.ends))

        return turn

    HonestWorker.work, HonestWorker.flush = noted(whole), noted(flush)  # type: ignore[method-assign]
    try:
        worker = day()
    finally:
        HonestWorker.work, HonestWorker.flush = whole, flush  # type: ignore[method-assign]
    return dict(worker.topics), [*turns, dict(worker.ends)]


def published_in(topics: Topics) -> Published:
    """Return the decks, settings and plans of topics."""
    return Published(
        read_decks(topics.get(RATE_DECKS.name, [])),
        read_settings(topics.get(CHARGING_SETTINGS.name, [])),
        read_plans(topics.get(RATE_PLANS.name, [])),
    )


def parts_of(topics: Topics, turns: Sequence[Ends]) -> Iterator[list[dict[str, list[Record]]]]:
    """Yield what came with each turn, by partition and topic; what lies behind all comes with the last."""
    for number in range(len(turns)):
        yield part_of(topics, turns, number)


def part_of(topics: Topics, turns: Sequence[Ends], number: int) -> list[dict[str, list[Record]]]:
    """Return what came with one turn."""
    before: Ends = turns[number - 1] if number else {}
    ends = None if number == len(turns) - 1 else turns[number]
    return [_part(topics, p, before, ends) for p in range(PARTITIONS)]


def _part(
    topics: Topics, partition: int, before: Ends, ends: Ends | None
) -> dict[str, list[Record]]:
    part: dict[str, list[Record]] = defaultdict(list)
    for topic, located in topics.items():
        first = before.get((topic, partition), 0)
        end = None if ends is None else ends.get((topic, partition), 0)
        part[topic] = [
            r for r in _records(located, partition, first) if end is None or r.offset < end
        ]
    return part


def _records(located: Sequence[Located], partition: int, first: int) -> Iterator[Record]:
    return (record for number, record in located if number == partition and record.offset >= first)


def begin() -> list[Partition]:
    """Return a follower's partitions before anything was read."""
    return [Partition(number, PARTITIONS) for number in range(PARTITIONS)]


def follow(
    partitions: Sequence[Partition], part: Sequence[dict[str, list[Record]]], published: Published
) -> list[Difference]:
    """Prove what came with one turn; what there is of a topic begins where the part before ended."""
    found: list[Difference] = []
    for each, window in zip(partitions, part, strict=True):
        found += each.prove(window, published)
    return found
