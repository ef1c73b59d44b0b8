"""Spans: a call cut where another row comes into force, each piece with what is billed of it.

Rule 1: seconds are indivisible. Second `n` of a call belongs to the row in force `n` seconds after
        the answer.
Rule 2: a boundary at which the same row goes on is no boundary.
Rule 3: each span rounds up to its own increments; what was billed beyond its end shortens the spans
        that follow, and a span that is wholly paid for vanishes. The initial increment is for the
        first span of the call alone, and not for what is left of a call whose beginning a pool paid.
        A row of one price per call that is in force at the answer pays for the whole call, or for all that
        a pool has left of it: nothing cuts it. One that comes into force later adds nothing.
Rule 4: local wall time decides. In the hour that daylight saving skips no second falls; in the one
        that it repeats the same band holds twice.
Rule 5: every second needs a price: where one falls outside all bands, or into a denied one, the
        call has none.

The work grows with the number of spans, never with the seconds.
"""

from collections.abc import Iterator

from msgspec import Struct

from rater.core.limits import SECOND_MS
from rater.core.money import div_ceil
from rater.core.pricing.rates import Action, Row, billed_seconds
from rater.core.pricing.schedule import Schedule
from rater.core.pricing.zones import Zone


class Piece(Struct, frozen=True, gc=False):
    """A stretch of a call under one row: its first second, its seconds, and what is billed."""

    start: int
    seconds: int
    billed_s: int
    row: Row


class Gap(Struct, frozen=True, gc=False):
    """The first second of a call that has no price: outside all bands, or in a denied one."""

    second: int
    row: Row | None
    """The row that denies; None: there is no row."""


def cut(
    schedule: Schedule, zone: Zone, answered_ms: int, duration_s: int, paid_s: int = 0
) -> list[Piece] | Gap:
    """Cut a call into the pieces that are billed, in order; its first `paid_s` seconds are paid already."""
    pieces: list[Piece] = []
    paid = paid_s
    for start, end, row in _stretches(schedule, zone, answered_ms, duration_s):
        if row is None or row.action is Action.DENY:
            return Gap(start, row)
        if not (start or row.increment_s) and duration_s > paid_s:
            return [Piece(paid_s, duration_s - paid_s, row.initial_s, row)]
        if end > paid:
            begin = max(start, paid)
            billed = billed_seconds(row, end - begin, first=not (pieces or paid_s))
            pieces.append(Piece(begin, end - begin, billed, row))
            paid = begin + billed
    return pieces


def row_at_answer(schedule: Schedule, zone: Zone, answered_ms: int) -> Row | None:
    """Return the row in force at the answer; None outside all bands."""
    return _in_force(schedule, zone, answered_ms, 0)[0]


def _stretches(
    schedule: Schedule, zone: Zone, answered_ms: int, duration_s: int
) -> Iterator[tuple[int, int, Row | None]]:
    """Yield first second, end and row of each stretch of the call under one row, or under none."""
    start = 0
    row, until = _in_force(schedule, zone, answered_ms, 0)
    while until is not None and until < duration_s:
        following, further = _in_force(schedule, zone, answered_ms, until)
        if following is not row:
            yield start, until, row
            start, row = until, following
        until = further
    yield start, duration_s, row


def _in_force(
    schedule: Schedule, zone: Zone, answered_ms: int, second: int
) -> tuple[Row | None, int | None]:
    """Return the row in force at a second, and the next second at which it may be another."""
    if schedule.is_even:
        return schedule.tiers[0].at(second)
    now_ms = answered_ms + second * SECOND_MS
    local_ms, even_until_ms = zone.local_time(now_ms)
    tiers, left_ms = schedule.in_force(local_ms)
    change_ms = min(now_ms + left_ms, even_until_ms)
    change = div_ceil(change_ms - answered_ms, SECOND_MS)
    row, following = tiers.at(second)
    return row, change if following is None else min(change, following)
