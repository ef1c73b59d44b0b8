"""What numbers are by themselves, as the reconciler reads it out of the numbering data."""

import pytest

from rater.reconcile.folds.number_kinds import kinds_of


@pytest.mark.parametrize(
    ("number", "may_be_premium"),
    [
        ("+449098765432", True),
        ("+442079460034", False),
        ("+4420794600**", False),
        ("+4490********", True),
        ("+44*********", True),
        ("112", False),
        ("+999012345678", False),
    ],
)
def test_a_number_is_what_its_longest_prefix_says_and_a_masked_one_what_it_may_be(
    number: str,
    may_be_premium: bool,  # noqa: FBT001
) -> None:
    assert ("premium" in kinds_of(number)) == may_be_premium
