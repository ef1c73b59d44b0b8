"""Times: RFC 3339 to milliseconds and back."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.times import EARLIEST_MS, is_plausible, to_millis, to_text
from rater.reconcile.reading.sources import millis
from topics.fields import LATEST_MS


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("2026-03-01T12:00:00Z", 1_772_366_400_000),
        ("2026-03-01T13:00:00+01:00", 1_772_366_400_000),
        ("2026-03-01T12:00:00.0004+00:00", 1_772_366_400_000),
        ("2026-03-01T12:00:00.0005+00:00", 1_772_366_400_001),
        ("1970-01-01T00:00:00Z", 0),
    ],
)
def test_an_instant_is_rounded_to_milliseconds(text: str, millis: int) -> None:
    assert to_millis(datetime.fromisoformat(text)) == millis


def test_text_has_milliseconds_only_where_there_are_some() -> None:
    assert to_text(1_772_366_400_000) == "2026-03-01T12:00:00Z"
    assert to_text(1_772_366_400_007) == "2026-03-01T12:00:00.007Z"


@given(st.integers(EARLIEST_MS, LATEST_MS - 1))
def test_milliseconds_come_back_from_their_text(at_ms: int) -> None:
    assert to_millis(datetime.fromisoformat(to_text(at_ms))) == at_ms


@given(st.integers(EARLIEST_MS, LATEST_MS - 1), st.integers(-14 * 60, 14 * 60))
def test_the_offset_does_not_change_the_instant(at_ms: int, minutes: int) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)

    assert to_millis(at.astimezone(timezone(timedelta(minutes=minutes)))) == at_ms


def test_only_the_years_2000_to_2100_are_times() -> None:
    assert is_plausible(EARLIEST_MS)
    assert is_plausible(LATEST_MS - 1)
    assert not is_plausible(EARLIEST_MS - 1)
    assert not is_plausible(LATEST_MS)


@given(st.integers(EARLIEST_MS, LATEST_MS - 1), st.integers(0, 999))
def test_half_a_millisecond_is_rounded_up_by_the_wire_and_by_the_reconciler(
    at_ms: int, micros: int
) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms, microseconds=micros)

    assert to_millis(at) == millis(at) == at_ms + (micros >= 500)


def test_a_float_of_seconds_would_not_do() -> None:
    at = datetime.fromisoformat("2026-03-01T12:00:00.0005+00:00")
    halves = [at + timedelta(milliseconds=number) for number in range(1_000)]

    assert [to_millis(each) for each in halves] == [
        to_millis(at) + number for number in range(1_000)
    ]
