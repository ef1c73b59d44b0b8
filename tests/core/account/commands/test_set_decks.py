"""Decks are replaced."""

from rater.core.account.past import CHANGES_MAX, Past
from rater.core.rejections import Rejected
from tests.build import DAY, NOW, account
from tests.core.account.asked import asked, refused
from topics import records as r


def test_the_decks_of_before_are_remembered_for_calls_answered_then() -> None:
    there = account()
    before = there.decks
    _, journal = asked(there, r.SetDecks("x", "acme", ("b", "a"), "cheaper"))

    (entry,) = journal.entries
    assert isinstance(entry, r.DecksSet)
    assert (entry.decks, entry.reason, there.decks) == (("b", "a"), "cheaper", ("b", "a"))
    assert there.past is not None
    assert there.past.decks == [(NOW, before)]
    assert journal.events == []


def test_so_many_changes_are_remembered_and_one_more_is_refused() -> None:
    changes: list[tuple[int, tuple[str, ...]]] = [
        (NOW - DAY + n, ("d",)) for n in range(CHANGES_MAX)
    ]
    there = account(past=Past(NOW, [], changes))

    assert refused(there, r.SetDecks("x", "acme", ("b",))) is Rejected.TOO_MANY_CHANGES
