"""Status: what an account may do now, and when the world is told (D10).

A status goes out at once when what is allowed changes, otherwise at most once in STATUS_EVERY_MS of stream time;
what is still owed is the account's `dirty` flag, which a flush pays.
"""

from typing import Final

from rater.core.account import NEVER_MS, Account
from rater.core.entries import AccountStatus
from rater.core.limits import STATUS_EVERY_MS

OPEN: Final = 0
EXHAUSTED: Final = 1
CLOSED: Final = 2

FREE_CALLS: Final = ("emergency", "in_bundle", "inbound")
PAID_CALLS: Final = ("conference_dial_out", "international", "overage", "toll_free")

_ALLOW: Final = (FREE_CALLS + PAID_CALLS, FREE_CALLS, ("emergency",))
_DENY: Final = ((), PAID_CALLS, ("in_bundle", "inbound", *PAID_CALLS))
_REASON: Final = (None, "balance_not_positive", "account_closed")


def status_class(account: Account) -> int:
    """Return what the account is allowed now: OPEN, EXHAUSTED or CLOSED."""
    if account.closed_ms != NEVER_MS:
        return CLOSED
    return OPEN if account.balance > 0 else EXHAUSTED


def status_of(account: Account, at_ms: int) -> AccountStatus:
    """Build the status, and note in the account that it was published."""
    allowed = status_class(account)
    account.status_class = allowed
    account.status_ms = at_ms
    account.dirty = False
    expiry = min((lot.expires_ms for lot in account.lots), default=None)
    return AccountStatus(
        account.tenant_id,
        account.seq,
        at_ms,
        "closed" if allowed == CLOSED else "open",
        account.currency,
        account.balance,
        account.debt,
        _ALLOW[allowed],
        _DENY[allowed],
        _REASON[allowed],
        expiry,
    )


def note_change(account: Account, at_ms: int, statuses: list[AccountStatus]) -> None:
    """Publish the account's status if it is due, else remember that it is owed."""
    if (
        at_ms - account.status_ms >= STATUS_EVERY_MS
        or status_class(account) != account.status_class
    ):
        statuses.append(status_of(account, at_ms))
    else:
        account.dirty = True
