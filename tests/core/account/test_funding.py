"""Funding: what the account's pools pay of a call. The rules' own numbers are in the stories 13 to 22."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core import engine
from rater.core.account.account import Account
from rater.core.account.contract import BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.funding import fund
from rater.core.account.journal import Journal
from rater.core.cdr import Cdr
from rater.core.limits import POOLS_MAX, POOLS_PER_CALL_MAX
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.price import price_call
from rater.core.pricing.rated import Rated
from rater.core.pricing.rules import Rules
from rater.core.suspension import Suspension
from rater.wire.pricing.zones import zone_of
from tests.build import DAY, NOW, RULES, SETTINGS, account, cdr, correcting, lot, source
from tests.plan_build import allowance, catalog, plan
from topics.records import Charge
from topics.records.plans import MinutePrice

MARCH = "2026-03"
CALLS = plan("CALLS", allowance("all", 300))
MORE = plan("MORE", allowance("all", 90, pooled_by="account"), unit_s=1)
OWN = plan("OWN", allowance("all", 600, per="user"))
EITHER = plan(
    "EITHER",
    allowance("domestic", 120, scope="domestic"),
    allowance("international", 60, scope="international"),
    exhaustion="whichever_first",
)
TIED = plan(
    "TIED",
    allowance("any", 60),
    allowance("more", 600, rank=1),
    exhaustion="whichever_first",
)
DEAR = plan("DEAR", allowance("all", 61, prices=(MinutePrice("USD", 10_001, 50_000),)), unit_s=1)
PLANS = (CALLS, MORE, OWN, EITHER, TIED, DEAR)


def rules(**fields: Any) -> Rules:
    return RULES.with_plans(PlanBook([catalog(*PLANS, **fields)], zone_of))


def entitled(*plans: str, from_ms: int = 0, **used_s: int) -> Account:
    held = [Entitlement(each, "DE", from_ms, 1, 3) for each in plans]
    used = {f"{MARCH}/{name.replace('_', '/')}": seconds for name, seconds in used_s.items()}
    return account(lot(), contract=Contract(held, list[BillingMode](), used))


def funded(who: Account, seconds: int = 120, given: Rules | None = None, **fields: Any) -> Rated:
    call = made(seconds, **fields)
    with_plans = rules() if given is None else given
    price = price_call(call, who.decks, who.currency, with_plans, SETTINGS)
    assert isinstance(price, Rated), price
    found = fund(who, call, price, with_plans, NOW)
    assert isinstance(found, Rated), found
    return found


def made(seconds: int, **fields: Any) -> Cdr:
    asked = {"call_type": "user_out", "usage_country": "DE", "to": "+33142685300", **fields}
    return cdr(billsec=seconds, **asked)


def drawn(price: Rated) -> list[tuple[str | None, int | None]]:
    return [] if price.funding is None else [(d.id, d.quantity) for d in price.funding.draws]


def test_pools_are_drawn_in_order_each_in_units_of_its_plan_and_money_pays_the_rest() -> None:
    price = funded(entitled("MORE", "CALLS"), 500)

    assert drawn(price) == [(f"{MARCH}/CALLS/all/DE", 300), (f"{MARCH}/MORE/all", 90)]
    # 500 - 390 = 110 s, two minutes of 0.02.
    assert price.charge_micros == 40_000
    assert [line.kind for line in price.lines] == ["usage", "pool", "pool"]
    assert price.funding is not None
    assert (price.funding.plan_version, price.funding.entitlement_seq) == (1, 3)


def test_minutes_with_a_price_take_seconds_and_money_each_on_a_line_of_its_own() -> None:
    price = funded(entitled("DEAR"), 120)

    assert drawn(price) == [(f"{MARCH}/DEAR/all/DE", 61)]
    # 61 x 10,001 / 60 = 10,167.68...; the deck prices 59 s, a minute.
    said = [(e.kind, e.amount_micros, e.quantity, e.rate_nanos, e.per) for e in price.lines[1:]]
    assert said == [
        ("pool", 0, 61, None, 1),
        ("pool_usage", 10_168, 61, 10_001_000, 60),
        ("pool_fee", 50_000, 1, 50_000_000, 1),
    ]
    assert price.charge_micros == 20_000 + 10_168 + 50_000


@pytest.mark.parametrize(("most", "outcome"), [(60_000, "amount_too_large"), (60_001, "rated")])
def test_a_call_that_minutes_with_a_price_take_below_the_least_balance_waits(
    most: int, outcome: str
) -> None:
    """The deck asks 0.02 of a minute, the plan 0.010001 and 0.05."""
    who, journal, told = entitled("DEAR"), Journal(), source()
    who.lots.clear()
    who.balance, who.balance_max = 0, most
    who.adopted = rules().settings.at(told.at_ms)
    found = engine.charge(who, made(60), told, rules(), journal)

    assert (str(found.reason) if isinstance(found, Suspension) else found) == outcome
    assert len(journal.entries) == (outcome == "rated")


def test_a_correction_within_the_bound_counts_what_comes_back_before() -> None:
    """61 s cost 0.060168; the same again would be beyond the bound if money and seconds did not come back."""
    who, journal = entitled("DEAR"), Journal()
    given = correcting().with_plans(rules().plans)
    who.lots.clear()
    who.balance, who.balance_max = 0, 60_168
    who.adopted = given.settings.at(source().at_ms)
    engine.charge(who, made(61), source(), given, journal)
    (first,) = journal.entries
    assert isinstance(first, Charge)
    again = made(61, kind="correction", version=2)

    assert engine.correct(who, again, source(), given, journal, first) == "rated"
    assert (who.balance, who.debt) == (-60_168, 60_168)
    longer = made(62, kind="correction", version=3)
    last = journal.entries[-1]
    assert isinstance(last, Charge)
    found = engine.correct(who, longer, source(), given, journal, last)
    assert isinstance(found, Suspension)
    assert str(found.reason) == "amount_too_large"


def test_the_latest_entry_about_the_plans_that_may_pay_is_named() -> None:
    who = entitled("CALLS", "MORE", "EITHER")
    assert who.contract is not None
    held = zip(who.contract.entitlements, (4, 9, 2), strict=True)
    said = [Entitlement(e.plan_id, e.usage_country, e.from_ms, e.licences, n) for e, n in held]
    price = funded(account(lot(), contract=Contract(said, list[BillingMode]())), 60)

    assert price.funding is not None
    assert price.funding.entitlement_seq == 9


def test_a_unit_that_is_not_whole_is_left_in_its_pool() -> None:
    assert drawn(funded(entitled("CALLS", CALLS_all_DE=241), 60)) == []
    assert drawn(funded(entitled("CALLS", CALLS_all_DE=240), 61)) == [(f"{MARCH}/CALLS/all/DE", 60)]


def test_what_was_taken_away_leaves_less_than_nothing_and_draws_nothing() -> None:
    assert drawn(funded(entitled("CALLS", CALLS_all_DE=6_000))) == []


def test_licences_for_another_country_do_not_pay_and_a_cdr_that_names_none_may_use_all() -> None:
    assert drawn(funded(entitled("CALLS"), usage_country="GB")) == []
    assert drawn(funded(entitled("CALLS"), usage_country=None)) != []


def test_what_begins_to_hold_after_the_start_of_the_call_pays_nothing_of_it() -> None:
    assert drawn(funded(entitled("CALLS", from_ms=NOW + DAY))) == []


def test_calls_that_cost_nothing_and_those_of_no_chain_draw_nothing() -> None:
    assert drawn(funded(entitled("CALLS"), to="+7800123456")) == []
    assert drawn(funded(entitled("CALLS"), call_type="another")) == []


def test_pools_of_users_pay_nothing_where_the_user_is_not_known() -> None:
    assert drawn(funded(entitled("OWN"))) == []


def test_where_one_of_two_allowances_is_used_up_the_other_gives_nothing_more() -> None:
    assert drawn(funded(entitled("EITHER"), 60)) == [(f"{MARCH}/EITHER/international/DE", 60)]
    assert drawn(funded(entitled("EITHER", EITHER_domestic_DE=120), 60)) == []


def test_what_a_call_itself_uses_up_ends_the_others_for_the_rest_of_it() -> None:
    assert drawn(funded(entitled("TIED"), 120)) == [(f"{MARCH}/TIED/any/DE", 60)]
    assert drawn(funded(entitled("TIED", TIED_any_DE=60), 60)) == []


def test_without_plans_or_without_a_contract_a_call_is_as_it_was() -> None:
    call = made(120)
    price = price_call(call, ("acs",), "USD", RULES, SETTINGS)
    assert isinstance(price, Rated)

    assert fund(entitled("CALLS"), call, price, RULES, NOW) is price
    assert fund(account(lot()), call, price, rules(), NOW) is price


def full(*months: str) -> Account:
    """Return an account that has used as many pools as it may, in these months by turns."""
    names = [f"{months[n % len(months)]}/P{n}/all" for n in range(POOLS_MAX)]
    return account(
        lot(),
        contract=Contract(
            [Entitlement("CALLS", "DE", 0, 1, 3)], list[BillingMode](), dict.fromkeys(names, 60)
        ),
    )


def test_a_pool_that_cannot_be_remembered_pays_nothing_and_the_call_waits() -> None:
    who, journal = full(MARCH), Journal()
    found = engine.charge(who, made(120), source(), rules(), journal)

    assert isinstance(found, Suspension)
    assert found.reason == "too_many_pools"
    assert f"{MARCH}/CALLS/all/DE" in found.detail
    assert journal.entries == []


def test_pools_of_months_that_are_over_make_room_and_one_that_is_known_needs_none() -> None:
    assert engine.charge(full(MARCH, "2024-01"), made(120), source(), rules(), Journal()) == "rated"
    who = full(MARCH)
    assert who.contract is not None
    del who.contract.used_s[f"{MARCH}/P0/all"]
    assert engine.charge(who, made(60), source(), rules(), Journal()) == "rated"
    assert len(who.contract.used_s) == POOLS_MAX
    assert engine.charge(who, made(60), source(), rules(), Journal()) == "rated"


def test_a_correction_that_might_find_no_room_leaves_the_charge_as_it_is() -> None:
    who, journal = entitled("CALLS"), Journal()
    corrects = correcting().with_plans(rules().plans)
    assert engine.charge(who, made(60), source(), corrects, journal) == "rated"
    original = journal.entries[-1]
    assert isinstance(original, Charge)
    assert who.contract is not None
    for n in range(POOLS_MAX - 1):
        who.contract.used_s[f"{MARCH}/P{n}/all"] = 60
    seq = who.seq
    second = made(120, kind="correction", version=2)
    found = engine.correct(who, second, source(), corrects, journal, original)

    assert isinstance(found, Suspension)
    assert (found.reason, who.seq) == ("too_many_pools", seq)
    void = made(60, kind="void", version=2)
    assert engine.correct(who, void, source(), corrects, journal, original) == "voided"


def test_a_call_draws_on_so_many_pools_and_money_pays_the_rest() -> None:
    many = plan("MANY", *[allowance(f"a{n}", 60) for n in range(POOLS_PER_CALL_MAX + 4)])
    given = RULES.with_plans(PlanBook([catalog(many)], zone_of))
    price = funded(entitled("MANY"), 60 * (POOLS_PER_CALL_MAX + 2), given)

    assert len(drawn(price)) == POOLS_PER_CALL_MAX
    assert price.charge_micros == 2 * 20_000


@given(st.lists(st.integers(1, 400), max_size=12))
def test_no_pool_is_ever_overdrawn_and_every_second_is_paid_once(calls: list[int]) -> None:
    """Held against a loop over single units."""
    who = entitled("CALLS", "MORE")
    left = {"CALLS": 300, "MORE": 90}
    assert who.contract is not None
    for seconds in calls:
        price = funded(who, seconds)
        expected = dict.fromkeys(left, 0)
        rest = seconds
        for name, unit in (("CALLS", 60), ("MORE", 1)):
            while rest > 0 and left[name] >= unit:
                left[name] -= unit
                expected[name] += unit
                rest -= unit
        taken = {pool: quantity or 0 for pool, quantity in drawn(price) if pool is not None}
        for pool, quantity in taken.items():
            who.contract.used_s[pool] = who.contract.used_s.get(pool, 0) + quantity
        by_plan = {pool.split("/")[1]: quantity for pool, quantity in taken.items()}
        assert by_plan == {name: s for name, s in expected.items() if s}
        assert price.charge_micros == -(-max(rest, 0) // 60) * 20_000
