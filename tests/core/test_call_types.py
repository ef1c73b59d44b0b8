"""Call types are one in any letter case."""

import pytest

from rater.core.call_types import is_conference, plain_type


@pytest.mark.parametrize("text", ["conf_out", "CONF_OUT", "Conf_Out"])
def test_a_type_is_one_in_any_letter_case(text: str) -> None:
    assert plain_type(text) == "conf_out"


@pytest.mark.parametrize(
    ("call_type", "expected"),
    [
        ("conf_out", True),
        ("CONF_IN", True),
        ("Conference", True),
        ("con", False),
        ("user_out_conf", False),
        ("", False),
        (None, False),
    ],
)
def test_a_conference_is_told_by_how_its_type_begins(
    call_type: str | None,
    expected: bool,  # noqa: FBT001
) -> None:
    assert is_conference(call_type) == expected
