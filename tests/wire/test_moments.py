"""Instants that people write."""

import pytest

from rater.wire.moments import read_moment


def test_an_instant_is_read_with_its_offset() -> None:
    assert read_moment("2024-03-01T01:00:00.250+01:00") == 1_709_251_200_250
    assert read_moment("2000-01-01T00:00:00Z") == 946_684_800_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2024-03-01T01:00:00",
        "2024-13-01T00:00:00Z",
        "1999-12-31T23:59:59Z",
        "2101-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "1709251200",
    ],
)
def test_what_is_no_instant_of_this_century_is_none(text: str) -> None:
    assert read_moment(text) is None
