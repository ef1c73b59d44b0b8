"""What is said of a state that another release wrote."""

from rater.wire.layouts import unknown_layout
from topics.catalog import ACCOUNTS_CHANGELOG, RECHARGES_CHANGELOG


def test_it_says_what_was_found_and_how_to_begin_anew() -> None:
    said = str(unknown_layout("account", 2, 3))

    assert said.startswith("account layout: must be 3, found 2: another release has written it. ")
    assert ACCOUNTS_CHANGELOG.name in said
    assert RECHARGES_CHANGELOG.name in said
    assert "found none" in str(unknown_layout("account", None, 3))
