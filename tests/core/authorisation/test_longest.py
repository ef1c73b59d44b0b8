"""Longest: the border between what is payable and what is not, in few guesses, whatever the steps of a price."""

from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rater.core.authorisation.longest import Probe, longest
from rater.core.limits import DURATION_S_MAX


class Price:
    """A price by seconds: free for as long as a pool pays, then so much for each increment."""

    def __init__(self, balance: int, pool_s: int, step_s: int, step_micros: int) -> None:
        self.balance, self.pool_s = balance, pool_s
        self.step_s, self.step_micros = step_s, step_micros
        self.asked = 0

    def __call__(self, seconds: int) -> Probe:
        self.asked += 1
        rest = max(seconds - self.pool_s, 0)
        steps = -(-rest // self.step_s)
        spare = self.balance - steps * self.step_micros
        return Probe(seconds, spare, min(seconds, self.pool_s), steps * self.step_s, None)

    @property
    def border_s(self) -> int:
        return self.pool_s + self.balance // self.step_micros * self.step_s


@pytest.mark.parametrize("step_s", [1, 6, 60])
@pytest.mark.parametrize("pool_s", [0, 300])
def test_the_common_call_takes_about_ten_guesses(step_s: int, pool_s: int) -> None:
    price = Price(4_990_000, pool_s, step_s, 2_000 * step_s)
    found = longest(price, price(1), DURATION_S_MAX)

    assert found.seconds == price.border_s
    assert price.asked <= 14


def test_what_is_payable_to_the_end_takes_two() -> None:
    price = Price(10**12, 0, 60, 20_000)

    assert (longest(price, price(1), 7_200).seconds, price.asked) == (7_200, 2)
    assert longest(price, price(60), 60).seconds == 60


@given(
    st.integers(0, 10**7),
    st.integers(0, 10**6),
    st.sampled_from((1, 6, 60, 3_600)),
    st.integers(1, 10**7),
)
@settings(max_examples=500, deadline=None, derandomize=True)
def test_the_border_is_found_wherever_it_lies(
    balance: int, pool_s: int, step_s: int, step_micros: int
) -> None:
    price = Price(balance, pool_s, step_s, step_micros)
    first = price(1)
    if not first.is_payable:
        return
    found = longest(price, first, DURATION_S_MAX)

    assert found.seconds == min(price.border_s, DURATION_S_MAX)
    assert price.asked <= 6 * 22


@given(st.lists(st.integers(0, 50), min_size=2, max_size=400), st.integers(0, 1_000))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_price_that_never_falls_has_its_border_found(rises: list[int], balance: int) -> None:
    costs = [0, *accumulate(rises)]

    def look(seconds: int) -> Probe:
        return Probe(seconds, balance - costs[seconds - 1], 0, seconds, None)

    found = longest(look, look(1), len(costs))

    assert found.seconds == sum(cost <= balance for cost in costs)


def test_seconds_without_a_price_end_the_call() -> None:
    def look(seconds: int) -> Probe:
        return Probe(seconds, 5 if seconds <= 777 else None, 0, 0, None)

    assert longest(look, look(1), DURATION_S_MAX).seconds == 777
