"""Contest: calls side by side on one pool; worked cases. The deck asks 0.02 a minute of Paris, 0.125 of a mobile."""

from rater.core.account.contract import Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.pool_reach import Reach
from rater.core.authorisation.contest import Contest, most_micros
from rater.core.authorisation.holds import Holds, HoldTerms
from rater.core.authorisation.judge import judge
from rater.core.authorisation.request import CallRequest, cdr_of
from rater.core.authorisation.standing import Claim, Held, Standing
from rater.core.authorisation.verdict import Verdict
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.price import price_call
from rater.core.pricing.rated import Rated
from rater.core.pricing.rates import Row
from rater.wire.pricing.zones import zone_of
from tests.build import NOW, RULES, deck, lot
from tests.core.authorisation.asking import request, standing
from tests.plan_build import allowance, catalog, plan

POOL = "2026-03/TEN/all/DE"
BY = RULES.with_plans(PlanBook([catalog(plan("TEN", allowance("all", 600)))], zone_of))
PARIS, MOBILE = request(), request("+33612345678")


def there(micros: int) -> Standing:
    contract = Contract([Entitlement("TEN", "DE", 0, 1, 3)], [])
    return standing(lot(remaining=micros), contract=contract)


def ask(
    holds: Holds, micros: int, hold_id: str, call: CallRequest, longest_s: int = 3_600
) -> Verdict:
    verdict = judge(there(micros), call, BY, longest_s, holds.held(call, NOW, hold_id))
    if verdict.allowed:
        holds.put(hold_id, call, verdict, NOW)
    return verdict


def kept(holds: Holds) -> int:
    return holds.held(PARIS, NOW).micros


def holding() -> Holds:
    return Holds(HoldTerms(60_000, 10_000, 9, 9))


def test_as_long_as_a_pool_has_enough_for_all_calls_cost_nothing() -> None:
    holds = holding()

    assert ask(holds, 1, "a", MOBILE, 300).longest_s == 300
    assert ask(holds, 1, "b", PARIS, 240).longest_s == 240
    assert ask(holds, 1, "c", PARIS).longest_s == 60
    assert (kept(holds), ask(holds, 1, "d", PARIS).reason) == (0, "held")


def test_beyond_that_a_call_leaves_to_the_others_what_they_cost_without_the_pool() -> None:
    """A holds the last ten minutes for a call to a mobile: without the pool that is 1.25. B is to pay 0.02 a minute."""
    holds = holding()
    ask(holds, 1_270_000, "a", MOBILE, 600)
    assert kept(holds) == 0

    verdict = ask(holds, 1_270_000, "b", PARIS)
    assert (verdict.longest_s, kept(holds)) == (60, 1_250_000 + 20_000)
    assert ask(holds, 1_270_000, "c", PARIS).reason == "held"


def test_where_the_others_could_not_pay_nothing_is_let_through() -> None:
    holds = holding()
    ask(holds, 1_200_000, "a", MOBILE, 600)

    verdict = ask(holds, 1_200_000, "b", PARIS)
    assert (verdict.allowed, verdict.reason) == (False, "held")
    assert kept(holds) == 0


def test_a_call_that_draws_on_no_pool_of_the_others_leaves_them_what_they_have() -> None:
    holds = holding()
    ask(holds, 1_200_000, "a", MOBILE, 600)
    elsewhere = request(usage_country="FR")

    assert ask(holds, 1_200_000, "b", elsewhere).longest_s == 3_600
    assert kept(holds) == 1_200_000


def test_a_call_that_has_ended_holds_what_is_sure() -> None:
    """B has a minute of the pool and pays the other nine; A, which may take that minute, is there still."""
    holds = holding()
    ask(holds, 5_000_000, "a", MOBILE, 540)
    ask(holds, 5_000_000, "b", PARIS, 600)
    assert kept(holds) == 9 * 125_000 + 9 * 20_000
    b = holds.find("b", NOW)
    assert b is not None
    holds.settle(b, judge(there(5_000_000), PARIS, BY, 120), NOW)
    assert kept(holds) == 9 * 125_000 + 2 * 20_000

    a = holds.find("a", NOW)
    assert a is not None
    holds.drop(a)
    b = holds.find("b", NOW)
    assert b is not None
    holds.settle(b, judge(there(5_000_000), PARIS, BY, 120), NOW)
    assert kept(holds) == 0


def test_the_most_that_a_call_may_cost_is_its_price_without_pools_however_long_an_increment() -> (
    None
):
    """2/60 at 0.60 a minute: 2 s are 0.02, also where a pool pays one of them and the other is a minute (A91)."""
    row = Row(2, "33", 600_000_000, initial_s=2, increment_s=60)
    by = RULES.with_book(DeckBook.of([deck(row)]))
    dear = Reach("a", 60, 60, None)
    for seconds, micros in ((2, 20_000), (3, 620_000)):
        call = cdr_of(PARIS, seconds)
        price = price_call(call, ("acs",), "USD", by, by.settings.at(NOW))
        assert isinstance(price, Rated)
        assert most_micros(price, call, [dear]) == micros


def test_what_others_cost_more_is_counted_once_for_each_that_is_met() -> None:
    reach = [Reach("a", 600, 60, None), Reach("b", 100, 1, None)]
    more = {frozenset("a"): (7, 1), frozenset("ab"): (5, 0), frozenset("c"): (9, 9)}
    contest = Contest(reach, Held(0, 0, {"a": 500, "b": 50, "c": 9}, more))

    assert contest.more(50) == (0, 0)
    assert contest.more(51) == (5, 0)
    assert contest.more(121) == (12, 1)
    assert contest.claim(51, 1, 2) == Claim(1, 2, {"a": 60, "b": 51}, frozenset("b"))
    assert Contest(reach, Held(3, 0, {"c": 9}, more)).more(9_999) == (0, 0)
