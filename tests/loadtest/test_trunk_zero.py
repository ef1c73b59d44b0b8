"""Numbers that keep their trunk zero, as the load test reads them out of the numbering data."""

import pytest

from loadtest.trunk_zero import beginnings, keeps_trunk_zero


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        ("+4901601234567", True),
        ("+491601234567", False),
        ("+390612345678", False),
        ("+330142685300", True),
        ("+8100531123456", False),
        ("+810312345678", True),
    ],
)
def test_a_trunk_zero_is_seen_where_no_number_begins_so(number: str, kept: bool) -> None:  # noqa: FBT001
    assert keeps_trunk_zero(number) == kept


def test_the_data_is_there() -> None:
    assert len(beginnings()) > 100
