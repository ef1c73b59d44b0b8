"""Calendar arithmetic against the standard library's."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.account.calendar import (
    add_months,
    civil_from_days,
    days_from_civil,
    month_of,
    next_month_ms,
)
from rater.core.limits import DAY_MS
from rater.reconcile.folds.lot_times import month_after

EPOCH = date(1970, 1, 1)


def millis(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000)


@given(st.dates())
def test_days_and_dates_are_those_of_the_standard_library(day: date) -> None:
    days = (day - EPOCH).days

    assert days_from_civil(day.year, day.month, day.day) == days
    assert civil_from_days(days) == (day.year, day.month, day.day)


@pytest.mark.parametrize(
    ("bought", "months", "expires"),
    [
        ("2024-01-10T10:00:00Z", 12, "2025-01-10T10:00:00Z"),
        ("2024-02-29T10:00:00Z", 12, "2025-02-28T10:00:00Z"),
        ("2023-02-28T23:59:59Z", 12, "2024-02-28T23:59:59Z"),
        ("2024-01-31T00:00:00Z", 1, "2024-02-29T00:00:00Z"),
        ("2100-01-31T00:00:00Z", 1, "2100-02-28T00:00:00Z"),
        ("2000-01-31T00:00:00Z", 1, "2000-02-29T00:00:00Z"),
        ("2024-12-31T00:00:00Z", 2, "2025-02-28T00:00:00Z"),
        ("2024-03-31T00:00:00Z", -1, "2024-02-29T00:00:00Z"),
    ],
)
def test_a_day_that_the_month_lacks_becomes_its_last(
    bought: str, months: int, expires: str
) -> None:
    assert add_months(millis(bought), months) == millis(expires)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_twelve_months_are_365_or_366_days_and_keep_the_time_of_day(at: datetime) -> None:
    at_ms = (at.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    later_ms = add_months(at_ms, 12)

    assert later_ms - at_ms in {365 * DAY_MS, 366 * DAY_MS}
    assert later_ms % DAY_MS == at_ms % DAY_MS


@pytest.mark.parametrize(
    ("at", "begins", "month"),
    [
        ("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z", "2026-11"),
        ("2026-12-31T23:59:59.999Z", "2027-01-01T00:00:00Z", "2026-12"),
        ("2024-02-29T12:00:00Z", "2024-03-01T00:00:00Z", "2024-02"),
        ("1970-01-01T00:00:00Z", "1970-02-01T00:00:00Z", "1970-01"),
    ],
)
def test_the_next_month_begins_at_midnight_utc(at: str, begins: str, month: str) -> None:
    assert next_month_ms(millis(at)) == millis(begins)
    assert month_of(millis(at)) == month


@given(st.integers(0, 4_133_980_800_000))
def test_the_next_month_is_that_of_the_standard_library(at_ms: int) -> None:
    assert next_month_ms(at_ms) == month_after(at_ms)
