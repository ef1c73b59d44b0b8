"""Status: what an account may do now, and when the world is told (D10).

A status goes out at once when what is allowed changes, otherwise at most once in STATUS_EVERY_MS of stream time;
what is still owed is the account's `dirty` flag, which a flush pays. What denies first: the closed account, the
balance, the breaker.
"""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.burn import hours_remaining
from rater.core.call_classes import ALL_PAID, FREE_CALLS, PAID_CALLS
from rater.core.limits import NEVER_MS, STATUS_EVERY_MS
from topics.records import AccountStatus
from topics.records.balance import BlockedReason

OPEN: Final = 0
EXHAUSTED: Final = 1
CLOSED: Final = 2
HELD: Final = 16
"""Open, but for the paid calls that the breaker denies: their bits (in the order of PAID_CALLS) are added."""

_ALLOW: Final = (FREE_CALLS + PAID_CALLS, FREE_CALLS, ("emergency",))
_DENY: Final = ((), PAID_CALLS, ("in_bundle", "inbound", *PAID_CALLS))
_REASON: Final[tuple[BlockedReason | None, ...]] = (None, "balance_not_positive", "account_closed")


def status_class(account: Account) -> int:
    """Return what the account is allowed now: OPEN, EXHAUSTED, CLOSED, or HELD and which calls are."""
    if account.closed_ms != NEVER_MS:
        return CLOSED
    if account.balance <= 0:
        return EXHAUSTED
    return HELD + account.spending.held if account.spending.held else OPEN


def paid_calls(bits: int) -> tuple[str, ...]:
    """Return the paid calls that some bits mean."""
    return tuple([name for n, name in enumerate(PAID_CALLS) if bits >> n & 1])


def status_of(account: Account, at_ms: int) -> AccountStatus:
    """Build the status, and note in the account that it was published."""
    allowed = status_class(account)
    account.status_class = allowed
    account.status_ms = at_ms
    account.dirty = False
    allow, deny, reason = _permission(allowed)
    expiry = min((lot.expires_ms for lot in account.lots), default=None)
    return AccountStatus(
        account.tenant_id,
        account.seq,
        at_ms,
        "closed" if allowed == CLOSED else "open",
        account.currency,
        account.balance,
        account.debt,
        allow,
        deny,
        reason,
        expiry,
        hours_remaining(account),
    )


def _permission(allowed: int) -> tuple[tuple[str, ...], tuple[str, ...], BlockedReason | None]:
    """Return what is allowed, what is denied, and why."""
    if allowed < HELD:
        return _ALLOW[allowed], _DENY[allowed], _REASON[allowed]
    denied = paid_calls(allowed - HELD)
    return FREE_CALLS + paid_calls(ALL_PAID & ~(allowed - HELD)), denied, "spend_limit"


def note_change(account: Account, at_ms: int, statuses: list[AccountStatus]) -> None:
    """Publish the account's status if it is due, else remember that it is owed."""
    if (
        at_ms - account.status_ms >= STATUS_EVERY_MS
        or status_class(account) != account.status_class
    ):
        statuses.append(status_of(account, at_ms))
    else:
        account.dirty = True
