"""Unnumbered: entries that change no account and take no number of one, held against the account as it then was."""

from rater.reconcile.difference import Complaint
from rater.reconcile.folds.books import COMMANDS, ORDERS, TIMERS
from rater.reconcile.folds.folded import Folded
from topics import records as r
from topics.records.recycling import CallDropped


def hold_refusal(account: Folded | None, entry: r.CommandRejected) -> list[Complaint]:
    """Hold a refusal against the account as it then was; a refusal changes nothing."""
    topic = entry.source_topic if entry.source_topic in ORDERS else COMMANDS
    expected: tuple[object, ...] = (_source(entry), topic, 0, None, None)
    if account is not None:
        expected = (_source(entry), topic, account.seq, account.credits.currency, account.balance)
    found = (entry.entry_id, entry.source_topic, entry.seq, entry.currency, entry.balance_micros)
    wrong = [] if account is None or account.has_gaps else [*account.credits.hold_refusal(entry)]
    if expected != found:
        names = "entry_id, source_topic, seq, currency, balance_micros"
        wrong.append(Complaint(names, expected, found))
    return wrong


def hold_dropped(account: Folded | None, entry: CallDropped) -> list[Complaint]:
    """Hold where a call was given up."""
    expected = (_source(entry), TIMERS, 0 if account is None else account.seq)
    found = (entry.entry_id, entry.source_topic, entry.seq)
    return [] if expected == found else [Complaint("entry_id, source_topic, seq", expected, found)]


def _source(entry: r.CommandRejected | CallDropped) -> str:
    return f"{entry.source_topic}/{entry.source_partition}/{entry.source_offset}"
