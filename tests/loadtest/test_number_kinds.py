"""What numbers are by themselves, as the load test reads it out of the numbering data."""

import pytest

from loadtest.number_kinds import kind_of


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+449098765432", "premium"),
        ("+442079460034", "landline"),
        ("+33612345678", "mobile"),
        ("+999012345678", ""),
    ],
)
def test_the_longest_prefix_says_what_a_number_is(number: str, kind: str) -> None:
    assert kind_of(number) == kind
