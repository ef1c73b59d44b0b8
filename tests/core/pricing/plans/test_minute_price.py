"""Minute price: what seconds of a pool cost, in whole millionths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.pricing.plans.minute_price import price_in, price_lines
from topics.records import ChargeLine
from topics.records.plans import MinutePrice


def amounts(price: MinutePrice, seconds: int) -> dict[str, int]:
    return {line.kind: line.amount_micros for line in price_lines(price, seconds)}


@pytest.mark.parametrize(
    ("seconds", "micros"),
    # A minute of 0.01: a second is 166.66... millionths, and a part of one is a whole one.
    [(1, 167), (3, 500), (6, 1_000), (7, 1_167), (60, 10_000), (61, 10_167), (120, 20_000)],
)
def test_seconds_cost_a_part_of_the_minute_rounded_up(seconds: int, micros: int) -> None:
    assert amounts(MinutePrice("USD", 10_000), seconds) == {"pool_usage": micros}


def test_the_fee_is_owed_once_and_what_is_not_asked_has_no_line() -> None:
    assert amounts(MinutePrice("USD", 5_000, 10_000), 180) == {
        "pool_usage": 15_000,
        "pool_fee": 10_000,
    }
    assert price_lines(MinutePrice("USD", 0, 7), 180) == [ChargeLine("pool_fee", 7, 1, 7_000)]


def test_a_price_is_that_of_the_currency() -> None:
    prices = (MinutePrice("EUR", 1), MinutePrice("USD", 2))

    assert price_in(prices, "USD") == prices[1]
    assert price_in(prices, "GBP") is None
    assert price_in((), "USD") is None


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_a_longer_call_never_costs_less_and_never_a_millionth_more_than_exact(
    rate: int, seconds: int
) -> None:
    price = MinutePrice("USD", rate, 1)
    found, longer = amounts(price, seconds), amounts(price, seconds + 1)

    assert found.get("pool_usage", 0) <= longer.get("pool_usage", 0)
    assert 0 <= 60 * found.get("pool_usage", 0) - rate * seconds < 60
