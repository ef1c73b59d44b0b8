"""Divisions that say their direction."""

from fractions import Fraction
from math import ceil, floor

from hypothesis import given
from hypothesis import strategies as st

from rater.core.money import DIVIDE, Rounding, div_ceil, div_down, div_half_even, div_half_up

numerators = st.integers(0, 10**30)
denominators = st.integers(1, 10**15)


@given(numerators, denominators)
def test_each_division_rounds_as_its_name_says(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)

    assert div_ceil(numerator, denominator) == ceil(exact)
    assert div_down(numerator, denominator) == floor(exact)
    assert div_half_up(numerator, denominator) == floor(exact + Fraction(1, 2))
    assert div_half_even(numerator, denominator) == round(exact)


def test_halves_are_where_the_roundings_differ() -> None:
    assert [div_half_up(n, 2) for n in (1, 3, 5)] == [1, 2, 3]
    assert [div_half_even(n, 2) for n in (1, 3, 5)] == [0, 2, 2]


def test_every_rounding_has_its_division() -> None:
    assert set(DIVIDE) == set(Rounding)
