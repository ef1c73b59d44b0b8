"""Whose calls money may pay, and what becomes of the others: 120 s of 0.02 a minute, a user in Germany."""

from typing import Any

import pytest

from rater.core import engine
from rater.core.account.account import Account
from rater.core.account.contract import Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.journal import Journal
from rater.core.account.user import User, Users
from rater.core.cdr import Cdr
from rater.core.pricing.plans.book import PlanBook
from rater.core.suspension import Suspended, Suspension
from rater.wire.pricing.zones import zone_of
from tests.build import DAY, NOW, RULES, UNIT, account, cdr, correcting, lot, source
from tests.plan_build import allowance, catalog, plan
from topics.records import Charge, ChargeReversed, Draw, UserTerms
from topics.records.contract import UnlicensedCalls

MARCH = "2026-03"
OWN = plan("OWN", allowance("all", 60, per="user"))
ZONED = RULES.with_plans(PlanBook([catalog(OWN)], zone_of))


def terms(*plans: str, spends: bool = False, from_ms: int = 0) -> UserTerms:
    return UserTerms(from_ms, 2, "DE", "any", "any", plans, spends)


def told(calls: UnlicensedCalls) -> Account:
    contract = Contract([Entitlement("OWN", "DE", 0, 1, 3)], [], {}, calls)
    return account(lot(remaining=UNIT), contract=contract)


def users(*known: User) -> Users:
    by_name = {user.user_id: user for user in known}
    return Users(lambda _, user_id: by_name.get(user_id))


def made(**fields: Any) -> Cdr:
    asked = {"call_type": "user_out", "usage_country": "DE", "to": "+33142685300"}
    return cdr(**{**asked, "billsec": 120, "user_id": "ann", **fields})


def charged(there: Account, call: Cdr, known: Users) -> Charge | Suspension:
    journal = Journal()
    outcome = engine.charge(there, call, source(), ZONED, journal, known)
    if isinstance(outcome, Suspension):
        assert journal.entries == []
        return outcome
    entry = journal.entries[0]
    assert isinstance(entry, Charge)
    return entry


MONEY = Draw("lot", "L1", 40_000)


@pytest.mark.parametrize(
    ("calls", "known", "becomes"),
    [
        ("charge", [], MONEY),
        ("charge", [User("acme", "ann", (terms(),))], MONEY),
        ("waive", [User("acme", "ann", (terms(spends=True),))], MONEY),
        ("waive", [User("acme", "ann", (terms(),))], Draw("waived", None, 40_000)),
        ("waive", [], Draw("waived", None, 40_000)),
        ("suspend", [User("acme", "ann", (terms(spends=True),))], MONEY),
        ("suspend", [User("acme", "ann", (terms(spends=True, from_ms=NOW + 1),))], None),
        ("suspend", [User("acme", "ann", (terms(),))], None),
        ("suspend", [], None),
    ],
)
def test_money_pays_whom_it_may(
    calls: UnlicensedCalls, known: list[User], becomes: Draw | None
) -> None:
    there = told(calls)
    entry = charged(there, made(), users(*known))

    if isinstance(entry, Suspension):
        assert becomes is None
        assert entry.reason is Suspended.NO_USER_CAPABILITY
        assert "'ann'" in entry.detail
        assert "580464" in entry.detail
        return
    assert entry.draws == (becomes,)
    assert entry.charge_micros == 40_000
    assert there.balance == (UNIT if becomes != MONEY else UNIT - 40_000)
    assert (there.spending.spent > 0) == (becomes == MONEY)


def test_who_is_not_named_is_nobody_and_an_organizer_is_asked_instead_of_who_dials() -> None:
    ann = User("acme", "ann", (terms(spends=True),))

    nobody = charged(told("suspend"), made(user_id=None), users(ann))
    assert isinstance(nobody, Suspension)
    said = "the call names no user, and so nobody with a licence to spend credits (580464)"
    assert nobody.detail == said
    by_bob = made(call_type="conf_out", user_id="bob", organizer_id="ann")
    assert isinstance(charged(told("suspend"), by_bob, users(ann)), Charge)
    for_bob = made(call_type="conf_out", user_id="ann", organizer_id="bob")
    assert isinstance(charged(told("suspend"), for_bob, users(ann)), Suspension)
    # No conference: it is the user's, whose meeting it may have been made from.
    beside = made(call_type="user_out_conf", user_id="ann", organizer_id="bob")
    assert isinstance(charged(told("suspend"), beside, users(ann)), Charge)


def test_a_pool_pays_without_a_licence_and_money_the_rest_if_it_may() -> None:
    ann = User("acme", "ann", (terms("OWN"),))
    known = users(ann)

    whole = charged(told("suspend"), made(billsec=60), known)
    assert isinstance(whole, Charge)
    assert whole.draws == (Draw("pool", f"{MARCH}/OWN/all/user=ann", None, 60),)
    assert ann.used_s == {f"{MARCH}/OWN/all/user=ann": 60}
    assert isinstance(charged(told("suspend"), made(billsec=60), known), Suspension)
    ann.used_s.clear()
    split = charged(told("waive"), made(), known)
    assert isinstance(split, Charge)
    assert [draw.source for draw in split.draws] == ["pool", "waived"]
    assert ann.spent == {}


def test_a_plan_that_the_user_does_not_hold_or_that_is_for_another_country_pays_nothing() -> None:
    for mine in (terms(), UserTerms(0, 2, "FR", "any", "any", ("OWN",)), terms("OTHER")):
        entry = charged(told("charge"), made(billsec=60), users(User("acme", "ann", (mine,))))
        assert isinstance(entry, Charge)
        assert [draw.source for draw in entry.draws] == ["lot"]


def test_a_correction_waits_where_money_would_pay_once_its_pools_are_back() -> None:
    """The whole minute of the pool is the original's; its correction may have it, but not a second minute."""
    ann = User("acme", "ann", (terms("OWN"),))
    known, there = users(ann), told("suspend")
    original = charged(there, made(billsec=60), known)
    assert isinstance(original, Charge)
    before = there.seq

    longer = made(billsec=120, version=2, kind="correction")
    journal = Journal()
    rules = ZONED.with_settings(correcting().settings)
    found = engine.correct(there, longer, source(), rules, journal, original, users=known)
    assert isinstance(found, Suspension)
    assert (there.seq, journal.entries) == (before, [])
    assert ann.used_s == {f"{MARCH}/OWN/all/user=ann": 60}

    shorter = made(billsec=30, version=2, kind="correction")
    found = engine.correct(there, shorter, source(), rules, journal, original, users=known)
    assert found == "rated"
    assert [type(entry) for entry in journal.entries] == [ChargeReversed, Charge]
    assert ann.used_s == {f"{MARCH}/OWN/all/user=ann": 60}


def test_of_what_was_waived_nothing_comes_back_and_no_debt_is_paid() -> None:
    known, there = users(), told("waive")
    original = charged(there, made(), known)
    assert isinstance(original, Charge)
    there.balance -= 2 * UNIT
    there.debt = UNIT
    there.lots.clear()
    journal = Journal()
    rules = ZONED.with_settings(correcting().settings)
    void = made(version=2, kind="void")
    assert engine.correct(there, void, source(), rules, journal, original, users=known) == "voided"

    (entry,) = journal.entries
    assert isinstance(entry, ChargeReversed)
    assert (entry.reversed_micros, entry.returns, entry.lot) == (40_000, (), None)
    assert (there.balance, there.debt) == (-UNIT, UNIT)


def test_a_call_of_a_month_long_ago_counts_there() -> None:
    ann = User("acme", "ann", (terms(spends=True),))
    entry = charged(told("charge"), made(ended_ms=NOW - 40 * DAY), users(ann))

    assert isinstance(entry, Charge)
    assert ann.spent == {"2026-01": 40_000}
