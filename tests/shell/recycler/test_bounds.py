"""How much may be released without asking."""

import pytest

from rater.core.limits import HOUR_MS, MINUTE_MS
from rater.shell.recycler.bounds import Bound, Bounds, Lately, Wish

AT = 1_700_000_000_000
BOUNDS = Bounds(balance_percent=25, calls_a_minute=1_000)


def wish(calls: int = 1, micros: int = 0, balance: int = 100, tenant: str = "acme") -> Wish:
    return Wish(tenant, calls, micros, balance, "USD")


@pytest.mark.parametrize(
    ("asked", "bound"),
    [
        (wish(micros=25), None),
        (wish(micros=26), Bound.BALANCE),
        (wish(micros=1, balance=0), Bound.BALANCE),
        (wish(micros=1, balance=-5), Bound.BALANCE),
        (wish(micros=0, balance=-5), None),
        (wish(calls=1_000), None),
        (wish(calls=1_001), Bound.CALLS),
    ],
)
def test_a_wish_is_held_against_the_balance_and_the_count(asked: Wish, bound: Bound | None) -> None:
    assert Lately(BOUNDS).passed(asked, AT) == bound


def test_many_small_steps_are_one_large_one() -> None:
    lately = Lately(BOUNDS)
    lately.note(wish(micros=20), AT)
    # 20 of 100 are gone; 5 more are the quarter of what was there.
    assert lately.passed(wish(micros=5, balance=80), AT + 1) is None
    assert lately.passed(wish(micros=6, balance=80), AT + 1) == Bound.BALANCE
    assert lately.passed(wish(micros=6, balance=80), AT + HOUR_MS - 1) == Bound.BALANCE
    assert lately.passed(wish(micros=6, balance=80), AT + HOUR_MS) is None


def test_calls_are_counted_for_a_minute() -> None:
    lately = Lately(BOUNDS)
    lately.note(wish(calls=900), AT)
    assert lately.passed(wish(calls=101), AT + MINUTE_MS - 1) == Bound.CALLS
    assert lately.passed(wish(calls=101), AT + MINUTE_MS) is None


def test_tenants_have_bounds_of_their_own() -> None:
    lately = Lately(BOUNDS)
    lately.note(wish(calls=900, micros=25), AT)
    assert lately.passed(wish(calls=900, micros=25, tenant="bolt"), AT) is None
