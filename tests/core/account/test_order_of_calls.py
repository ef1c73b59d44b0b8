"""Order of arrival: what calls draw in all does not depend on it, where no price, pool, licence or plan divides them.

A call belongs to the month of its start, so the month divides nothing. Where calls of several prices share a pool that
is too small for them, the order decides which of them it pays: then the seconds are the same, and the money is bounded.
"""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rater.core import engine
from rater.core.account.account import Account
from rater.core.account.contract import BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.journal import Journal
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.rules import Rules
from rater.wire.pricing.zones import zone_of
from tests.build import DAY, NOW, RULES, UNIT, account, cdr, lot, source
from tests.plan_build import allowance, catalog, plan

PARIS, PARIS_MOBILE, LONDON = "+33142685300", "+33612345678", "+442079460034"
MICROS = {PARIS: 20_000, PARIS_MOBILE: 125_000, LONDON: 15_000}
"""A minute, by the deck of the tests."""
Call = tuple[str, int, int, str]
"""Number, seconds, days ago, call type."""
Drawn = tuple[int, dict[str, int]]
"""What money has paid in all, in micros, and each pool in seconds."""


def calls_to(*numbers: str) -> st.SearchStrategy[list[Call]]:
    """Draw calls of two months, for the records come in the first days of one."""
    one = st.tuples(
        st.sampled_from(numbers),
        st.sampled_from((0, 1, 59, 60, 61, 119, 200, 3_000)),
        st.integers(0, 20),
        st.sampled_from(("user_out", "conf_out", "another")),
    )
    return st.lists(one, min_size=2, max_size=12)


def drawn(calls: list[Call], seconds: int) -> Drawn:
    """Charge calls in their order to an account with one licence of so many seconds a month; return what they drew."""
    held = [Entitlement("CALLS", "DE", 0, 1, 3)]
    who = account(lot(remaining=900 * UNIT), contract=Contract(held, list[BillingMode]()))
    given_rules = rules(seconds)
    for number, seconds_ago_type in enumerate(calls):
        charge(who, number, seconds_ago_type, given_rules)
    assert who.contract is not None
    return 900 * UNIT - who.balance, who.contract.used_s


def rules(seconds: int) -> Rules:
    """Return rules with a pool for users and one for conferences, which after it draw on the other."""
    calls = allowance("all", seconds)
    conferences = allowance("dial_out", 10**8, pool="conference")
    return RULES.with_plans(PlanBook([catalog(plan("CALLS", calls, conferences))], zone_of))


def charge(who: Account, number: int, call: Call, given_rules: Rules) -> None:
    to, billsec, days, call_type = call
    asked = {"to": to, "call_type": call_type, "usage_country": "DE", "cdr_id": f"c{number}"}
    ended_ms = NOW - days * DAY
    made = cdr(billsec=billsec, ended_ms=ended_ms, **asked)
    found = engine.charge(who, made, source(offset=number), given_rules, Journal())
    assert found in {"rated", "free"}, found


def months(pools: dict[str, int]) -> int:
    """Return how many months of the pool for users have been drawn on."""
    return len({name[:7] for name in pools if "/all/" in name})


@given(st.data())
def test_where_no_pool_is_used_up_calls_of_all_kinds_draw_the_same_in_any_order(
    data: st.DataObject,
) -> None:
    calls = data.draw(calls_to(*MICROS))
    other = data.draw(st.permutations(calls))

    assert drawn(calls, 10**8) == drawn(other, 10**8)


@given(st.data(), st.sampled_from((0, 59, 60, 61, 300, 3_601)))
def test_a_pool_that_is_used_up_by_calls_of_one_price_pays_the_same_in_any_order(
    data: st.DataObject, seconds: int
) -> None:
    calls = data.draw(calls_to(PARIS))
    other = data.draw(st.permutations(calls))

    assert drawn(calls, max(seconds, 1)) == drawn(other, max(seconds, 1))


@given(st.data(), st.sampled_from((60, 300, 3_601)))
def test_a_pool_that_is_used_up_by_calls_of_many_prices_pays_as_much_and_money_is_bounded(
    data: st.DataObject, seconds: int
) -> None:
    calls = data.draw(calls_to(*MICROS))
    other = data.draw(st.permutations(calls))
    (money, pools), (money_too, pools_too) = drawn(calls, seconds), drawn(other, seconds)

    assert pools == pools_too
    prices = sorted(MICROS.values())
    minutes = months(pools) * (seconds // 60)
    assert abs(money - money_too) <= minutes * (prices[-1] - prices[0])


def test_the_bound_is_reached() -> None:
    """Method: a pool of one minute, a dear call and a cheap one: the first that comes is paid by it."""
    dear, cheap = (PARIS_MOBILE, 60, 0, "user_out"), (LONDON, 60, 0, "user_out")
    found = [drawn(calls, 60) for calls in ([dear, cheap], [cheap, dear])]

    assert [money for money, _ in found] == [15_000, 125_000]
    assert all(one[1] == other[1] for one, other in pairwise(found))
