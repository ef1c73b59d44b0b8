"""Totals: fees alone, where pools have paid all seconds. The tests of rating and of the rest of a call show more."""

import pytest

from rater.core.money import Rounding
from rater.core.pricing.rates import Fee, Row
from rater.core.pricing.totals import price_fees, round_once
from tests.build import deck

ROW = Row(2, "33", 600_000)


@pytest.mark.parametrize(
    ("cap", "fees", "charge", "lines"),
    [
        (None, [("regulatory_fee", 20)], 20, [20]),
        (15, [("regulatory_fee", 20)], 15, [15]),
        (None, [], 0, []),
        (None, [("regulatory_fee", 0)], 0, []),
    ],
)
def test_fees_alone_are_rounded_and_capped_as_a_charge_is(
    cap: int | None, fees: list[Fee], charge: int, lines: list[int]
) -> None:
    row = Row(2, "33", 600_000, max_charge_micros=cap)
    found = price_fees(deck(row), row, fees)

    assert (found.outcome, found.charge_micros) == ("rated", charge)
    assert [line.amount_micros for line in found.lines] == lines


@pytest.mark.parametrize(
    ("rounding", "micros"),
    [(Rounding.UP, 2), (Rounding.DOWN, 1), (Rounding.HALF_UP, 2), (Rounding.HALF_EVEN, 2)],
)
def test_one_rounding_as_the_row_says(rounding: Rounding, micros: int) -> None:
    """1,500 nanos are one and a half micros."""
    assert round_once(Row(2, "33", 0, rounding=rounding), 1_500, 1, 0) == micros
