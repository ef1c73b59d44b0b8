"""Heads: the leading fields of entries and of events, which all of them say."""

from rater.core.account.account import Account
from rater.core.account.burn import hours_remaining
from rater.core.account.cause import Cause
from rater.core.cdr import Source
from topics.records.causes import CauseKind

EntryHead = tuple[str, str, int, int, str, int, int, str, int, int, int]


def entry_head(account: Account, source: Source, amount: int, debt: int) -> EntryHead:
    """Return the leading fields of the account's next entry: a change of balance, and the debt after it."""
    seq = account.seq + 1
    return (
        f"{account.tenant_id}/{seq}",
        account.tenant_id,
        seq,
        source.at_ms,
        source.topic,
        source.partition,
        source.offset,
        account.currency,
        amount,
        account.balance + amount,
        debt,
    )


EventHead = tuple[str, str, int, int, str, int, CauseKind, str, int | None]


def event_head(account: Account, what: str, cause: Cause) -> EventHead:
    """Return the leading fields of an event; its id names the entry's sequence number and what it is."""
    return (
        f"{account.tenant_id}/{account.seq}/{what}",
        account.tenant_id,
        account.seq,
        cause.at_ms,
        account.currency,
        account.balance,
        cause.kind,
        cause.cause_id,
        hours_remaining(account),
    )
