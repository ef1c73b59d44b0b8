"""Slots of a week."""

from rater.core.limits import DAY_MS
from rater.core.pricing.rates import Row
from rater.core.pricing.schedule import SLOTS_MAX, Clash, Schedule, compile_schedule, week_intervals

HOUR_S = 3_600
HOUR_MS = HOUR_S * 1_000


def band(line: int, start: int, end: int, days: int = 0b111_1111, tier: int = 0) -> Row:
    return Row(
        line, "33", 1, start_s=start * HOUR_S, end_s=end * HOUR_S, days=days, from_second=tier
    )


def compiled(*rows: Row) -> Schedule:
    schedule = compile_schedule(rows, {})
    assert isinstance(schedule, Schedule)
    return schedule


def line_at(schedule: Schedule, week_ms: int, second: int = 0) -> int | None:
    row, _ = schedule.stretch(week_ms)[0].at(second)
    return None if row is None else row.line


def test_a_band_ends_before_its_end() -> None:
    schedule = compiled(band(1, 8, 20), band(2, 20, 8))

    assert line_at(schedule, 8 * HOUR_MS - 1) == 2
    assert line_at(schedule, 8 * HOUR_MS) == 1
    assert line_at(schedule, 20 * HOUR_MS - 1) == 1
    assert line_at(schedule, 20 * HOUR_MS) == 2


def test_a_band_over_midnight_belongs_to_the_day_on_which_it_starts() -> None:
    sunday = 0b100_0000
    schedule = compiled(band(1, 22, 6, sunday))

    assert line_at(schedule, 6 * DAY_MS + 22 * HOUR_MS) == 1
    assert line_at(schedule, 0) == 1
    assert line_at(schedule, 6 * HOUR_MS - 1) == 1
    assert line_at(schedule, 6 * HOUR_MS) is None
    assert line_at(schedule, 6 * DAY_MS) is None


def test_the_greatest_tier_start_that_is_reached_is_in_force() -> None:
    schedule = compiled(band(1, 0, 24), band(2, 0, 24, tier=60), band(3, 8, 20, tier=600))

    assert [line_at(schedule, 9 * HOUR_MS, second) for second in (0, 59, 60, 599, 600)] == [
        1,
        1,
        2,
        2,
        3,
    ]
    assert line_at(schedule, 21 * HOUR_MS, 600) == 2


def test_two_rows_of_one_tier_and_hour_clash_and_both_are_named() -> None:
    clashes = compile_schedule([band(4, 8, 20), band(7, 19, 21), band(9, 21, 8)], {})

    assert isinstance(clashes, list)
    assert [(clash.kind, clash.first.line, clash.second.line) for clash in clashes] == [
        ("overlap", 4, 7)
    ]


def test_rows_clash_over_the_end_of_the_week() -> None:
    sunday, monday = 0b100_0000, 0b000_0001

    clashes = compile_schedule([band(2, 22, 6, sunday), band(3, 0, 7, monday)], {})

    assert isinstance(clashes, list)
    assert len(clashes) == 1


def test_a_long_row_clashes_with_every_row_inside_it() -> None:
    clashes = compile_schedule([band(1, 0, 24), band(2, 1, 2), band(3, 3, 4)], {})

    assert isinstance(clashes, list)
    assert [(clash.first.line, clash.second.line) for clash in clashes] == [(1, 2), (1, 3)]


def test_slots_are_bounded() -> None:
    rows = [band(line, 0, 24, tier=line) for line in range(SLOTS_MAX + 1)]

    assert compile_schedule(rows, {}) == [Clash("too_many_slots", rows[0], rows[-1])]


def test_one_band_that_goes_on_is_one_stretch() -> None:
    schedule = compiled(band(1, 0, 24, 0b001_1111), band(2, 0, 24, 0b110_0000))

    assert schedule.starts_ms == (0, 5 * DAY_MS)


def test_the_days_of_a_band_are_seconds_of_the_week() -> None:
    assert list(week_intervals(band(1, 22, 6, 0b000_0001))) == [(22 * HOUR_S, 30 * HOUR_S)]
