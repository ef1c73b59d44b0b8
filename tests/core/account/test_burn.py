"""Burn and runway: integers that forget evenly, however time is cut."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.account.account import Account
from rater.core.account.burn import (
    FACTORS,
    HALF_LIFE,
    hours_remaining,
    let_pass,
    rate_per_hour,
    spend,
)
from rater.core.limits import RUNWAY_H_MAX
from rater.reconcile.folds import burn as anew
from tests.build import DAY, HOUR, MINUTE, NOW, UNIT, account, lot

START = NOW - NOW % (HALF_LIFE * MINUTE)
"""A moment at which a half-life begins."""


def burning(*charges: tuple[int, int], balance: int = 100 * UNIT, now_ms: int = NOW) -> Account:
    """Return an account that was charged so much at such times."""
    there = account(lot(remaining=balance))
    for at_ms, micros in charges:
        let_pass(there.spending, at_ms)
        spend(there.spending, micros)
    let_pass(there.spending, now_ms)
    return there


def test_the_factors_are_those_of_six_hours() -> None:
    exact = [4096 * Decimal(2) ** (Decimal(n) / HALF_LIFE) for n in range(HALF_LIFE)]

    assert tuple(int(x.to_integral_value()) for x in exact) == FACTORS
    assert tuple(anew._FACTORS) == FACTORS


def test_who_spends_nothing_has_no_end_and_who_has_nothing_has_no_hours() -> None:
    assert hours_remaining(burning()) is None
    assert hours_remaining(account()) == 0
    assert hours_remaining(account(debt=5)) == 0
    assert hours_remaining(burning((NOW, UNIT), balance=0)) == 0


def test_what_was_spent_in_the_first_hour_counts_as_of_an_hour() -> None:
    assert rate_per_hour(burning((NOW, 10 * UNIT)).spending) == 10 * UNIT
    half_an_hour_ago = burning((START, 10 * UNIT), now_ms=START + 30 * MINUTE)
    assert rate_per_hour(half_an_hour_ago.spending) == 10 * UNIT * FACTORS[0] // FACTORS[30]
    assert hours_remaining(burning((NOW, 10 * UNIT))) == 10
    assert hours_remaining(burning((NOW, 10 * UNIT), balance=99 * UNIT)) == 9


def test_a_charge_weighs_half_after_six_hours() -> None:
    for minutes in (0, 1, 100, 359):
        at = START + minutes * MINUTE
        there = burning((at, 8 * UNIT), now_ms=at + 6 * HOUR)
        assert there.spending.burn // FACTORS[there.spending.burn_to % HALF_LIFE] == 4 * UNIT


def test_spending_evenly_comes_to_what_is_spent_in_an_hour() -> None:
    there = burning(*((START + n * MINUTE, UNIT) for n in range(3 * 24 * 60)), now_ms=START)

    assert abs(rate_per_hour(there.spending) - 60 * UNIT) < UNIT // 2


def test_quiet_days_end_the_burn() -> None:
    runways = [
        hours_remaining(burning((NOW, UNIT), now_ms=NOW + days * DAY)) for days in (0, 1, 2, 30)
    ]

    assert runways[0] == 100
    assert runways == sorted(
        runways, key=lambda hours: RUNWAY_H_MAX + 1 if hours is None else hours
    )
    assert runways[-1] is None


def test_no_runway_is_longer_than_ten_years() -> None:
    assert hours_remaining(burning((NOW, 1), balance=10**15)) == RUNWAY_H_MAX


def test_time_that_goes_back_does_not_pass() -> None:
    there = burning((NOW, UNIT))
    before = there.spending.burn, there.spending.burn_to
    let_pass(there.spending, NOW - DAY)

    assert (there.spending.burn, there.spending.burn_to) == before


def test_more_than_can_be_stored_is_not_stored() -> None:
    there = burning(*((NOW, 10**15) for _ in range(50)))

    assert there.spending.burn == 2**63 - 1
    assert hours_remaining(there) == 0


@given(
    st.lists(st.tuples(st.integers(0, 3_000), st.integers(0, 10**12)), max_size=20),
    st.lists(st.integers(1, 500), min_size=1, max_size=20),
)
def test_property_one_jump_is_as_many_small_ones(
    charges: list[tuple[int, int]], steps: list[int]
) -> None:
    jumping, walking, other = account(lot()), account(lot()), anew.Burn()
    now = NOW
    for minutes, micros in charges:
        for n in range(0, minutes, steps[minutes % len(steps)]):
            let_pass(walking.spending, now + n * MINUTE)
        now += minutes * MINUTE
        for there in (jumping, walking):
            let_pass(there.spending, now)
            if micros:
                spend(there.spending, micros)
        other.pass_time(now)
        other.spend(micros)

    for there in (jumping, walking):
        assert (there.spending.burn, there.spending.burn_from, there.spending.burn_to) == (
            other.burn,
            other.first,
            other.now,
        )
        assert hours_remaining(there) == other.hours_remaining(there.balance)


@pytest.mark.parametrize("hours", [0, 6, 60, 6_000])
def test_the_reconciler_reckons_alike(hours: int) -> None:
    there, other = burning((NOW, 12_345_678), now_ms=NOW + hours * HOUR), anew.Burn()
    other.pass_time(NOW)
    other.spend(12_345_678)
    other.pass_time(NOW + hours * HOUR)

    assert hours_remaining(there) == other.hours_remaining(there.balance)
