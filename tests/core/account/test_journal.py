"""The journal: what one batch says, in order."""

from rater.core.account.account import Threshold
from rater.core.account.cause import Cause
from rater.core.account.heads import entry_head, event_head
from rater.core.account.journal import Journal
from tests.build import NOW, UNIT, account, lot, source
from topics import records as r
from topics.records import balance as v

WHY = Cause("credit", "f1", NOW)


def test_posting_an_entry_makes_it_happen_and_tells_what_it_crosses() -> None:
    there = account(lot("a", UNIT, NOW), thresholds=[Threshold("low", 5, armed=True)])
    journal = Journal()
    entry = r.LotExpired(*entry_head(there, source(), -UNIT, 0), "a", NOW)
    journal.post(there, entry, "expiry", "a")

    assert (there.balance, journal.entries) == (0, [entry])
    assert [(x.event_id, x.cause, x.cause_id) for x in journal.events] == [
        ("acme/1/crossed/low", "expiry", "a"),
        ("acme/1/exhausted", "expiry", "a"),
    ]
    assert [status.balance_micros for status in journal.statuses] == [0]


def test_an_entry_that_moves_no_money_crosses_nothing() -> None:
    there = account(thresholds=[Threshold("low", 5, armed=True)])
    journal = Journal()
    journal.post(there, r.AccountClosed(*entry_head(there, source(), 0, 0), "x"), "close", "x")

    assert journal.events == []


def test_an_expiry_names_its_lot_and_what_was_left() -> None:
    there = account(lot("a", 7))
    journal = Journal()
    journal.expired(there, r.LotExpired(*entry_head(there, source(), -7, 0), "a", NOW), WHY)

    (event,) = journal.events
    assert isinstance(event, v.FundsExpired)
    assert (event.lot_id, event.amount_micros) == ("a", 7)


def test_settings_are_said_first_and_then_what_they_cross() -> None:
    there = account(thresholds=[Threshold("low", 5, armed=True)])
    journal = Journal()
    entry = r.ThresholdsSet(
        *entry_head(there, source(), 0, 0), "x", (r.ThresholdSetting("low", 5),)
    )
    journal.settle(
        there, entry, WHY, lambda: v.SettingsChanged(*event_head(there, "settings", WHY))
    )

    assert [event.event_id for event in journal.events] == ["acme/1/settings", "acme/1/crossed/low"]
    assert len(journal.statuses) == 1
