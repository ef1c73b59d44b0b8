"""An account is prepaid, or pays later, from an instant on; who pays later is never recharged."""

import pytest

from rater.core.account.account import Account, Threshold
from rater.core.account.contract import BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.past import KEPT_MS
from rater.core.limits import BILLING_MODES_MAX
from rater.core.rejections import Rejected
from rater.core.times import from_millis
from tests.build import DAY, NOW, UNIT, account
from tests.core.account.asked import asked, refused
from topics import records as r
from topics.records.contract import BILLING_MODES_MAX as PUBLISHED_MAX
from topics.records.contract import Mode


def order(mode: Mode = "post_paid", from_ms: int | None = None) -> r.SetBillingMode:
    since = None if from_ms is None else from_millis(from_ms)
    return r.SetBillingMode("b1", "acme", mode, since, "Moved.")


def entry_of(there: Account, command: r.SetBillingMode) -> r.BillingModeSet:
    refusal, journal = asked(there, command)
    assert refusal is None
    (entry,) = journal.entries
    assert isinstance(entry, r.BillingModeSet)
    return entry


def test_the_entry_says_how_and_from_when_and_the_account_keeps_it() -> None:
    licences = [Entitlement("domestic", "US", NOW, 1, 2)]
    there = account(seq=6, contract=Contract(licences, []))
    refusal, journal = asked(there, order())

    assert refusal is None
    assert journal.entries == [
        r.BillingModeSet(
            *("acme/7", "acme", 7, NOW, "cdr.raw.v1", 0, 7, "USD", 0, 0, 0),
            *("b1", "post_paid", NOW),
            reason="Moved.",
        )
    ]
    assert there.contract == Contract(licences, [BillingMode(NOW, True, 7)])
    (event,) = journal.events
    assert isinstance(event, r.BillingModeChanged)
    assert event.event_id == "acme/7/billing_mode"


def test_a_change_may_be_dated_back_or_ahead_and_the_entry_says_so() -> None:
    for from_ms, is_back in ((NOW - DAY, True), (NOW, False), (NOW + DAY, False)):
        entry = entry_of(account(), order("prepaid", from_ms))
        assert (entry.valid_from_ms, entry.dated_back) == (from_ms, is_back)


def test_what_no_call_can_ask_for_any_more_is_let_go_and_counted() -> None:
    there = account()
    old = (NOW - KEPT_MS - 2, NOW - KEPT_MS - 1)

    assert [entry_of(there, order(from_ms=at)).forgotten for at in old] == [0, 1]
    assert entry_of(there, order("prepaid", NOW - KEPT_MS)).forgotten == 2
    assert there.contract == Contract([], [])


@pytest.mark.parametrize("name", ["auto_recharge", "auto_recharge_hours"])
def test_recharge_must_be_off_before_the_account_pays_later(name: str) -> None:
    watched = [Threshold(name, 5, True)]
    there = account(**{"thresholds" if name == "auto_recharge" else "hour_thresholds": watched})

    assert refused(there, order()) is Rejected.INVALID_SETTING
    assert refused(there, order(from_ms=NOW + DAY)) is Rejected.INVALID_SETTING
    assert entry_of(there, order("prepaid")).mode == "prepaid"


def test_so_many_are_kept_and_one_more_is_refused() -> None:
    full = [BillingMode(NOW - n, True, 2) for n in reversed(range(BILLING_MODES_MAX))]
    there = account(contract=Contract([], full))

    assert refused(there, order(from_ms=NOW + 1)) is Rejected.TOO_MANY_CHANGES
    assert entry_of(there, order(from_ms=NOW)).forgotten == 0
    assert BILLING_MODES_MAX == PUBLISHED_MAX


def test_who_pays_later_now_or_soon_is_not_recharged() -> None:
    on = r.SetAutoRecharge(
        "s1", "acme", enabled=True, trigger_micros=100 * UNIT, amount_micros=200 * UNIT
    )
    off = r.SetAutoRecharge("s2", "acme", enabled=False)
    for from_ms in (NOW, NOW + DAY):
        there = account(contract=Contract([], [BillingMode(from_ms, True, 2)]))
        assert refused(there, on) is Rejected.INVALID_SETTING
        assert asked(there, off)[0] is None
    again = [BillingMode(NOW - 2, True, 2), BillingMode(NOW - 1, False, 3)]
    assert asked(account(contract=Contract([], again)), on)[0] is None


def test_a_credit_limit_of_a_prepaid_account_is_refused_with_what_was_found() -> None:
    command = r.SetBillingMode("b1", "acme", "prepaid", credit_limit_micros=5)
    found, _ = asked(account(), command)

    assert found is not None
    assert found.detail == "credit_limit_micros: must not be there where mode is prepaid, found 5"
