"""Cells of a deck: what a text comes to, apart from any column."""

import pytest

from rater.core.pricing.rates import DAY_S
from rater.wire.pricing.deck_cells import Complaint, read_cap, read_increment, read_price, read_time


def test_an_amount_is_scaled_by_its_decimals() -> None:
    assert read_price("0.05", decimals=6) == 50_000
    assert read_price("0.000000001", decimals=9) == 1


def test_no_cap_and_a_cap_of_nothing_are_two_things() -> None:
    assert read_cap("") is None
    assert read_cap("0") == 0


def test_a_time_may_be_the_end_of_the_day() -> None:
    assert read_time("24:00") == DAY_S


@pytest.mark.parametrize("text", ["60", "60/", "0/1", "86401/1", "6/6/6"])
def test_a_complaint_can_be_read_after_the_value(text: str) -> None:
    complaint = read_increment(text)

    assert isinstance(complaint, Complaint)
    assert complaint.text.startswith("is not an increment")
