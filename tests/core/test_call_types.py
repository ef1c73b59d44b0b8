"""Call types are one in any letter case."""

import pytest

from rater.core.call_types import consumer_of, is_conference, plain_type
from tests.build import cdr


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


@pytest.mark.parametrize(
    ("call_type", "user_id", "organizer_id", "expected"),
    [
        ("conf_out", "bob", "ann", "ann"),
        ("CONF_IN", "bob", "ann", "ann"),
        ("conf_out", "bob", None, "bob"),
        ("user_out", "bob", "ann", "bob"),
        ("user_out_conf", "bob", "ann", "bob"),
        (None, "bob", "ann", "bob"),
        ("user_out", None, "ann", "ann"),
        (None, None, "ann", "ann"),
        ("conf_out", None, None, None),
    ],
)
def test_a_conference_is_its_organizers_and_any_other_call_its_users(
    call_type: str | None, user_id: str | None, organizer_id: str | None, expected: str | None
) -> None:
    assert consumer_of(call_type, user_id, organizer_id) == expected
    called = cdr(call_type=call_type, user_id=user_id, organizer_id=organizer_id)
    assert called.consumer() == expected
