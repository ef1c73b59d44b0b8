"""Opening an account."""

from datetime import datetime

import pytest

from rater.core.account.execution import open_account
from rater.core.account.journal import Journal
from tests.build import NOW, RULES, source
from topics import records as r


def test_opening_an_account_is_its_first_entry() -> None:
    journal = Journal()
    order = r.OpenAccount("o1", "acme", "EUR", ("special", "acs"), "Europe/Madrid")
    there = open_account(order, source(), RULES, journal)

    (entry,) = journal.entries
    assert isinstance(entry, r.AccountOpened)
    assert (entry.seq, entry.decks, entry.time_zone) == (1, ("special", "acs"), "Europe/Madrid")
    assert (there.currency, there.balance, len(journal.statuses)) == ("EUR", 0, 1)


@pytest.mark.parametrize(
    ("time_zone", "ends"),
    [
        ("UTC", "2026-04-01T00:00:00Z"),
        ("Europe/Madrid", "2026-03-31T22:00:00Z"),
        ("America/Los_Angeles", "2026-04-01T07:00:00Z"),
    ],
)
def test_its_first_month_ends_by_its_own_clocks(time_zone: str, ends: str) -> None:
    journal = Journal()
    order = r.OpenAccount("o1", "acme", "EUR", ("acs",), time_zone)
    there = open_account(order, source(), RULES, journal)

    (entry,) = journal.entries
    assert isinstance(entry, r.AccountOpened)
    assert there.carry_ms == ms(ends) > NOW
    # What is as UTC has it is not said: so it was before, and so it stays.
    assert entry.month_ends_ms == (None if time_zone == "UTC" else there.carry_ms)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000
