"""Closing an account."""

from tests.build import NOW, UNIT, account, lot
from tests.core.account.asked import asked
from topics import records as r


def test_closing_an_account_says_why() -> None:
    there = account(lot())
    _, journal = asked(there, r.CloseAccount("x", "acme", "moved"))

    (entry,) = journal.entries
    assert isinstance(entry, r.AccountClosed)
    assert (entry.reason, there.closed_ms, there.balance) == ("moved", NOW, UNIT)
    assert [event.event_id for event in journal.events] == ["acme/1/closed"]
    assert journal.statuses[-1].state == "closed"
