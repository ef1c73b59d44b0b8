"""Who is counted: users of accounts with a contract, and of calls that somebody pays."""

from rater.core.account.contract import Contract
from rater.core.account.counting import count, count_back, user_of
from rater.core.account.entitlement import Entitlement
from rater.core.account.journal import Journal
from rater.core.account.user import User, Users
from rater.core.pricing.plans.book import PlanBook
from rater.wire.pricing.zones import zone_of
from tests.build import RULES, account
from tests.core.account.test_user import MARCH, OWN, charged, reversed_of
from tests.plan_build import allowance, catalog, plan
from topics.records import Draw, UserTerms
from topics.records.balance import PoolUsed

TERMS = UserTerms(0, 2, "DE", "any", "any")
MONEY = (Draw("lot", "L1", 5),)


def test_a_charge_counts_for_the_user_whose_call_it_was_and_back_again() -> None:
    ann, journal = User("acme", "ann", (TERMS,)), Journal()
    users = Users(lambda *_: ann)
    there = account(contract=Contract([], []))
    entry = charged(5, draws=MONEY)

    count(there, entry, RULES, users, journal)
    assert ann.spent == {MARCH: 5}
    assert [each.spent_micros for each in journal.users] == [5]
    assert list(users.changed) == [("acme", "ann")]
    count_back(there, reversed_of(entry), entry, RULES, users)
    assert ann.spent == {MARCH: 0}


def test_nobody_is_counted_without_a_contract_without_users_or_for_a_free_call() -> None:
    users = Users(lambda *_: User("acme", "ann"))
    held, journal = account(contract=Contract([], [])), Journal()

    assert user_of(account(), "ann", users) is None
    assert user_of(held, "ann", None) is None
    assert user_of(held, "ann", users) == User("acme", "ann")
    count(account(), charged(5, draws=MONEY), RULES, users, journal)
    count(held, charged(), RULES, users, journal)
    count_back(held, reversed_of(charged()), charged(), RULES, users)
    assert (users.changed, journal.users) == ({}, [])


def test_a_charge_tells_of_the_users_own_pool_before_anything_else_has_a_number() -> None:
    own = plan("OWN", allowance("all", 60, per="user"))
    rules = RULES.with_plans(PlanBook([catalog(own)], zone_of))
    ann = User("acme", "ann", (UserTerms(0, 2, "DE", "any", "any", ("OWN",)),))
    there = account(seq=7, contract=Contract([Entitlement("OWN", "DE", 0, 1, 3)], []))
    journal, users = Journal(rules.plans), Users(lambda *_: ann)

    count(there, charged(draws=(Draw("pool", OWN, None, 60),)), rules, users, journal)
    (event,) = journal.events
    assert isinstance(event, PoolUsed)
    assert (event.seq, event.level, event.user_id, event.cause_id) == (7, 100, "ann", "c1")
    assert ann.told_s == {OWN: (60, 60)}
    assert list(users.changed) == [("acme", "ann")]
