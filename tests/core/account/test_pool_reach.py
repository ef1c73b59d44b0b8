"""Pool reach: which pools a call may draw on, and how much calls may draw together before one gets less."""

from rater.core.account.account import Account
from rater.core.account.contract import Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.pool_reach import Reach, reach_of
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.rules import Rules
from rater.wire.pricing.zones import zone_of
from tests.build import RULES, account, cdr
from tests.plan_build import allowance, catalog, plan
from topics.records import Plan
from topics.records.plans import MinutePrice

PARIS = ("FR", "landline")
DOLLARS, EUROS = MinutePrice("USD", 60_000, 5), MinutePrice("EUR", 1)


def rules(*plans: Plan) -> Rules:
    return RULES.with_plans(PlanBook([catalog(*plans)], zone_of))


def holding(*plan_ids: str, **used_s: int) -> Account:
    held = [Entitlement(each, "DE", 0, 1, 3) for each in plan_ids]
    used = {f"2026-03/{name.replace('_', '/')}/DE": seconds for name, seconds in used_s.items()}
    return account(contract=Contract(held, [], used))


def reach(there: Account, by: Rules) -> list[tuple[str, int]]:
    call = cdr(to="+33142685300", call_type="user_out", usage_country="DE")
    return [(each.name, each.left_s) for each in reach_of(there, call, by, PARIS, None)]


def test_what_is_left_is_in_whole_units_and_a_pool_without_one_is_out_of_reach() -> None:
    by = rules(plan("TEN", allowance("all", 600)))

    assert reach(holding("TEN"), by) == [("2026-03/TEN/all/DE", 600)]
    assert reach(holding("TEN", TEN_all=61), by) == [("2026-03/TEN/all/DE", 480)]
    assert reach(holding("TEN", TEN_all=541), by) == []
    assert reach(account(), by) == reach(holding("OTHER"), by) == []


def test_a_pool_that_ends_with_others_is_reached_with_them_and_they_must_keep_a_unit() -> None:
    tied = plan("ONE", allowance("a", 600), allowance("b", 300), exhaustion="whichever_first")
    by = rules(tied)

    assert reach(holding("ONE"), by) == [("2026-03/ONE/a/DE", 540), ("2026-03/ONE/b/DE", 240)]
    assert reach(holding("ONE", ONE_b=300), by) == []


def test_seconds_with_a_price_are_reached_by_accounts_of_its_currency() -> None:
    dear = rules(plan("ONE", allowance("a", 600, prices=(DOLLARS,))))
    theirs = rules(plan("ONE", allowance("a", 600, prices=(EUROS,))))

    assert reach(holding("ONE"), dear) == [("2026-03/ONE/a/DE", 600)]
    assert reach(holding("ONE"), theirs) == []


def test_a_call_wants_whole_units_and_owes_their_price_and_fee() -> None:
    free, dear = Reach("a", 600, 60, None), Reach("b", 600, 7, DOLLARS)

    assert (free.wanted_s(61), free.most_micros(61)) == (120, 0)
    assert (dear.wanted_s(61), dear.most_micros(61)) == (63, 63_000 + 5)
