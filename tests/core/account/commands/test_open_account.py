"""Opening an account."""

from rater.core.account.execution import open_account
from rater.core.account.journal import Journal
from tests.build import source
from topics import records as r


def test_opening_an_account_is_its_first_entry() -> None:
    journal = Journal()
    order = r.OpenAccount("o1", "acme", "EUR", ("special", "acs"), "Europe/Madrid")
    there = open_account(order, source(), journal)

    (entry,) = journal.entries
    assert isinstance(entry, r.AccountOpened)
    assert (entry.seq, entry.decks, entry.time_zone) == (1, ("special", "acs"), "Europe/Madrid")
    assert (there.currency, there.balance, len(journal.statuses)) == ("EUR", 0, 1)
