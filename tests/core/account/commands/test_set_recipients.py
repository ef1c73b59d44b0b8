"""Who is told is passed on."""

from rater.wire.outputs import encode
from tests.core.account.asked import BY_ANN, posted
from topics import records as r
from topics.records import balance as v


def test_the_ledger_says_how_many_are_told_and_not_who() -> None:
    emails = ("ann@example.com", "bob@example.com")
    order = r.SetRecipients("s1", "acme", emails, "fr", "https://example.com/hook?key=1", **BY_ANN)
    (entry,), (event,) = (journal := posted(order)).entries, journal.events

    assert b"example.com" not in encode(entry)
    assert isinstance(entry, r.RecipientsSet)
    assert (entry.emails, entry.language, entry.webhook) == (2, "fr", True)
    assert isinstance(event, v.RecipientsChanged)
    assert (event.emails, event.webhook) == (emails, "https://example.com/hook?key=1")
