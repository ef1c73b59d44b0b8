"""Account: one tenant's prepaid state. Only an entry changes it (`applying`), so the ledger alone rebuilds it (D4).

An account here is a working copy of one batch: touched in place, dropped when the batch is aborted.
"""

import msgspec

from rater.core.limits import AMOUNT_MICROS_MAX, GRACE_MS
from rater.core.lots import CreditLot

NEVER_MS = 2**62
"""A due time that does not come."""
FAR = 2 * AMOUNT_MICROS_MAX
"""Beyond every balance."""


class Threshold(msgspec.Struct, array_like=True, gc=False):
    """An amount that is announced once when the balance falls below it."""

    threshold_id: str
    amount: int
    armed: bool


class Account(msgspec.Struct, array_like=True):
    """Money in micros of `currency`. `balance` is the sum of live lots less `debt`, kept for speed."""

    tenant_id: str
    currency: str
    time_zone: str
    decks: tuple[str, ...]
    seq: int = 0
    balance: int = 0
    debt: int = 0
    lots: list[CreditLot] = []
    expired: list[CreditLot] = []
    thresholds: list[Threshold] = []
    closed_ms: int = NEVER_MS
    forfeited_to_ms: int = 0
    """Latest expiry of a lot that has been forfeited."""
    status_ms: int = 0
    status_class: int = -1
    """Class of what was last published as allowed; -1 where nothing was."""
    dirty: bool = False
    """A status is owed (D10)."""
    cdr_offset: int = -1
    command_offset: int = -1
    """The offsets applied per source topic (D3)."""
    calm_from: int = 1
    calm_to: int = 0
    """No threshold has anything to say of a balance from `calm_from` to below `calm_to`; at first, of none."""
    due_ms: int = NEVER_MS
    """When the account must be looked at though nothing reaches it: not after a lot expires or is forfeited."""


def next_due_ms(account: Account) -> int:
    """Return when the account's next lot expires or is forfeited, NEVER_MS where none does."""
    due = min((lot.expires_ms for lot in account.lots), default=NEVER_MS)
    return min((lot.expires_ms + GRACE_MS for lot in account.expired), default=due)
