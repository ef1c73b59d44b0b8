"""Holds: calls side by side share what there is."""

from typing import Any

from rater.core.account.contract import Contract
from rater.core.account.entitlement import Entitlement
from rater.core.authorisation.holds import Holds, HoldTerms
from rater.core.authorisation.judge import judge
from rater.core.authorisation.standing import NOTHING_HELD, Held
from rater.core.authorisation.verdict import Verdict
from rater.core.pricing.plans.book import PlanBook
from rater.wire.pricing.zones import zone_of
from tests.build import NOW, RULES, lot
from tests.core.authorisation.asking import request, standing
from tests.plan_build import allowance, catalog, plan

TERMS = HoldTerms(keep_ms=60_000, settle_ms=10_000, per_tenant=3, per_user=2)
RICH = standing(lot(remaining=1_000_000))


def verdict(longest_s: int, **fields: Any) -> Verdict:
    return judge(RICH, request(**fields), RULES, longest_s)


def test_what_is_held_is_the_most_that_calls_of_the_tenant_and_the_user_may_cost() -> None:
    """0.02 a minute: ten minutes are 0.20, five are 0.10."""
    holds = Holds(TERMS)
    ann, bob = request(user_id="ann"), request(user_id="bob")
    assert holds.held(ann, NOW) is NOTHING_HELD
    holds.put("h1", ann, verdict(600), NOW)
    holds.put("h2", bob, verdict(300), NOW)

    assert holds.held(ann, NOW) == Held(300_000, 200_000, {})
    assert holds.held(request(), NOW) == Held(300_000, 0, {})
    conference = request(call_type="conf_out", user_id="eve", organizer_id="ann")
    assert holds.held(conference, NOW).user_micros == 200_000
    assert holds.held(request(user_id="eve", organizer_id="ann"), NOW).user_micros == 0
    assert holds.held(ann, NOW, "h1") == Held(100_000, 0, {})
    assert holds.held(request(tenant_id="globex"), NOW) is NOTHING_HELD


def test_a_hold_ends_by_itself_after_the_call_and_a_while() -> None:
    holds = Holds(TERMS)
    holds.put("h1", request(), verdict(600), NOW)

    assert holds.find("h1", NOW + 659_999) is not None
    assert holds.find("h1", NOW + 660_000) is None
    assert holds.held(request(), NOW + 660_000) == Held(0, 0, {})
    holds.sweep(NOW + 659_999)
    assert len(holds) == 1
    holds.sweep(NOW + 660_000)
    assert len(holds) == 0


def test_a_call_that_has_ended_holds_what_it_has_cost_until_its_charge_is_seen() -> None:
    holds = Holds(TERMS)
    holds.put("h1", request(), verdict(600), NOW)
    hold = holds.find("h1", NOW)
    assert hold is not None
    holds.settle(hold, verdict(60), NOW + 60_000)

    assert holds.held(request(), NOW + 69_999) == Held(20_000, 0, {})
    assert holds.find("h1", NOW + 70_000) is None
    holds.put("h2", request(), verdict(600), NOW)
    unknown = holds.find("h2", NOW)
    assert unknown is not None
    holds.settle(unknown, None, NOW + 60_000)
    assert holds.held(request(), NOW + 69_999) == Held(220_000, 0, {})
    holds.drop(unknown)
    assert holds.find("h2", NOW) is None


def test_of_a_tenant_and_of_a_user_so_many_are_held_at_once() -> None:
    holds = Holds(TERMS)
    ann = request(user_id="ann")
    holds.put("h1", ann, verdict(60), NOW)
    assert not holds.is_full(ann, verdict(60), NOW)
    holds.put("h2", ann, verdict(60), NOW)

    assert holds.is_full(ann, verdict(60), NOW)
    assert not holds.is_full(ann, verdict(60), NOW, "h2")
    assert not holds.is_full(request(), verdict(60), NOW)
    holds.put("h3", request(), verdict(60), NOW)
    assert holds.is_full(request(user_id="bob"), verdict(60), NOW)
    assert not holds.is_full(request(user_id="bob"), verdict(60), NOW + 120_000)
    assert not holds.is_full(request(tenant_id="globex"), verdict(60), NOW)


def test_incoming_calls_are_a_users_own_only_where_they_cost_money() -> None:
    """A toll-free call costs money; one that pools pay, or nobody, does not."""
    holds = Holds(TERMS)
    ann = request(user_id="ann")
    incoming = request("+18005550199", user_id="ann", direction="in", call_type="conf_in")
    paid, free = verdict(60), Verdict(True, 60)
    for n in range(2):
        holds.put(f"i{n}", incoming, free, NOW)

    assert not holds.is_full(ann, paid, NOW)
    assert not holds.is_full(incoming, paid, NOW)
    holds = Holds(TERMS)
    for n in range(2):
        holds.put(f"p{n}", incoming, paid, NOW)
    assert holds.is_full(ann, paid, NOW)
    assert holds.is_full(incoming, paid, NOW)
    assert not holds.is_full(incoming, free, NOW)
    assert holds.held(ann, NOW) == Held(40_000, 0, {})


def test_seconds_of_pools_that_a_call_may_take_are_held_and_are_not_there_for_the_next() -> None:
    """Of ten minutes the first call may take six: without money four are left to the second."""
    rules = RULES.with_plans(PlanBook([catalog(plan("TEN", allowance("all", 600)))], zone_of))
    there = standing(contract=Contract([Entitlement("TEN", "DE", 0, 1, 3)], []))
    holds = Holds(TERMS)
    holds.put("h1", request(), judge(there, request(), rules, 360), NOW)
    held = holds.held(request(), NOW)

    pool = "2026-03/TEN/all/DE"
    assert held == Held(0, 0, {pool: 360}, {frozenset([pool]): (120_000, 0)})
    assert judge(there, request(), rules, 3_600, held).longest_s == 240
