"""Hours in words."""

import pytest

from rater.core.pricing.rates import Row
from rater.core.pricing.schedule import WEEK_S, week_intervals
from rater.wire.pricing.deck_hours import common_hours, hours_text

H = 3_600


@pytest.mark.parametrize(
    ("intervals", "text"),
    [
        ([(0, WEEK_S)], "all week"),
        (
            [(day * 24 * H + 8 * H, day * 24 * H + 20 * H) for day in range(5)],
            "mon-fri 08:00-20:00",
        ),
        ([(day * 24 * H, day * 24 * H + 30) for day in range(7)], "every day 00:00-00:00:30"),
        ([(20 * H, 32 * H)], "mon 20:00-24:00, tue 00:00-08:00"),
        ([(0, 24 * H), (48 * H, 72 * H)], "mon wed all day"),
        ([(0, 48 * H), (6 * 24 * H, WEEK_S)], "mon-tue sun all day"),
    ],
)
def test_days_alike_stand_together(intervals: list[tuple[int, int]], text: str) -> None:
    assert hours_text(intervals) == text


def test_common_hours_are_where_both_rows_hold() -> None:
    night = Row(1, "33", 0, days=0b1, start_s=20 * H, end_s=8 * H)
    day = Row(2, "33", 0, days=0b11, start_s=7 * H, end_s=21 * H)

    assert common_hours(night, day) == [(20 * H, 21 * H), (31 * H, 32 * H)]
    assert common_hours(day, day) == list(week_intervals(day))
