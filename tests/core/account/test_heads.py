"""Heads: what entries and events all say."""

from rater.core.account.cause import Cause
from rater.core.account.heads import entry_head, event_head
from tests.build import NOW, account, lot, source

CAUSE = Cause("charge", "c1", NOW)


def test_the_head_of_an_entry_is_the_account_after_it() -> None:
    there = account(lot("a", 50), seq=4)

    assert entry_head(there, source(offset=9), -20, 0) == (
        "acme/5", "acme", 5, NOW, "cdr.raw.v1", 0, 9, "USD", -20, 30, 0,
    )  # fmt: skip


def test_the_head_of_an_event_names_the_entry_and_what_happened() -> None:
    assert event_head(account(seq=9), "settings", CAUSE)[0] == "acme/9/settings"
