"""Local time of the week from integers."""

from rater.core.limits import DAY_MS
from rater.core.pricing.zones import FOREVER_MS, UTC, WEEK_MS, Zone, time_of_week

HOUR_MS = 3_600_000


def test_the_epoch_was_a_thursday() -> None:
    assert UTC.local_time(0) == (0, FOREVER_MS)
    assert time_of_week(0) == 3 * DAY_MS
    assert time_of_week(4 * DAY_MS - 1) == WEEK_MS - 1
    assert time_of_week(4 * DAY_MS) == 0


def test_the_offset_changes_at_the_very_instant() -> None:
    zone = Zone("somewhere", (10 * HOUR_MS,), (3_600, 7_200))

    assert zone.local_time(10 * HOUR_MS - 1) == (11 * HOUR_MS - 1, 10 * HOUR_MS)
    assert zone.local_time(10 * HOUR_MS) == (12 * HOUR_MS, FOREVER_MS)
