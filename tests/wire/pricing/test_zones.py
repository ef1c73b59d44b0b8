"""Time zones by name."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rater.core.limits import DAY_MS
from rater.core.pricing.zones import time_of_week
from rater.core.times import EARLIEST_MS
from rater.wire.pricing.zones import zone_of
from topics.fields import LATEST_MS

NAMES = ("UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(NAMES), st.integers(EARLIEST_MS, LATEST_MS - 1))
def test_a_zone_knows_the_wall_time_of_any_instant(name: str, at_ms: int) -> None:
    zone = zone_of(name)
    wall = (EPOCH + timedelta(milliseconds=at_ms)).astimezone(ZoneInfo(name))
    since_midnight = wall.replace(tzinfo=None) - datetime.combine(wall.date(), time())

    assert zone is not None
    expected = wall.weekday() * DAY_MS + since_midnight // timedelta(milliseconds=1)
    assert time_of_week(zone.local_time(at_ms)[0]) == expected


@pytest.mark.parametrize("name", ["", "Mars/Base", "../etc/passwd", "Europe", "\0", "x" * 500])
def test_a_name_of_no_zone_is_none(name: str) -> None:
    assert zone_of(name) is None
