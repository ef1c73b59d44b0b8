"""Dated: what holds at an instant."""

import pytest

from loadtest.dated import Dated


def test_each_value_holds_from_its_instant_on() -> None:
    dated = Dated("first")
    dated.change(10, "second")
    dated.change(20, "third")

    assert [dated.at(second) for second in (9, 10, 19, 20)] == [
        "first",
        "second",
        "second",
        "third",
    ]
    assert dated.last == "third"


def test_of_two_dated_alike_the_later_given_holds() -> None:
    dated = Dated(1)
    dated.change(10, 2)
    dated.change(10, 3)

    assert dated.at(10) == 3


def test_a_change_before_the_last_one_is_refused() -> None:
    dated = Dated(1)
    dated.change(10, 2)

    with pytest.raises(ValueError, match="from_s: 9, must not be before 10"):
        dated.change(9, 3)
