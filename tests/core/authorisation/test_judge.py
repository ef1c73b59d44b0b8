"""Judge: which calls may start, and for how long at most; the engine's own charge is what it is held against."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rater.core.account.account import Account
from rater.core.account.contract import BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.user import User
from rater.core.authorisation.judge import judge, judge_blind
from rater.core.authorisation.standing import Held, Standing
from rater.core.authorisation.verdict import Refused
from rater.core.call_classes import PAID_CALLS
from rater.core.limits import DURATION_S_MAX
from rater.core.money import Rounding
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.rates import Action, Row
from rater.core.pricing.rules import Rules
from rater.wire.pricing.zones import zone_of
from tests.build import DAY, MINUTE, NOW, RULES, UNIT, account, deck, lot, settings_version
from tests.core.authorisation.asking import charged, request, standing, user
from tests.plan_build import allowance, catalog, plan
from topics.fields import NO_CURRENCY
from topics.records.charging_settings import CurrencyTerms
from topics.records.plans import MinutePrice

CALLS = plan("CALLS", allowance("all", 300))
MORE = plan("MORE", allowance("all", 90, pooled_by="account"), unit_s=1)
OWN = plan("OWN", allowance("all", 600, per="user"))
EITHER = plan(
    "EITHER", allowance("one", 120), allowance("two", 600), exhaustion="whichever_first", unit_s=6
)
DEAR = plan("DEAR", allowance("all", 180, prices=(MinutePrice("USD", 30_000, 10_000),)))
CATALOG = catalog(CALLS, MORE, EITHER, OWN, DEAR)
EMPTY = dict.fromkeys(PAID_CALLS, ("balance_not_positive", None))


def entitled(*plans: str, **used_s: int) -> Contract:
    held = [Entitlement(each, "DE", 0, 1, 3) for each in plans]
    used = {f"2026-03/{name.replace('_', '/')}": seconds for name, seconds in used_s.items()}
    return Contract(held, list[BillingMode](), used)


def with_plans() -> Rules:
    return RULES.with_plans(PlanBook([CATALOG], zone_of))


def test_the_longest_call_is_what_the_balance_pays_in_whole_increments() -> None:
    """0.02 a minute: 1.01 pays 50 minutes, and the 51st would cost 1.02."""
    found = judge(standing(lot(remaining=1_010_000)), request(), RULES)

    assert (found.allowed, found.longest_s, found.reason) == (True, 3_000, None)
    assert found.rated is not None
    by = (found.rated.charge_micros, found.rated.deck_id, found.rated.deck_version)
    assert by == (1_000_000, "acs", 1)
    assert found.settings_version == 0


def test_a_balance_that_pays_more_is_bounded_by_the_longest_call_of_all_or_by_what_is_asked() -> (
    None
):
    rich = standing(lot(remaining=10_000 * UNIT))

    assert judge(rich, request(), RULES).longest_s == DURATION_S_MAX
    assert judge(rich, request(), RULES, 90).longest_s == 90


def test_pools_pay_first_and_money_the_rest() -> None:
    """300 s of the pool, then 0.05 pays two minutes of 0.02."""
    who = standing(lot(remaining=50_000), contract=entitled("CALLS"))

    assert judge(who, request(), with_plans()).longest_s == 420


@pytest.mark.parametrize(
    ("micros", "longest_s"),
    # A minute is 0.03 and the call 0.01; three are there, then the deck asks 0.02 a minute.
    [(39_999, 0), (40_000, 60), (80_000, 120), (100_000, 180), (119_999, 180), (120_000, 240)],
)
def test_minutes_with_a_price_last_as_long_as_money_pays_them(micros: int, longest_s: int) -> None:
    who = standing(lot(remaining=micros), contract=entitled("DEAR"))
    found = judge(who, request(), with_plans())

    assert (found.allowed, found.longest_s) == (longest_s > 0, longest_s)
    assert found.reason == (None if longest_s else "balance_too_low")


def test_without_money_minutes_with_a_price_pay_nothing() -> None:
    for fields in ({"blocked": EMPTY}, BARE):
        found = judge(standing(contract=entitled("DEAR"), **fields), request(), with_plans())
        assert not found.allowed


def test_without_money_a_pool_alone_pays_and_its_last_second_is_the_last_of_the_call() -> None:
    contract = entitled("CALLS", "MORE", CALLS_all_DE=120)
    who = standing(blocked=EMPTY, contract=contract)
    found = judge(who, request(), with_plans())

    assert (found.allowed, found.longest_s) == (True, 180 + 90)
    assert found.rated is not None
    assert found.rated.funding is not None
    assert (found.rated.charge_micros, found.rated.funding.plan_version) == (0, 1)
    used_up = standing(blocked=EMPTY, contract=entitled("CALLS", CALLS_all_DE=300))
    refused = judge(used_up, request(), with_plans())
    assert (refused.allowed, refused.longest_s, refused.reason) == (False, 0, "balance_not_positive")  # fmt: skip


def test_a_lot_that_dies_during_the_call_is_not_counted_beyond_its_expiry() -> None:
    """L1 would pay 50 minutes, and dies after ten; L2 pays five."""
    dying = lot("L1", 1_000_000, NOW + 10 * MINUTE)
    found = judge(standing(dying, lot("L2", 100_000)), request(), RULES)
    alone = judge(standing(dying), request(), RULES)

    assert (found.longest_s, alone.longest_s) == (600, 600)
    short = judge(standing(dying, lot("L2", 300_000)), request(), RULES)
    assert short.longest_s == 900


def test_emergency_calls_may_start_whatever_is_known_of_the_tenant() -> None:
    closed = standing(blocked={"in_bundle": ("account_closed", None)}, closed_ms=NOW - 1)

    for found in (
        judge(standing(debt=5 * UNIT, blocked=EMPTY), request("112"), RULES),
        judge(closed, request("112"), RULES),
        judge_blind(request("112"), RULES, Refused.UNKNOWN_TENANT, "acme"),
        judge_blind(request("+3317", call_type="emergency_out"), RULES, Refused.STALE, "old"),
    ):
        assert (found.allowed, found.longest_s, found.reason) == (True, None, "emergency")
    assert judge(closed, request(), RULES).reason == "account_closed"
    inbound = request("+493012345678", direction="in")
    assert judge(closed, inbound, RULES).reason == "account_closed"


def test_ordinary_inbound_calls_may_start_and_nothing_else_where_nothing_can_be_relied_on() -> None:
    inbound = request("+493012345678", direction="in")
    found = judge_blind(inbound, RULES, Refused.STALE, "31 s old")
    paid = judge_blind(request(), RULES, Refused.STALE, "31 s old")

    assert (found.allowed, found.longest_s, found.reason) == (True, None, "inbound")
    assert judge(standing(blocked=EMPTY), inbound, RULES) == found
    assert (paid.allowed, paid.longest_s, paid.reason, paid.detail) == (False, 0, "stale", "31 s old")  # fmt: skip


def test_toll_free_inbound_is_paid_by_the_tenant_and_stops_without_a_balance() -> None:
    """Scenario 12: 10.00 at 0.022 pays 454 minutes; with nothing it is denied."""
    inbound = request("+18005550100", direction="in", call_type="conf_in")

    assert judge(standing(lot(remaining=10 * UNIT)), inbound, RULES).longest_s == 454 * 60
    assert judge(standing(blocked=EMPTY), inbound, RULES).reason == "balance_not_positive"


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("+449098765432", "denied"),
        ("+999123456", "no_rate"),
        ("+3301426853", "impossible_number"),
        ("3635", "short_number"),
    ],
)
def test_what_could_not_be_charged_may_not_start(to: str, reason: str) -> None:
    found = judge(standing(lot()), request(to), RULES)

    assert (found.allowed, found.longest_s, found.reason) == (False, 0, reason)
    assert found.detail


def test_a_class_that_is_blocked_is_refused_with_its_reason_and_code() -> None:
    tripped = {"international": ("spend_limit", None)}
    found = judge(standing(lot(), blocked=tripped), request(), RULES)
    rules = RULES.with_book(DeckBook.of([deck(Row(2, "33", 20_000_000, country="FR"))]))
    domestic = judge(standing(lot(), blocked=tripped), request(usage_country="FR"), rules)

    assert (found.allowed, found.reason) == (False, "spend_limit")
    assert domestic.allowed


def test_a_user_has_no_more_than_what_is_left_of_the_monthly_limit() -> None:
    """Scenario 45: 20.00 a month, 19.80 spent: 0.02 a minute is ten minutes."""
    limit: dict[str, Any] = {"monthly_spend_limit_micros": 20 * UNIT}
    some = standing(lot(remaining=50 * UNIT), user=user(spent=19_800_000, **limit))
    few = standing(lot(remaining=50 * UNIT), user=user(spent=19_980_001, **limit))
    none = standing(lot(remaining=50 * UNIT), user=user(spent=20_300_000, **limit))

    assert judge(some, request(), RULES).longest_s == 600
    assert judge(few, request(), RULES).reason == "user_limit_too_low"
    assert judge(none, request(), RULES).reason == "user_spend_limit"
    assert judge(none, request(at_ms=NOW + 31 * DAY), RULES).allowed
    assert judge(none, request("112"), RULES).allowed
    inbound = request("+18005550100", direction="in", call_type="conf_in")
    assert judge(none, inbound, RULES).allowed


def test_a_call_that_charging_would_let_wait_for_the_bound_of_the_balance_is_no_longer_than_that() -> (
    None
):
    """Pools pay five minutes; without them a call to a mobile may take a quarter below zero: two minutes."""
    usd = CurrencyTerms("USD", 2, 0, 1, 250_000)
    held = Contract([Entitlement("CALLS", "DE", 0, 1, 3)], [])
    by = RULES.with_plans(PlanBook([CATALOG], zone_of))
    by = by.with_settings(by.settings.with_version(settings_version(USD=usd)))
    there, mobile = standing(contract=held), request("+33612345678")

    verdict = judge(there, mobile, by)
    assert (verdict.longest_s, verdict.rated and verdict.rated.charge_micros) == (120, 0)
    assert charged(there.account, mobile, 120, by) is not None
    assert charged(there.account, mobile, 121, by) is None
    assert judge(there, mobile, by, held=Held(125_000, 0, {})).longest_s == 60
    beyond = judge(there, mobile, by, held=Held(125_001, 0, {}))
    assert (beyond.allowed, beyond.reason) == (False, "amount_too_large")
    lots = standing(lot(remaining=1_000_000), contract=held)
    assert judge(lots, mobile, by).longest_s == 600


def test_an_account_that_pays_later_has_no_bound_but_what_is_blocked() -> None:
    later = standing(pays_later=True)
    blocked = standing(pays_later=True, blocked={"international": ("credit_limit", None)})

    assert judge(later, request(), RULES, 7_200).longest_s == 7_200
    assert judge(blocked, request(), RULES).reason == "credit_limit"


def test_a_balance_above_zero_that_pays_not_the_least_is_too_low() -> None:
    found = judge(standing(lot(remaining=19_999)), request(), RULES)

    assert (found.allowed, found.reason) == (False, "balance_too_low")
    assert found.detail == "the least that the call costs is 20000 micros, the balance is 19999"


def test_what_other_calls_hold_is_not_there() -> None:
    rich = standing(lot(remaining=1_010_000))
    held = Held(1_000_000, 0, {})

    assert judge(rich, request(), RULES, DURATION_S_MAX, held).reason == "held"
    assert judge(rich, request(), RULES, DURATION_S_MAX, Held(900_000, 0, {})).longest_s == 300
    pool = standing(blocked=EMPTY, contract=entitled("CALLS"))
    seconds = Held(0, 0, {"2026-03/CALLS/all/DE": 240})
    assert judge(pool, request(), with_plans(), DURATION_S_MAX, seconds).longest_s == 60
    ann = standing(lot(), user=user(monthly_spend_limit_micros=100_000))
    assert judge(ann, request(), RULES, DURATION_S_MAX, Held(0, 60_000, {})).longest_s == 120


def test_grace_alone_is_no_permission() -> None:
    """Below 12 s the call is free, then it costs 0.06 from its first second on."""
    rules = RULES.with_book(DeckBook.of([deck(Row(2, "33", 60_000_000, grace_s=12))]))

    assert judge(standing(lot(remaining=59_999)), request(), rules).reason == "balance_too_low"
    assert judge(standing(lot(remaining=60_000)), request(), rules).longest_s == 60
    assert judge(standing(lot(remaining=60_000)), request(), rules, 5).longest_s == 5


def test_a_free_row_costs_nothing_with_any_balance() -> None:
    assert judge(standing(blocked=EMPTY), request("+78001234567"), RULES, 600).longest_s == 600


def test_a_band_without_a_price_ends_the_call() -> None:
    """The row of 39 holds until 18:00 UTC; it is 12:00."""
    found = judge(standing(lot(remaining=100 * UNIT)), request("+390612345678"), RULES)

    assert found.longest_s == 6 * 3_600


amounts = st.integers(0, 2_000_000)
whole = st.sampled_from((1, 6, 30, 60))


@st.composite
def rows(draw: st.DrawFn) -> tuple[Row, ...]:
    """Rows of one prefix: tiers, or bands around noon, or one for all hours."""
    kind = draw(st.sampled_from(("plain", "tiers", "bands", "gap")))
    count = {"plain": 1, "tiers": draw(st.integers(2, 3)), "bands": 2, "gap": 1}[kind]
    starts = sorted(draw(st.sets(st.integers(1, 400), min_size=count - 1, max_size=count - 1)))
    turn = 12 * 3_600 + draw(st.integers(1, 500))
    made = []
    for n in range(count):
        fields: dict[str, Any] = {
            "from_second": 0 if n == 0 or kind != "tiers" else starts[n - 1],
            "start_s": 0 if kind in {"plain", "tiers"} else (0, turn)[n],
            "end_s": 86_400 if kind in {"plain", "tiers"} else (turn, 86_400)[n],
            "initial_s": draw(whole),
            "increment_s": draw(st.sampled_from((0, 1, 6, 60))),
            "fees": (("connection_fee", draw(st.integers(1, 50_000))),) if draw(st.booleans()) else (),
            "max_charge_micros": draw(st.none() | st.integers(1, 900_000)),
            "grace_s": draw(st.sampled_from((0, 0, 5, 70))),
            "min_charge_micros": draw(st.sampled_from((0, 0, 30_000))),
            "rounding": draw(st.sampled_from(tuple(Rounding))),
            "decimals": draw(st.sampled_from((2, 4, 6))),
        }  # fmt: skip
        free = draw(st.integers(0, 9)) == 0
        if free:
            fields |= {"fees": (), "min_charge_micros": 0, "action": Action.FREE}
        made.append(Row(2 + n, "33", draw(st.integers(0, 200_000_000)), **fields))
    return tuple(made)


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """Accounts of up to three lots, some of which die within the hour, or with debt; and of some pools."""
    ends = st.sampled_from((NOW, NOW + 61_000, NOW + 400_000, NOW + DAY, NOW + 90 * DAY))
    lots = [
        lot(f"L{n}", remaining, expires_ms)
        for n, (remaining, expires_ms) in enumerate(
            draw(st.lists(st.tuples(st.integers(1, 1_000_000), ends), max_size=3))
        )
    ]
    lots.sort(key=lambda each: (each.purchased_ms, each.lot_id))
    debt = 0 if lots else draw(st.sampled_from((0, 5)))
    held = draw(st.sets(st.sampled_from(("CALLS", "MORE", "EITHER", "OWN", "DEAR"))))
    used = draw(st.sampled_from((0, 60, 89, 300, 301)))
    spent = {"CALLS_all_DE": used, "MORE_all": min(used, 91), "EITHER_one_DE": min(used, 120)}
    contract = entitled(*sorted(held), **spent) if held else None
    return account(*lots, debt=debt, contract=contract)


USERS = (
    None,
    user(plan_ids=("CALLS", "OWN"), used_s={"2026-03/OWN/all/user=ann": 240}),
    user(plan_ids=("MORE", "EITHER")),
)


@given(rows(), accounts(), st.sampled_from((1, 61, 3_600, DURATION_S_MAX)), st.sampled_from(USERS))
@settings(max_examples=400, deadline=None, derandomize=True)
@example((Row(2, "33", 20_000_000),), account(lot(remaining=1_010_000)), DURATION_S_MAX, None)
def test_the_longest_call_charged_never_leaves_less_than_nothing_and_a_longer_one_would(
    priced: tuple[Row, ...], who: Account, most_s: int, caller: User | None
) -> None:
    rules = with_plans().with_book(DeckBook.of([deck(*priced)]))
    asked = request(user_id="ann")
    found = judge(Standing(who, {}, False, caller), asked, rules, most_s)

    if not found.allowed:
        grace_s = priced[0].grace_s
        assert charged(who, asked, max(grace_s, 1), rules, caller) is None
        return
    longest = found.longest_s
    assert longest is not None
    entry = charged(who, asked, longest, rules, caller)
    assert entry is not None
    assert found.rated is not None
    assert entry.charge_micros == found.rated.charge_micros
    assert longest <= most_s
    if longest < most_s:
        assert charged(who, asked, longest + 1, rules, caller) is None


BARE: dict[str, Any] = {
    "currency": NO_CURRENCY,
    "decks": (),
    "blocked": dict.fromkeys(PAID_CALLS, ("no_credits", 580462)),
}


def test_without_credits_a_call_may_last_as_long_as_pools_pay_it() -> None:
    """Five minutes, and 31 s of them are used: four whole units are left."""
    who = standing(contract=entitled("CALLS", CALLS_all_DE=31), **BARE)
    found = judge(who, request(), with_plans())

    assert (found.allowed, found.longest_s, found.reason) == (True, 240, None)
    assert found.rated is not None
    assert (found.rated.charge_micros, found.rated.deck_id) == (0, None)
    assert charged(who.account, request(), 240, with_plans()) is not None
    assert charged(who.account, request(), 241, with_plans()) is None


def test_without_credits_what_pools_do_not_pay_is_refused_as_the_status_says() -> None:
    for used_s, fields in ((300, {}), (0, {"call_type": "another"}), (0, {"usage_country": "GB"})):
        who = standing(contract=entitled("CALLS", CALLS_all_DE=used_s), **BARE)
        found = judge(who, request(**fields), with_plans())
        assert (found.allowed, found.reason, found.code) == (False, "no_credits", 580462)
        assert charged(who.account, request(**fields), 1, with_plans()) is None
    assert judge(standing(**BARE), request("112"), with_plans()).allowed
