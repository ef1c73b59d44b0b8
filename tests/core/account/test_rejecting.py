"""Rejecting: the entry of a refusal names the command and changes nothing; captured money is told."""

from rater.core.account.journal import Journal
from rater.core.account.rejecting import reject
from rater.core.rejections import Refusal, Rejected
from rater.core.times import from_millis
from tests.build import NOW, UNIT, account, source
from topics import records as r

WHY = Refusal(Rejected.CURRENCY_MISMATCH, "currency: EUR, the account's is USD")


def test_a_refusal_takes_no_number_and_says_the_account_as_it_is() -> None:
    there, journal = account(seq=4), Journal()
    reject(there, r.Adjust("a1", "acme", UNIT, "EUR", "why"), source(), WHY, journal)

    (entry,) = journal.entries
    assert isinstance(entry, r.CommandRejected)
    assert (entry.seq, entry.command_type, entry.reason) == (4, "adjust", "currency_mismatch")
    assert (there.seq, journal.events) == (4, [])


def test_captured_money_that_is_refused_is_told() -> None:
    journal = Journal()
    credit = r.AddFunds("f1", "acme", "L1", UNIT, "EUR", from_millis(NOW), 1, "acme/recharge/1")
    reject(account(), credit, source(), WHY, journal)

    (entry,) = journal.entries
    assert isinstance(entry, r.CommandRejected)
    assert (entry.lot_id, entry.credit_micros) == ("L1", UNIT)
    assert [event.event_id for event in journal.events] == ["acme/0/credit_refused/L1"]
