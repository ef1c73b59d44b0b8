"""What is used of an account's pools: in its status, and told at 80 and at 100 per cent."""

import pytest

from rater.core.account.account import Account
from rater.core.account.cause import Cause
from rater.core.account.contract import BillingMode, Contract, use
from rater.core.account.entitlement import Entitlement
from rater.core.account.pool_use import own_running_out, pools_of, run_down, running_out, tell_use
from rater.core.account.posting import posting_of
from rater.core.account.user import User, count_charge
from rater.core.pricing.plans.book import NO_BOOK, PlanBook
from rater.wire.pricing.zones import zone_of
from tests.build import DAY, NOW, account, lot
from tests.plan_build import allowance, catalog, plan
from topics import records as r
from topics.fields import NO_CURRENCY
from topics.records import balance as v
from topics.records.plans import MinutePrice

CALLS = plan("CALLS", allowance("all", 600))
MORE = plan("MORE", allowance("odd", 150, pooled_by="account"))
FEW = plan("FEW", allowance("few", 118, per="account"))
OWN = plan("OWN", allowance("own", 600, per="user"))
PLANS = PlanBook([catalog(CALLS, MORE, FEW, OWN, version=4)], zone_of)
MARCH = "2026-03"
WHY = Cause("charge", "c1", NOW)


def held(plan_id: str, country: str = "DE", licences: int = 10, from_ms: int = 0) -> Entitlement:
    return Entitlement(plan_id, country, from_ms, licences, 3)


def with_pools(*entitlements: Entitlement, zone: str = "UTC", **used_s: int) -> Account:
    used = {f"{MARCH}/{name.replace('_', '/')}": seconds for name, seconds in used_s.items()}
    contract = Contract(list(entitlements), list[BillingMode](), used)
    return account(lot(), contract=contract, time_zone=zone)


def uses(there: Account, at_ms: int = NOW) -> list[tuple[str, int, int]]:
    assert there.contract is not None
    found = pools_of(there, there.contract, PLANS, at_ms)[1]
    return [(each.pool, each.used_s, each.total_s) for each in found]


def take(there: Account, name: str, seconds: int, at_ms: int = NOW) -> list[v.Event]:
    """Return what is told of a charge that draws on a pool."""
    contract = there.contract
    assert contract is not None
    use(contract, name, seconds, at_ms)
    head = ("acme/1", "acme", 1, at_ms, "cdr.raw.v1", 0, 7, "USD", 0, 0, 0)
    call = r.ChargedCall("out", "+33142685300", NOW, NOW, seconds)
    entry = r.Charge(*head, "c1", "rated", 0, call, draws=(r.Draw("pool", name, None, seconds),))
    events: list[v.Event] = []
    tell(there, entry, events)
    return events


def set_licences(there: Account, licences: int) -> list[v.Event]:
    """Return what is told of a change of the licences of a plan."""
    contract = there.contract
    assert contract is not None
    contract.entitlements = [held("CALLS", licences=licences)]
    head = ("acme/1", "acme", 1, NOW, "account.commands.v1", 0, 7, "USD", 0, 0, 0)
    said = (r.EntitlementSetting("CALLS", "DE", licences),)
    events: list[v.Event] = []
    tell(there, r.EntitlementsSet(*head, "e1", NOW, said), events)
    return events


def tell(there: Account, entry: r.MoneyEntry, events: list[v.Event]) -> None:
    if there.contract is not None:
        running = (
            run_down(there, there.contract, posting_of(there, entry), PLANS)
            if isinstance(entry, r.Charge)
            else running_out(there, there.contract, entry, PLANS)
        )
        tell_use(there, running, WHY, PLANS, events)


def levels(events: list[v.Event]) -> list[int]:
    return [event.level for event in events if isinstance(event, v.PoolUsed)]


POOL = f"{MARCH}/CALLS/all/DE"


def test_a_status_has_the_pools_that_have_seconds_and_those_that_are_used_by_name() -> None:
    there = with_pools(held("MORE"), held("CALLS"), OLD_all=60, CALLS_all_DE=120)

    assert uses(there) == [
        (f"{MARCH}/CALLS/all/DE", 120, 6_000),
        (f"{MARCH}/MORE/odd", 0, 1_500),
        (f"{MARCH}/OLD/all", 60, 0),
    ]


def test_pools_of_other_months_and_those_given_back_whole_are_not_in_it() -> None:
    there = with_pools(CALLS_all_DE=0)
    assert there.contract is not None
    there.contract.used_s["2026-02/CALLS/all/DE"] = 60

    assert uses(there) == []


def test_a_status_has_the_licences_of_its_own_time_and_the_months_of_its_account() -> None:
    there = with_pools(held("CALLS", from_ms=NOW + 1), zone="Asia/Tokyo")

    assert uses(there) == []
    assert uses(there, NOW + 1) == [(POOL, 0, 6_000)]
    assert uses(there, 1_774_969_199_999) == [(POOL, 0, 6_000)]
    assert uses(there, 1_774_969_200_000) == [("2026-04/CALLS/all/DE", 0, 6_000)]


def test_pools_of_single_users_are_not_the_accounts() -> None:
    assert uses(with_pools(held("OWN"))) == []


def test_without_a_catalog_there_are_no_pools() -> None:
    there = with_pools(held("CALLS"))
    assert there.contract is not None

    assert pools_of(there, there.contract, NO_BOOK, NOW) == (None, ())


def test_it_is_told_once_that_80_per_cent_are_used_and_once_that_nothing_is_left() -> None:
    there = with_pools(held("CALLS"))

    assert levels(take(there, POOL, 4_740)) == []
    (event,) = take(there, POOL, 60)
    assert event == v.PoolUsed(
        *("acme/0/pool_used/80/" + POOL, "acme", 0, NOW, "USD", 1_000_000, "charge", "c1", None),
        *(POOL, "calls", 80, 4_800, 6_000),
    )
    assert levels(take(there, POOL, 1_140)) == []
    assert levels(take(there, POOL, 60)) == [100]
    assert levels(take(there, POOL, 60)) == []


def test_of_both_levels_that_a_charge_takes_the_higher_is_told() -> None:
    assert levels(take(with_pools(held("CALLS")), POOL, 6_000)) == [100]


def test_what_whole_units_cannot_pay_is_not_waited_for() -> None:
    there = with_pools(held("MORE", licences=1))

    assert levels(take(there, f"{MARCH}/MORE/odd", 60)) == []
    assert levels(take(there, f"{MARCH}/MORE/odd", 60)) == [100]


def test_nothing_may_be_left_before_80_per_cent_are_used() -> None:
    there = with_pools(held("FEW"))

    # 118 s are one whole minute; 80 % of them would be 95 s.
    assert levels(take(there, f"{MARCH}/FEW/few", 60)) == [100]


def test_what_comes_back_is_not_told_again_when_it_is_used_again() -> None:
    there = with_pools(held("CALLS"))
    take(there, POOL, 4_800)
    take(there, POOL, -600)

    assert levels(take(there, POOL, 600)) == []


def test_it_is_told_again_after_the_pool_has_grown_above_what_was_used() -> None:
    there = with_pools(held("CALLS"))
    take(there, POOL, 4_860)

    # 81 minutes of 110 are less than 80 %; of 101 they are more.
    assert levels(set_licences(there, 10)) == []
    assert levels(set_licences(there, 11)) == []
    assert levels(take(there, POOL, 420)) == [80]
    assert levels(set_licences(there, 13)) == []
    assert levels(set_licences(there, 11)) == [80]


def test_it_is_not_told_again_where_the_pool_has_grown_by_less() -> None:
    there = with_pools(held("CALLS"))
    take(there, POOL, 5_700)

    assert levels(set_licences(there, 11)) == []
    assert levels(take(there, POOL, 60)) == []
    assert levels(take(there, POOL, 840)) == [100]


def test_licences_that_are_taken_away_may_use_up_a_pool() -> None:
    there = with_pools(held("CALLS"))
    take(there, POOL, 4_200)

    assert levels(set_licences(there, 7)) == [100]
    assert levels(set_licences(there, 6)) == []
    assert levels(set_licences(there, 0)) == []


def test_growth_that_no_entry_marks_is_seen_by_the_next_charge() -> None:
    there = with_pools(held("CALLS"), held("CALLS", licences=20, from_ms=NOW + DAY))
    take(there, POOL, 4_800)

    assert levels(take(there, POOL, 60, NOW + DAY)) == []
    assert levels(take(there, POOL, 4_740, NOW + DAY)) == [80]


def test_a_late_call_of_a_month_that_is_over_tells_nothing() -> None:
    there = with_pools(held("CALLS"))

    assert take(there, "2026-02/CALLS/all/DE", 6_000) == []


def test_what_was_told_is_forgotten_with_its_month() -> None:
    there = with_pools(held("CALLS"))
    take(there, POOL, 6_000)
    assert there.contract is not None
    assert there.contract.told_s == {POOL: (6_000, 6_000)}

    use(there.contract, "2028-03/CALLS/all/DE", 60, NOW + 700 * DAY)
    assert there.contract.told_s == {}


@pytest.mark.parametrize("there", [account(lot()), with_pools()])
def test_an_account_without_plans_or_calls_on_them_tells_nothing(there: Account) -> None:
    head = ("acme/1", "acme", 1, NOW, "account.commands.v1", 0, 7, "USD", 0, 0, 0)
    events: list[v.Event] = []
    tell(there, r.AccountClosed(*head, "x"), events)

    assert events == []


def test_of_a_pool_that_was_a_users_own_when_the_call_began_nobody_is_told() -> None:
    """The allowance is shared by now, for another catalog holds; the pool is the user's still."""
    there = with_pools(held("CALLS"))
    head = ("acme/1", "acme", 1, NOW, "cdr.raw.v1", 0, 7, "USD", 0, 0, 0)
    call = r.ChargedCall("out", "+33142685300", NOW, NOW, 600)
    own = r.Draw("pool", f"{MARCH}/CALLS/all/user=ann", None, 600)
    events: list[v.Event] = []
    tell(there, r.Charge(*head, "c1", "rated", 0, call, draws=(own,)), events)

    assert events == []


MINE = f"{MARCH}/OWN/own/user=ann"


def user(plan_ids: tuple[str, ...] = ("OWN",), country: str = "DE", from_ms: int = 0) -> User:
    return User("acme", "ann", (r.UserTerms(from_ms, 2, country, "any", "any", plan_ids),))


def draw_own(
    ann: User,
    seconds: int,
    at_ms: int = NOW,
    *,
    name: str = MINE,
    plans: PlanBook = PLANS,
    there: Account | None = None,
) -> list[v.Event]:
    """Return what is told of a charge that draws on a user's own pool."""
    there = with_pools(held("OWN", licences=1)) if there is None else there
    assert there.contract is not None
    head = ("acme/1", "acme", 1, at_ms, "cdr.raw.v1", 0, 7, "USD", 0, 0, 0)
    call = r.ChargedCall("out", "+33142685300", NOW, NOW, seconds, user_id="ann")
    entry = r.Charge(*head, "c1", "rated", 0, call, draws=(r.Draw("pool", name, None, seconds),))
    assert count_charge(ann, entry, MARCH)
    events: list[v.Event] = []
    running = own_running_out(there, there.contract, ann, entry, plans)
    tell_use(there, running, WHY, plans, events, ann)
    return events


def test_of_a_users_own_pool_is_told_once_at_80_per_cent_and_once_at_100_with_the_users_name() -> (
    None
):
    ann = user()

    assert levels(draw_own(ann, 420)) == []
    (event,) = draw_own(ann, 60)
    name = f"acme/0/pool_used/80/{MARCH}/OWN/own"
    head = (name, "acme", 0, NOW, "USD", 1_000_000)
    assert event == v.PoolUsed(*head, "charge", "c1", None, MINE, "own", 80, 480, 600, "ann")
    assert levels(draw_own(ann, 60)) == []
    assert levels(draw_own(ann, 60)) == [100]
    assert levels(draw_own(ann, 60)) == []
    assert ann.told_s == {MINE: (600, 600)}


def test_of_both_levels_of_an_own_pool_the_higher_is_told_and_each_user_is_told_of_alone() -> None:
    assert levels(draw_own(user(), 600)) == [100]
    assert levels(draw_own(user(), 600)) == [100]


def test_an_own_pool_is_told_again_after_a_catalog_has_made_it_grow() -> None:
    ann = user()
    larger = plan("OWN", allowance("own", 900, per="user"))
    grown = PlanBook([catalog(larger, version=5)], zone_of)

    assert levels(draw_own(ann, 480)) == [80]
    assert levels(draw_own(ann, 60, plans=grown)) == []
    assert levels(draw_own(ann, 180, plans=grown)) == [80]
    assert levels(draw_own(ann, 180, plans=grown)) == [100]


@pytest.mark.parametrize(
    ("ann", "there"),
    [
        (user(plan_ids=("CALLS",)), None),
        (user(country="FR"), None),
        (user(from_ms=NOW + 1), None),
        (user(), with_pools(held("OWN", country="FR"))),
        (user(), with_pools(held("OWN", from_ms=NOW + 1))),
    ],
    ids=["no plan", "elsewhere", "not yet", "no licence there", "no licence yet"],
)
def test_a_pool_that_the_user_has_no_more_tells_nothing(ann: User, there: Account | None) -> None:
    assert draw_own(ann, 600, there=there) == []
    assert ann.told_s == {}


def test_own_pools_of_other_months_and_of_allowances_that_are_shared_by_now_tell_nothing() -> None:
    ann = user(plan_ids=("OWN", "CALLS"))
    there = with_pools(held("OWN"), held("CALLS"))

    assert draw_own(ann, 600, name="2026-02/OWN/own/user=ann", there=there) == []
    assert draw_own(ann, 6_000, name=f"{MARCH}/CALLS/all/user=ann", there=there) == []
    assert ann.told_s == {}


def test_the_names_of_the_longest_pool_and_user_fit_the_ids_of_events() -> None:
    """A tenant, a plan and a user may have 64, 64 and 128 characters; the id of an event 320."""
    longest = plan("P" * 64, allowance("a" * 64, 600, per="user"))
    book = PlanBook([catalog(longest)], zone_of)
    terms = (r.UserTerms(0, 2, "DE", "any", "any", ("P" * 64,)),)
    ann = User("acme", "u" * 128, terms)
    there = account(
        seq=2**53 - 1,
        time_zone="UTC",
        contract=Contract([held("P" * 64)], list[BillingMode]()),
    )
    name = f"{MARCH}/{'P' * 64}/{'a' * 64}/user={'u' * 128}"
    (event,) = draw_own(ann, 600, name=name, plans=book, there=there)

    assert len(event.event_id) - len("acme") + 64 <= 320
    assert isinstance(event, v.PoolUsed)
    assert event.pool == name
    assert len(event.pool) <= 320


DEAR = plan("DEAR", allowance("all", 300, prices=(MinutePrice("USD", 10_000),)))
DEAR_PLANS = PlanBook([catalog(DEAR)], zone_of)


@pytest.mark.parametrize(
    ("currency", "total_s"), [("USD", 300), ("EUR", 0), (NO_CURRENCY, 0)], ids=str
)
def test_seconds_with_a_price_in_another_currency_are_not_there(
    currency: str, total_s: int
) -> None:
    """Calls do not draw on them either (`funding`); what was used when they had no price stays said."""
    name = f"{MARCH}/DEAR/all/DE"
    contract = Contract([held("DEAR", licences=1)], list[BillingMode]())
    there = account(lot(), contract=contract, currency=currency)
    fresh = (r.PoolUse(name, 0, 300),) if total_s else ()

    assert pools_of(there, contract, DEAR_PLANS, NOW)[1] == fresh
    use(contract, name, 300, NOW)
    assert pools_of(there, contract, DEAR_PLANS, NOW)[1] == (r.PoolUse(name, 300, total_s),)


@pytest.mark.parametrize(("currency", "told"), [("USD", [100]), ("EUR", []), (NO_CURRENCY, [])])
def test_of_a_pool_that_the_account_has_not_by_now_nobody_is_told(
    currency: str, told: list[int]
) -> None:
    name = f"{MARCH}/DEAR/all/DE"
    contract = Contract([held("DEAR", licences=1)], list[BillingMode](), {name: 300})
    there = account(lot(), contract=contract, currency=currency)
    head = ("acme/1", "acme", 1, NOW, "account.commands.v1", 0, 7, currency, 0, 0, 0)
    entry = r.EntitlementsSet(*head, "e1", NOW, (r.EntitlementSetting("DEAR", "DE", 1),))
    call = r.ChargedCall("out", "+33142685300", NOW, NOW, 300)
    draws = (r.Draw("pool", name, None, 300),)
    charge = r.Charge(*head, "c1", "rated", 0, call, draws=draws)

    found = running_out(there, contract, entry, DEAR_PLANS)
    assert [level for _, level, _ in found] == told
    contract.told_s.clear()
    found = run_down(there, contract, posting_of(there, charge), DEAR_PLANS)
    assert [level for _, level, _ in found] == told


def test_of_own_minutes_that_the_account_has_not_by_now_nobody_is_told() -> None:
    dear = plan("OWN", allowance("own", 600, per="user", prices=(MinutePrice("EUR", 10_000),)))
    plans = PlanBook([catalog(dear)], zone_of)

    assert draw_own(user(), 600, plans=plans) == []


def test_it_is_said_whether_the_account_pays_later() -> None:
    there = with_pools(held("CALLS"))
    assert there.contract is not None
    (event,) = take(there, POOL, 4_800)
    assert isinstance(event, v.PoolUsed)
    assert not event.pays_later

    there.contract.billing.pays_later = True
    (event,) = take(there, POOL, 1_200)
    assert isinstance(event, v.PoolUsed)
    assert event.pays_later
