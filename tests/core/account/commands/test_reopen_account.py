"""Reopening an account."""

from rater.core.account.past import CHANGES_MAX, Past
from rater.core.rejections import Rejected
from tests.build import DAY, NOW, account
from tests.core.account.asked import asked, refused
from topics import records as r


def test_an_account_that_is_open_is_not_opened_again() -> None:
    assert refused(account(), r.ReopenAccount("x", "acme")) is Rejected.ACCOUNT_OPEN


def test_reopening_says_since_when_it_was_closed_and_remembers_it() -> None:
    there = account(closed_ms=NOW - DAY)
    _, journal = asked(there, r.ReopenAccount("x", "acme", "paid"))

    (entry,) = journal.entries
    assert isinstance(entry, r.AccountReopened)
    assert (entry.reason, entry.closed_ms) == ("paid", NOW - DAY)
    assert there.past is not None
    assert (there.closed_ms > NOW, there.past.closures) == (True, [(NOW - DAY, NOW)])
    assert [event.event_id for event in journal.events] == ["acme/1/reopened"]


def test_so_many_closures_are_remembered_and_one_more_is_refused() -> None:
    closures = [(NOW - DAY + n, NOW - DAY + n + 1) for n in range(CHANGES_MAX)]
    there = account(closed_ms=NOW - 1, past=Past(NOW - 1, closures, []))

    assert refused(there, r.ReopenAccount("x", "acme")) is Rejected.TOO_MANY_CHANGES
