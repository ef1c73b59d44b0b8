"""Whose turn it is: a few partitions at a time, the longest waiting first, and none held up for ever."""

import random

from faust.types import TP

from rater.shell.stream.turns import LONG_STEP_S, next_sources


def cdrs(*numbers: int) -> list[TP]:
    return [TP("cdrs", number) for number in numbers]


def test_the_partitions_that_have_waited_longest_come_first() -> None:
    waiting = dict(zip(cdrs(0, 1, 2, 3), (4.0, 2.0, 3.0, 1.0), strict=True))

    assert next_sources(waiting, {}, 5.0, 2) == cdrs(1, 3)


def test_what_is_at_work_takes_its_place() -> None:
    waiting = dict(zip(cdrs(0, 1, 2), (1.0, 2.0, 3.0), strict=True))
    (busy,) = cdrs(7)

    assert next_sources(waiting, {busy: 4.5}, 5.0, 2) == cdrs(0)
    assert next_sources(waiting, dict.fromkeys(cdrs(6, 7), 4.5), 5.0, 2) == []
    assert next_sources(waiting, dict.fromkeys(cdrs(5, 6, 7), 4.5), 5.0, 2) == []


def test_all_sources_of_a_partition_are_one_turn() -> None:
    commands, calls = TP("commands", 3), TP("cdrs", 3)
    waiting = {calls: 1.0, commands: 9.0, TP("cdrs", 4): 2.0, TP("cdrs", 5): 3.0}

    assert next_sources(waiting, {}, 9.0, 2) == [calls, commands, TP("cdrs", 4)]
    both = {TP("commands", 6): 8.5, TP("cdrs", 6): 8.5}
    assert next_sources(waiting, both, 9.0, 2) == [calls, commands]


def test_a_partition_at_work_is_given_nothing_else() -> None:
    waiting = {TP("commands", 3): 1.0, TP("cdrs", 4): 2.0}

    assert next_sources(waiting, {TP("cdrs", 3): 4.5}, 5.0, 2) == [TP("cdrs", 4)]
    # Its step takes long: it holds up no other, and is still given nothing.
    assert next_sources(waiting, {TP("cdrs", 3): 1.0}, 5.0, 1) == [TP("cdrs", 4)]


def test_steps_that_take_long_hold_up_no_other_partition() -> None:
    waiting = dict.fromkeys(cdrs(0, 1), 1.0)
    stuck = dict.fromkeys(cdrs(6, 7), 4.0)

    assert next_sources(waiting, stuck, 4.0 + LONG_STEP_S / 2, 2) == []
    assert next_sources(waiting, stuck, 4.0 + LONG_STEP_S, 2) == cdrs(0, 1)


def test_a_full_partition_waits_for_no_turn() -> None:
    waiting = dict(zip(cdrs(0, 1, 2), (1.0, 2.0, 3.0), strict=True))
    stuck = dict.fromkeys(cdrs(6, 7), 4.5)

    assert next_sources(waiting, stuck, 5.0, 2, full={*cdrs(2)}) == cdrs(2)
    assert next_sources(waiting, {}, 5.0, 1, full={*cdrs(2)}) == cdrs(0, 2)
    # Unless a step of it is at work.
    commands = {TP("commands", 3): 1.0}
    assert next_sources(commands, {TP("cdrs", 3): 4.5}, 5.0, 2, full={*commands}) == []


def test_every_partition_comes_round_whatever_the_others_have() -> None:
    chance = random.Random(1)
    last = dict.fromkeys(range(8), 0)
    waiting = dict.fromkeys(cdrs(*range(8)), 0.0)
    at_work: dict[TP, float] = {}
    for now in range(1, 400):
        for done in [tp for tp in at_work if chance.random() < 0.5]:
            del at_work[done]
            waiting[done] = now - 0.9
        for tp in next_sources(waiting, at_work, float(now), 2):
            del waiting[tp]
            at_work[tp] = float(now)
            assert now - last[tp.partition] < 40
            last[tp.partition] = now
    assert min(last.values()) > 360
