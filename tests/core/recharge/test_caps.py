"""Sizes and caps: every amount is one that a payment, a lot and a notice can have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.limits import AMOUNT_MICROS_MAX
from rater.core.recharge.caps import find_cap, is_low, money_cap, size
from rater.core.recharge.state import AutoRecharge, Recharge, Started
from tests.units import DAY, NOW, UNIT

amounts = st.integers(1, AMOUNT_MICROS_MAX)
terms = st.builds(
    AutoRecharge,
    enabled=st.just(True),  # A strategy, not a flag.
    trigger_micros=st.none() | amounts,
    trigger_h=st.none() | st.integers(1, 100),
    mode=st.sampled_from(("fixed", "gap", "target")),
    amount_micros=amounts,
    target_micros=amounts,
    count_cap=st.none() | st.integers(1, 1_000),
    money_cap_micros=st.none() | amounts,
)
balances = st.integers(-AMOUNT_MICROS_MAX, AMOUNT_MICROS_MAX)


@given(terms, balances, st.none() | st.integers(0, 200))
def test_an_amount_and_a_cap_are_within_the_published_bounds(
    settings: AutoRecharge, balance: int, hours_remaining: int | None
) -> None:
    recharge = Recharge(
        "acme", "USD", balance=balance, hours_remaining=hours_remaining, settings=settings
    )
    cap = find_cap(recharge)

    assert 0 <= size(recharge) <= AMOUNT_MICROS_MAX
    assert 1 <= money_cap(settings) <= AMOUNT_MICROS_MAX
    assert cap is None or 1 <= cap.limit <= AMOUNT_MICROS_MAX


@given(terms, balances)
def test_who_is_below_the_trigger_gets_back_to_it_by_one_gap_or_target_within_the_cap(
    settings: AutoRecharge, balance: int
) -> None:
    recharge = Recharge("acme", "USD", balance=balance, settings=settings)
    trigger, amount = settings.trigger_micros or 0, size(recharge)
    if settings.mode == "gap" and is_low(recharge) and amount < AMOUNT_MICROS_MAX:
        each = settings.amount_micros or 0
        assert balance + amount < trigger + each
        assert trigger <= balance + amount or amount > money_cap(settings) - each
        assert amount % each == 0
    if settings.mode == "target" and 0 < amount < AMOUNT_MICROS_MAX:
        target = settings.target_micros or 0
        assert balance + amount < target + UNIT
        assert target <= balance + amount or amount > money_cap(settings) - UNIT
        assert 0 == amount % UNIT


@pytest.mark.parametrize(("at_ms", "is_free"), [(NOW + DAY - 1, False), (NOW + DAY, True)])
def test_a_window_ends_to_the_millisecond(at_ms: int, *, is_free: bool) -> None:
    paid = [Started(f"r{n}", NOW, UNIT, 1, {1: f"pay-{n}"}) for n in range(2)]
    settings = AutoRecharge(True, UNIT, None, "fixed", UNIT, count_cap=2)
    recharge = Recharge("acme", "USD", now_ms=at_ms, settings=settings, started=paid)
    cap = find_cap(recharge)

    assert is_free == (cap is None)
    assert cap is None or NOW + DAY == cap.until_ms


def test_what_was_declined_counts_for_no_cap() -> None:
    tried = [Started(f"r{n}", NOW, UNIT, 4, {}) for n in range(50)]
    settings = AutoRecharge(True, UNIT, None, "fixed", UNIT)

    assert find_cap(Recharge("acme", "USD", now_ms=NOW, settings=settings, started=tried)) is None
