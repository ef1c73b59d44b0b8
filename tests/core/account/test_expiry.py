"""Expiry: out of the balance at once, forfeited when the grace is over (D17)."""

from rater.core.account.expiry import expire_due
from rater.core.account.journal import Journal
from rater.core.limits import GRACE_MS
from tests.build import DAY, HOUR, NOW, UNIT, YEAR, account, lot, source
from topics import records as r
from topics.records import balance as v


def test_nothing_is_done_before_a_lot_is_due() -> None:
    journal = Journal()
    expire_due(account(lot(expires_ms=NOW + 1)), source(), journal)

    assert journal.entries == []


def test_a_lot_leaves_the_balance_at_its_expiry() -> None:
    journal = Journal()
    there = account(lot("a", UNIT, NOW), lot("b", 5, NOW + 1))
    expire_due(there, source(), journal)

    (entry,) = journal.entries
    assert isinstance(entry, r.LotExpired)
    assert (entry.lot_id, entry.amount_micros, entry.grace_until_ms) == ("a", -UNIT, NOW + GRACE_MS)
    assert (there.balance, [each.lot_id for each in there.expired]) == (5, ["a"])
    assert [type(event).__name__ for event in journal.events] == ["FundsExpired"]


def test_a_lot_is_forfeited_when_its_grace_is_over() -> None:
    journal = Journal()
    there = account(
        expired=[lot("a", 7, NOW - GRACE_MS), lot("b", 7, NOW - GRACE_MS + 1)], due_ms=0
    )
    expire_due(there, source(), journal)

    (entry,) = journal.entries
    assert isinstance(entry, r.LotForfeited)
    assert (entry.lot_id, entry.forfeited_micros, entry.amount_micros) == ("a", 7, 0)
    assert (there.balance, [each.lot_id for each in there.expired]) == (0, ["b"])


def test_a_lot_that_is_late_for_both_goes_through_both() -> None:
    journal = Journal()
    expire_due(account(lot("a", 7, NOW - GRACE_MS)), source(), journal)

    assert [type(entry).__name__ for entry in journal.entries] == ["LotExpired", "LotForfeited"]


def test_a_lot_with_money_is_warned_of_once_for_each_of_30_7_and_1_days() -> None:
    expires = NOW + YEAR
    there = account(lot("a", 7, expires, due_ms=expires - 30 * DAY))
    days = []
    for hours in range(366 * 24):
        journal = Journal()
        if NOW + hours * HOUR >= there.due_ms:
            expire_due(there, source(NOW + hours * HOUR), journal)
        days += [(x.days, hours / 24) for x in journal.entries if isinstance(x, r.LotExpiryWarned)]

    assert days == [(30, 335), (7, 358), (1, 364)]
    assert there.lots == []


def test_of_warnings_that_are_late_only_the_most_urgent_is_said() -> None:
    journal = Journal()
    there = account(lot("a", 7, NOW + 3 * DAY, due_ms=NOW - 27 * DAY))
    expire_due(there, source(), journal)
    expire_due(there, source(NOW + HOUR), journal)

    (entry,), (event,) = journal.entries, journal.events
    assert isinstance(entry, r.LotExpiryWarned)
    assert isinstance(event, v.FundsExpiring)
    assert (entry.days, entry.remaining_micros, entry.expires_ms) == (7, 7, NOW + 3 * DAY)
    assert (event.event_id, event.cause, event.cause_id) == ("acme/1/expiring/a", "expiry", "a")
    assert (there.lots[0].due_ms, there.due_ms) == (NOW + 2 * DAY, NOW + 2 * DAY)


def test_a_lot_that_expires_is_not_warned_of() -> None:
    journal = Journal()
    expire_due(account(lot("a", 7, NOW, due_ms=NOW - DAY)), source(), journal)

    assert [type(entry) for entry in journal.entries] == [r.LotExpired]


def test_warning_and_expiry_say_whether_it_was_given() -> None:
    for category in (None, "promotional"):
        journal = Journal()
        there = account(lot("a", 7, NOW + 3 * DAY, due_ms=NOW, category=category))
        expire_due(there, source(), journal)
        expire_due(there, source(NOW + 3 * DAY), journal)

        assert [type(entry) for entry in journal.entries] == [r.LotExpiryWarned, r.LotExpired]
        told = [e for e in journal.events if isinstance(e, v.FundsExpiring | v.FundsExpired)]
        assert len(told) == 2
        said = [getattr(each, "category", "?") for each in (*journal.entries, *told)]
        assert said == [category] * 4
