"""Rows and their increments."""

import pytest

from rater.core.pricing.rates import Action, Row, billed_seconds


@pytest.mark.parametrize(
    ("increment", "seconds", "billed"),
    [
        ((60, 60), 1, 60),
        ((60, 60), 60, 60),
        ((60, 60), 61, 120),
        ((6, 6), 61, 66),
        ((30, 6), 12, 30),
        ((30, 6), 39, 42),
        ((1, 1), 39, 39),
        ((60, 1), 61, 61),
        ((1, 60), 2, 61),
    ],
)
def test_seconds_round_up_to_increments(
    increment: tuple[int, int], seconds: int, billed: int
) -> None:
    row = Row(1, "33", 0, initial_s=increment[0], increment_s=increment[1])

    assert billed_seconds(row, seconds, first=True) == billed


def test_a_later_span_has_no_initial_increment() -> None:
    row = Row(1, "33", 0, initial_s=30, increment_s=6)

    assert billed_seconds(row, 1, first=False) == 6
    assert billed_seconds(row, 7, first=False) == 12


def test_a_deny_row_has_no_price_to_compare() -> None:
    one = Row(1, "33", 5, action=Action.DENY)
    other = Row(2, "33", 7, action=Action.DENY, fees=(("connection_fee", 3),))

    assert one.price_terms() == other.price_terms()
    assert one.price_terms() != Row(3, "33", 5).price_terms()


def test_rows_with_other_destinations_may_have_equal_terms() -> None:
    assert Row(1, "33", 5, destination="a").price_terms() == Row(2, "336", 5).price_terms()
    assert Row(1, "33", 5).price_terms() != Row(2, "33", 6).price_terms()
