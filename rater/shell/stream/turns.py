"""Turns: of the partitions that have something waiting, those whose step begins now.

Steps of all partitions at the same time share one loop and one broker, and all of them end late. A few at a time end
early, each in its turn, and what waits for its turn becomes one larger batch. Under full load nobody waits for a turn:
there it is how much is done that counts, not when, and steps of many partitions fill each other's waits for the broker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from faust.types import TP

PARTITIONS_AT_ONCE = 2
"""One is decided while another waits for the broker to commit."""
LONG_STEP_S = 1.0
"""A step that has taken longer waits for something, such as a broker that is gone: it holds up no other partition."""


def next_sources(
    waiting: Mapping[TP, float],
    at_work: Mapping[TP, float],
    now: float,
    at_once: int = PARTITIONS_AT_ONCE,
    full: AbstractSet[TP] = frozenset(),
) -> list[TP]:
    """Return the sources whose batches are delivered now: all of a partition together, whose steps take turns anyway.

    `waiting` says since when each has something, `at_work` since when each is at work, in seconds of any one clock.
    The partition that has waited longest comes first; at most `at_once` are at work, besides those of which a source
    has as much as may wait (`full`).
    """
    busy = {tp.partition for tp in at_work}
    counted = {tp.partition for tp, since in at_work.items() if now - since < LONG_STEP_S}
    since: dict[int, float] = {}
    for tp, began in waiting.items():
        if tp.partition not in busy:
            since[tp.partition] = min(began, since.get(tp.partition, began))
    free = max(at_once - len(counted), 0)
    turn = {*sorted(since, key=since.__getitem__)[:free], *(tp.partition for tp in full)}
    return [tp for tp in waiting if tp.partition in turn - busy]
