"""What is held has no turn, keeps its place, and takes nobody else's."""

from types import SimpleNamespace
from typing import Any, cast

from faust.types import TP

from rater.shell.stream.consumer_thread import GATHERED_MAX, BatchConsumerThread

CDRS, COMMANDS, OTHER = TP("cdrs", 3), TP("commands", 3), TP("cdrs", 4)


def turn(held: set[str], waiting: dict[TP, int], behind: tuple[TP, ...] = ()) -> list[TP]:
    """Return whose turn it is, with so many records of each source waiting."""
    scheduler = SimpleNamespace(partitions_at_once=2)
    thread = BatchConsumerThread.__new__(BatchConsumerThread)
    thread.consumer = cast("Any", SimpleNamespace(is_held=held.__contains__, scheduler=scheduler))
    thread._gathered = cast(
        "Any",
        {tp: SimpleNamespace(since=1.0, records=[None] * n) for tp, n in waiting.items()},
    )
    thread._delivered_at = dict.fromkeys(behind, 4.5)
    return thread._turn(tuple(waiting), behind, GATHERED_MAX, 5.0)


def test_of_a_partition_whose_cdrs_are_held_commands_have_their_turn() -> None:
    waiting = {CDRS: 7, COMMANDS: 1}

    assert turn(set(), waiting) == [CDRS, COMMANDS]
    assert turn({"cdrs"}, waiting) == [COMMANDS]


def test_what_is_held_has_no_turn_when_it_is_full_either() -> None:
    waiting = {CDRS: GATHERED_MAX, OTHER: GATHERED_MAX}

    assert turn(set(), waiting) == [CDRS, OTHER]
    assert turn({"cdrs"}, waiting) == []


def test_a_batch_that_was_at_work_when_the_stop_began_has_its_place_until_it_is_done() -> None:
    assert turn({"cdrs"}, {COMMANDS: 1}, behind=(CDRS,)) == []
    assert turn({"cdrs"}, {COMMANDS: 1}) == [COMMANDS]
