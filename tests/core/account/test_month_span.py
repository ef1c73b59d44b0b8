"""A month span is one month from its first instant to its last, whatever clocks do."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.account.month import month_in
from rater.core.account.month_span import month_span
from rater.core.limits import DAY_MS
from rater.core.pricing.zones import FOREVER_MS
from rater.core.pricing.zones import UTC as UTC_ZONE
from rater.wire.pricing.zones import zone_of

NAMES = (
    "UTC",
    "Europe/Paris",
    "America/New_York",
    # Midnight of the 1st is skipped, a whole day is, and 00:01 of the 1st becomes 23:01 of the 31st.
    "America/Asuncion",
    "Pacific/Apia",
    "America/St_Johns",
)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp()) * 1_000


@given(
    name=st.sampled_from(NAMES),
    at_ms=st.integers(ms("2005-01-01T00:00:00Z"), ms("2027-12-31T00:00:00Z")),
    share=st.floats(0, 1, exclude_max=True),
)
def test_within_a_span_it_is_one_month(name: str, at_ms: int, share: float) -> None:
    zone = zone_of(name)
    assert zone is not None
    month, from_ms, until_ms = month_span(zone, at_ms)

    assert from_ms <= at_ms < until_ms
    assert until_ms - from_ms <= 31 * DAY_MS + DAY_MS // 24
    for each in (from_ms, from_ms + int((until_ms - from_ms) * share), until_ms - 1):
        assert month_in(zone, each) == month


def test_where_clocks_go_back_over_the_end_of_a_month_it_begins_twice() -> None:
    zone = zone_of("America/St_Johns")
    assert zone is not None
    turn = ms("2009-11-01T02:31:00Z")

    minute = month_span(zone, turn - 1)
    assert minute == ("2009-11", turn - 60_000, turn)
    month, from_ms, until_ms = month_span(zone, turn)
    assert (month, from_ms, until_ms) == ("2009-10", turn, turn + 59 * 60_000)
    assert month_span(zone, until_ms)[:2] == ("2009-11", until_ms)


@pytest.mark.parametrize(("at", "month"), [("1970-01-01", "1970-01"), ("2026-12-31", "2026-12")])
def test_without_changes_of_clocks_it_is_the_whole_month(at: str, month: str) -> None:
    found = month_span(UTC_ZONE, ms(f"{at}T12:00:00Z"))

    assert found[0] == month
    assert found[2] - found[1] == 31 * DAY_MS
    assert UTC_ZONE.even_time(0) == (0, -FOREVER_MS, FOREVER_MS)
