"""Expiry: a lot leaves the balance at its expiry, and is forfeited when its grace is over (D17).

30, 7 and 1 days before, the world is warned of a lot that still has money: once each, and of several that are due at
once only the most urgent is said. A lot opened later than that is not warned of for what is past.

Whatever reaches an account first does it: a CDR, a command, or the timer's own command for accounts that are quiet.
"""

from rater.core.account.account import Account
from rater.core.account.cause import Cause
from rater.core.account.heads import entry_head
from rater.core.account.journal import Journal
from rater.core.account.lots import CreditLot, days_left
from rater.core.cdr import Source
from rater.core.limits import GRACE_MS
from topics import records as r


def expire_due(account: Account, source: Source, journal: Journal) -> None:
    """Post what expires or is forfeited at the record's time, both for a lot that is late for both; then warn."""
    now = source.at_ms
    for lot in [lot for lot in account.lots if lot.expires_ms <= now]:
        _expire(account, lot, source, journal)
    for lot in [lot for lot in account.expired if lot.expires_ms + GRACE_MS <= now]:
        _forfeit(account, lot, source, journal)
    for lot in [lot for lot in account.lots if lot.due_ms <= now]:
        _warn(account, lot, source, journal)


def _expire(account: Account, lot: CreditLot, source: Source, journal: Journal) -> None:
    entry = r.LotExpired(
        *entry_head(account, source, -lot.remaining, account.debt),
        lot.lot_id,
        lot.expires_ms + GRACE_MS,
        lot.category,
    )
    cause = Cause("expiry", lot.lot_id, source.at_ms)
    journal.post(account, entry, "expiry", lot.lot_id)
    journal.expired(account, entry, cause)


def _forfeit(account: Account, lot: CreditLot, source: Source, journal: Journal) -> None:
    entry = r.LotForfeited(
        *entry_head(account, source, 0, account.debt),
        lot.lot_id,
        lot.remaining,
        lot.category,
    )
    journal.post(account, entry, "expiry", lot.lot_id)


def _warn(account: Account, lot: CreditLot, source: Source, journal: Journal) -> None:
    entry = r.LotExpiryWarned(
        *entry_head(account, source, 0, account.debt),
        lot.lot_id,
        days_left(lot.expires_ms, source.at_ms),
        lot.remaining,
        lot.expires_ms,
        lot.category,
    )
    cause = Cause("expiry", lot.lot_id, source.at_ms)
    journal.post(account, entry, "expiry", lot.lot_id)
    journal.expiring(account, entry, cause)
