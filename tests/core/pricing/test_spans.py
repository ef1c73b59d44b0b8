"""Calls cut into spans."""

from rater.core.pricing.rates import Action, Row
from rater.core.pricing.schedule import Schedule, compile_schedule
from rater.core.pricing.spans import Gap, Piece, cut
from rater.core.pricing.zones import UTC, Zone

HOUR_S = 3_600
HOUR_MS = HOUR_S * 1_000
MONDAY_MS = 4 * 24 * HOUR_MS
"""1970-01-05, a Monday."""


def band(line: int, start: int, end: int, **others: object) -> Row:
    slot = {"start_s": start * HOUR_S, "end_s": end * HOUR_S}
    return Row(line, "33", 1, **slot, **others)  # type: ignore[arg-type]


def schedule(*rows: Row) -> Schedule:
    compiled = compile_schedule(rows, {})
    assert isinstance(compiled, Schedule)
    return compiled


def shape(pieces: list[Piece] | Gap) -> list[tuple[int, int, int, int]]:
    assert isinstance(pieces, list)
    return [(piece.start, piece.seconds, piece.billed_s, piece.row.line) for piece in pieces]


DAY_AND_NIGHT = schedule(band(1, 8, 20), band(2, 20, 8))


def test_the_excess_of_a_span_shortens_the_next() -> None:
    answered = MONDAY_MS + 20 * HOUR_MS - 10_000

    assert shape(cut(DAY_AND_NIGHT, UTC, answered, 100)) == [(0, 10, 60, 1), (60, 40, 60, 2)]


def test_a_span_that_is_paid_for_vanishes() -> None:
    answered = MONDAY_MS + 20 * HOUR_MS - 10_000

    assert shape(cut(DAY_AND_NIGHT, UTC, answered, 60)) == [(0, 10, 60, 1)]


def test_only_the_first_span_has_the_initial_increment() -> None:
    long_start = schedule(
        band(1, 8, 20, initial_s=30, increment_s=6), band(2, 20, 8, initial_s=30, increment_s=6)
    )
    answered = MONDAY_MS + 20 * HOUR_MS - 33_000

    assert shape(cut(long_start, UTC, answered, 40)) == [(0, 33, 36, 1), (36, 4, 6, 2)]


def test_a_second_belongs_to_the_band_in_which_it_begins() -> None:
    one_second = schedule(
        band(1, 8, 20, initial_s=1, increment_s=1), band(2, 20, 8, initial_s=1, increment_s=1)
    )
    answered = MONDAY_MS + 20 * HOUR_MS - 1_500

    assert shape(cut(one_second, UTC, answered, 4)) == [(0, 2, 2, 1), (2, 2, 2, 2)]


def test_a_boundary_where_the_same_row_goes_on_is_none() -> None:
    tiers = schedule(band(1, 0, 24), band(2, 8, 20, from_second=600))
    answered = MONDAY_MS + 8 * HOUR_MS - 60_000

    assert shape(cut(tiers, UTC, answered, 300)) == [(0, 300, 300, 1)]


def test_the_hour_that_daylight_saving_repeats_holds_its_band_twice() -> None:
    back = Zone("back", (MONDAY_MS + 3 * HOUR_MS,), (0, -HOUR_S))  # 03:00 becomes 02:00.
    small_hours = schedule(band(1, 2, 3), band(2, 3, 2))

    pieces = cut(small_hours, back, MONDAY_MS + 2 * HOUR_MS, 3 * HOUR_S)

    assert shape(pieces) == [(0, 2 * HOUR_S, 2 * HOUR_S, 1), (2 * HOUR_S, HOUR_S, HOUR_S, 2)]


def test_the_hour_that_daylight_saving_skips_holds_no_second() -> None:
    forth = Zone("forth", (MONDAY_MS + 2 * HOUR_MS,), (0, HOUR_S))  # 02:00 becomes 03:00.
    small_hours = schedule(band(1, 2, 3), band(2, 3, 2))

    assert shape(cut(small_hours, forth, MONDAY_MS + HOUR_MS, 2 * HOUR_S)) == [
        (0, 2 * HOUR_S, 2 * HOUR_S, 2)
    ]


def test_a_call_that_runs_into_hours_without_a_row_has_no_price() -> None:
    day = schedule(band(1, 8, 20))
    answered = MONDAY_MS + 20 * HOUR_MS - 10_000

    assert cut(day, UTC, answered, 11) == Gap(10, None)
    assert shape(cut(day, UTC, answered, 10)) == [(0, 10, 60, 1)]


def test_a_call_that_runs_into_a_denied_band_has_no_price() -> None:
    night = band(2, 20, 8, action=Action.DENY)

    assert cut(schedule(band(1, 8, 20), night), UTC, MONDAY_MS + 19 * HOUR_MS, 3_601) == Gap(
        3_600, night
    )


def test_the_longest_call_has_as_many_pieces_as_bands() -> None:
    pieces = cut(DAY_AND_NIGHT, UTC, MONDAY_MS, 31 * 24 * HOUR_S)

    assert isinstance(pieces, list)
    assert len(pieces) == 63
    assert sum(piece.billed_s for piece in pieces) == 31 * 24 * HOUR_S


def test_a_call_of_no_seconds_has_no_pieces() -> None:
    assert cut(DAY_AND_NIGHT, UTC, MONDAY_MS, 0) == []
