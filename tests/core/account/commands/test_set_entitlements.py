"""Licences of plans are set from an instant on, and are named by the number of their entry."""

from typing import Any

from rater.core.account.contract import Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.past import KEPT_MS
from rater.core.limits import ENTITLEMENTS_MAX
from rater.core.rejections import Rejected
from rater.core.times import from_millis
from tests.build import DAY, NOW, account
from tests.core.account.asked import asked, refused
from topics import records as r
from topics.records.contract import ENTITLEMENTS_MAX as PUBLISHED_MAX


def setting(licences: int, plan: str = "domestic", country: str = "US") -> r.EntitlementSetting:
    return r.EntitlementSetting(plan, country, licences)


def order(*settings: r.EntitlementSetting, from_ms: int | None = None) -> r.SetEntitlements:
    since = None if from_ms is None else from_millis(from_ms)
    return r.SetEntitlements("e1", "acme", settings, since, "Order 4711.")


def entry_of(there: Any, command: r.SetEntitlements) -> r.EntitlementsSet:
    refusal, journal = asked(there, command)
    assert refusal is None
    (entry,) = journal.entries
    assert isinstance(entry, r.EntitlementsSet)
    return entry


def test_the_entry_says_what_holds_from_when_and_the_account_keeps_its_number() -> None:
    there = account(seq=6)
    refusal, journal = asked(there, order(setting(115), setting(3, "international", "FR")))

    assert refusal is None
    (entry,) = journal.entries
    assert entry == r.EntitlementsSet(
        *("acme/7", "acme", 7, NOW, "cdr.raw.v1", 0, 7, "USD", 0, 0, 0),
        *("e1", NOW, (setting(115), setting(3, "international", "FR"))),
        reason="Order 4711.",
    )
    assert there.contract == Contract(
        [Entitlement("domestic", "US", NOW, 115, 7), Entitlement("international", "FR", NOW, 3, 7)],
        [],
    )
    (event,) = journal.events
    assert isinstance(event, r.EntitlementsChanged)
    assert (event.event_id, event.cause, event.cause_id) == (
        *("acme/7/entitlements", "settings", "e1"),
    )


def test_a_change_may_be_dated_back_or_ahead_and_the_entry_says_so() -> None:
    for from_ms, is_back in ((NOW - DAY, True), (NOW, False), (NOW + DAY, False)):
        entry = entry_of(account(), order(setting(1), from_ms=from_ms))
        assert (entry.valid_from_ms, entry.dated_back) == (from_ms, is_back)


def test_what_is_not_named_stays_as_it_is() -> None:
    there = account()
    entry_of(there, order(setting(115), from_ms=NOW - DAY))
    entry_of(there, order(setting(5, country="FR")))

    assert there.contract is not None
    assert [each.licences for each in there.contract.entitlements] == [5, 115]


def test_what_no_call_can_ask_for_any_more_is_let_go_and_counted() -> None:
    there = account()
    old = (NOW - KEPT_MS - 2, NOW - KEPT_MS - 1)
    assert [entry_of(there, order(setting(1), from_ms=at)).forgotten for at in old] == [0, 1]
    assert entry_of(there, order(setting(2))).forgotten == 0

    assert there.contract is not None
    assert [each.from_ms for each in there.contract.entitlements] == [old[1], NOW]


def test_a_plan_and_country_named_twice_is_refused() -> None:
    assert refused(account(), order(setting(1), setting(2))) is Rejected.INVALID_SETTING


def test_so_many_are_kept_and_one_more_is_refused() -> None:
    full = Contract([Entitlement(f"{n:03}", "US", NOW, 1, 2) for n in range(ENTITLEMENTS_MAX)], [])
    there = account(contract=full)

    assert refused(there, order(setting(1))) is Rejected.TOO_MANY_CHANGES
    assert entry_of(there, order(setting(9, "000"), from_ms=NOW)).forgotten == 0
    assert ENTITLEMENTS_MAX == PUBLISHED_MAX


def test_a_closed_account_takes_none() -> None:
    assert refused(account(closed_ms=NOW - 1), order(setting(1))) is Rejected.ACCOUNT_CLOSED
