"""Recharge is resumed."""

from tests.build import account, lot
from tests.core.account.asked import BY_ANN, posted
from topics import records as r


def test_resuming_allows_what_was_denied_and_says_so_at_once() -> None:
    there = account(lot(), held=0b0110, tripped=1, spent=9, spent_before=9)
    journal = posted(r.ResumeRecharge("s1", "acme", "it was us", **BY_ANN), there)

    (entry,), (status,) = journal.entries, journal.statuses
    assert isinstance(entry, r.RechargeResumed)
    assert (entry.allowed, entry.reason) == (("international", "overage"), "it was us")
    assert status.blocked == ()
    assert (
        there.spending.held,
        there.spending.tripped,
        there.spending.spent,
        there.spending.spent_before,
    ) == (0, 0, 0, 0)
    assert [event.event_id for event in journal.events] == ["acme/1/resumed"]
