"""What an account may do, and when the world is told."""

import pytest

from rater.core.account.account import Account
from rater.core.account.contract import BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.status import (
    CLOSED,
    EXHAUSTED,
    HELD,
    OPEN,
    note_change,
    status_class,
    status_of,
)
from rater.core.call_classes import PAID_CALLS
from rater.core.limits import NEVER_MS, STATUS_EVERY_MS
from rater.core.pricing.plans.book import NO_BOOK
from tests.build import NOW, account, lot
from topics.records import AccountStatus


def blocked(status: AccountStatus) -> dict[str, str]:
    """Return the calls that are refused, and why."""
    return {each.call_type: each.reason for each in status.blocked}


def funds(there: Account) -> list[tuple[int, int]]:
    """Return what its status says that is left, by expiry."""
    return [(each.expires_ms, each.amount_micros) for each in status_of(there, NOW, NO_BOOK).funds]


def licences(plan_id: str, country: str, from_ms: int, number: int) -> Entitlement:
    """Return licences of a plan from an instant on."""
    return Entitlement(plan_id, country, from_ms, number, 1)


@pytest.mark.parametrize(
    ("balance", "closed_ms", "allowed"),
    [(1, NEVER_MS, OPEN), (0, NEVER_MS, EXHAUSTED), (-1, NEVER_MS, EXHAUSTED), (1, NOW, CLOSED)],
)
def test_an_account_is_open_exhausted_or_closed(balance: int, closed_ms: int, allowed: int) -> None:
    assert status_class(account(balance=balance, closed_ms=closed_ms)) == allowed


def test_an_exhausted_account_may_still_make_calls_that_cost_nothing() -> None:
    status = status_of(account(), NOW, NO_BOOK)

    assert status.allowed_call_types == ("emergency", "in_bundle", "inbound")
    assert status.state == "open"
    assert blocked(status) == dict.fromkeys(PAID_CALLS, "balance_not_positive")


def test_a_closed_account_may_only_call_for_help() -> None:
    status = status_of(account(lot(), closed_ms=NOW), NOW, NO_BOOK)

    assert (status.state, status.allowed_call_types) == ("closed", ("emergency",))
    assert blocked(status) == dict.fromkeys(("in_bundle", "inbound", *PAID_CALLS), "account_closed")


def test_what_the_breaker_holds_is_denied_and_nothing_else() -> None:
    status = status_of(account(lot(), held=0b0101), NOW, NO_BOOK)

    assert blocked(status) == {"conference_dial_out": "spend_limit", "overage": "spend_limit"}
    assert status.allowed_call_types == (
        "emergency",
        "in_bundle",
        "inbound",
        "international",
        "toll_free",
    )
    assert status.state == "open"


def test_a_closed_account_and_an_exhausted_one_come_before_what_is_held() -> None:
    assert status_class(account(lot(), held=3)) == HELD + 3
    assert status_class(account(held=3)) == EXHAUSTED
    assert status_class(account(lot(), held=3, closed_ms=NOW)) == CLOSED


def test_a_status_says_how_long_the_balance_lasts() -> None:
    there = account(lot(), burn=500_000 * 4096, burn_from=0)

    assert status_of(there, NOW, NO_BOOK).hours_remaining == 2
    assert status_of(account(lot()), NOW, NO_BOOK).hours_remaining is None
    assert status_of(account(), NOW, NO_BOOK).hours_remaining == 0


def test_a_status_tells_the_funds_by_expiry() -> None:
    lots = [
        lot("a", expires_ms=NOW + 9, remaining=5),
        lot("b", expires_ms=NOW + 5, remaining=2),
        lot("c", expires_ms=NOW + 9, remaining=1),
    ]

    assert funds(account(*lots)) == [(NOW + 5, 2), (NOW + 9, 6)]
    assert funds(account(lots[0])) == [(NOW + 9, 5)]
    assert funds(account(expired=lots)) == []


@pytest.mark.parametrize(("many", "last"), [(16, 16), (17, 16 + 17), (40, sum(range(16, 41)))])
def test_funds_beyond_sixteen_are_told_at_the_earliest_expiry_of_them(many: int, last: int) -> None:
    lots = [lot(f"l{n}", expires_ms=NOW + n, remaining=n) for n in range(many, 0, -1)]

    told = funds(account(*lots))

    assert told[:15] == [(NOW + n, n) for n in range(1, 16)]
    assert told[15:] == [(NOW + 16, last)]


def test_a_status_tells_the_licences_that_hold_and_those_to_come() -> None:
    known = [
        licences("MCOPSTN1", "GB", NOW - 9, 3),
        licences("MCOPSTN1", "GB", NOW, 0),
        licences("MCOPSTN1", "GB", NOW + 1, 4),
        licences("MCOPSTN1", "US", NOW - 9, 1),
        licences("MCOPSTN1", "US", NOW - 5, 2),
        licences("MCOPSTN1", "US", NOW + 7, 0),
    ]

    said = status_of(account(lot(), contract=Contract(known, [])), NOW, NO_BOOK).entitlements

    assert [(each.usage_country, each.valid_from_ms, each.licences) for each in said] == [
        ("GB", NOW + 1, 4),
        ("US", NOW - 5, 2),
        ("US", NOW + 7, 0),
    ]


def test_a_status_tells_how_the_account_pays_and_how_it_will() -> None:
    modes = [BillingMode(NOW, True, 3), BillingMode(NOW + 1, False, 4)]
    there = account(lot(), contract=Contract([], modes))

    assert status_of(there, NOW - 1, NO_BOOK).mode == "prepaid"
    status = status_of(there, NOW, NO_BOOK)
    assert status.mode == "post_paid"
    assert [(each.mode, each.valid_from_ms) for each in status.modes_to_come] == [
        ("prepaid", NOW + 1)
    ]


def test_a_status_goes_out_once_in_a_while_and_is_owed_in_between() -> None:
    statuses: list[AccountStatus] = []
    there = account(lot())
    note_change(there, NOW, statuses, NO_BOOK)
    note_change(there, NOW + STATUS_EVERY_MS - 1, statuses, NO_BOOK)
    assert (len(statuses), there.dirty) == (1, True)

    note_change(there, NOW + STATUS_EVERY_MS, statuses, NO_BOOK)
    assert (len(statuses), there.dirty) == (2, False)


def test_a_change_of_what_is_allowed_goes_out_at_once() -> None:
    statuses: list[AccountStatus] = []
    there = account(lot())
    note_change(there, NOW, statuses, NO_BOOK)
    there.balance = 0
    note_change(there, NOW, statuses, NO_BOOK)

    assert [len(status.blocked) for status in statuses] == [0, len(PAID_CALLS)]


def test_a_status_says_how_much_of_its_money_is_promotional_credit() -> None:
    there = account(
        lot("g", 3, category="promotional", expires_ms=NOW + 1),
        lot("h", 5, category="promotional", expires_ms=NOW + 3),
        lot("a", 7, expires_ms=NOW + 3),
        lot("b", 9, expires_ms=NOW + 2),
    )
    said = status_of(there, NOW, NO_BOOK).funds

    assert [(e.expires_ms - NOW, e.amount_micros, e.promotional_micros) for e in said] == [
        (1, 3, 3),
        (2, 9, None),
        (3, 12, 5),
    ]


def test_what_is_too_much_for_a_status_keeps_its_promotional_part() -> None:
    given = [lot(f"g{n}", 1, category="promotional", expires_ms=NOW + 2 * n) for n in range(1, 13)]
    paid = [lot(f"p{n}", 10, expires_ms=NOW + 2 * n + 1) for n in range(1, 13)]
    *_, last = status_of(account(*given, *paid), NOW, NO_BOOK).funds

    assert (last.expires_ms, last.amount_micros, last.promotional_micros) == (NOW + 17, 54, 4)
