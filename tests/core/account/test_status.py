"""What an account may do, and when the world is told."""

import pytest

from rater.core.account.status import (
    CLOSED,
    EXHAUSTED,
    HELD,
    OPEN,
    note_change,
    status_class,
    status_of,
)
from rater.core.limits import NEVER_MS, STATUS_EVERY_MS
from tests.build import NOW, account, lot
from topics.records import AccountStatus


@pytest.mark.parametrize(
    ("balance", "closed_ms", "allowed"),
    [(1, NEVER_MS, OPEN), (0, NEVER_MS, EXHAUSTED), (-1, NEVER_MS, EXHAUSTED), (1, NOW, CLOSED)],
)
def test_an_account_is_open_exhausted_or_closed(balance: int, closed_ms: int, allowed: int) -> None:
    assert status_class(account(balance=balance, closed_ms=closed_ms)) == allowed


def test_an_exhausted_account_may_still_make_calls_that_cost_nothing() -> None:
    status = status_of(account(), NOW)

    assert status.allowed_call_types == ("emergency", "in_bundle", "inbound")
    assert (status.state, status.blocked_reason) == ("open", "balance_not_positive")
    assert "toll_free" in status.blocked_call_types


def test_a_closed_account_may_only_call_for_help() -> None:
    status = status_of(account(lot(), closed_ms=NOW), NOW)

    assert (status.state, status.allowed_call_types, status.blocked_reason) == (
        "closed",
        ("emergency",),
        "account_closed",
    )


def test_what_the_breaker_holds_is_denied_and_nothing_else() -> None:
    status = status_of(account(lot(), held=0b0101), NOW)

    assert status.blocked_call_types == ("conference_dial_out", "overage")
    assert status.allowed_call_types == (
        "emergency",
        "in_bundle",
        "inbound",
        "international",
        "toll_free",
    )
    assert (status.state, status.blocked_reason) == ("open", "spend_limit")


def test_a_closed_account_and_an_exhausted_one_come_before_what_is_held() -> None:
    assert status_class(account(lot(), held=3)) == HELD + 3
    assert status_class(account(held=3)) == EXHAUSTED
    assert status_class(account(lot(), held=3, closed_ms=NOW)) == CLOSED


def test_a_status_says_how_long_the_balance_lasts() -> None:
    there = account(lot(), burn=500_000 * 4096, burn_from=0)

    assert status_of(there, NOW).hours_remaining == 2
    assert status_of(account(lot()), NOW).hours_remaining is None
    assert status_of(account(), NOW).hours_remaining == 0


def test_a_status_tells_the_next_expiry_of_a_live_lot() -> None:
    lots = [lot("a", expires_ms=NOW + 9), lot("b", expires_ms=NOW + 5)]

    assert status_of(account(*lots), NOW).next_expiry_ms == NOW + 5
    assert status_of(account(expired=lots), NOW).next_expiry_ms is None


def test_a_status_goes_out_once_in_a_while_and_is_owed_in_between() -> None:
    statuses: list[AccountStatus] = []
    there = account(lot())
    note_change(there, NOW, statuses)
    note_change(there, NOW + STATUS_EVERY_MS - 1, statuses)
    assert (len(statuses), there.dirty) == (1, True)

    note_change(there, NOW + STATUS_EVERY_MS, statuses)
    assert (len(statuses), there.dirty) == (2, False)


def test_a_change_of_what_is_allowed_goes_out_at_once() -> None:
    statuses: list[AccountStatus] = []
    there = account(lot())
    note_change(there, NOW, statuses)
    there.balance = 0
    note_change(there, NOW, statuses)

    assert [status.blocked_reason for status in statuses] == [None, "balance_not_positive"]
