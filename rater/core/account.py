"""Account: one tenant's prepaid state. Only an entry changes it (`applying`), so the ledger alone rebuilds it (D4).

An account here is a working copy of one batch: touched in place, dropped when the batch is aborted.
"""

from typing import Final, final

from rater.core.limits import AMOUNT_MICROS_MAX, GRACE_MS
from rater.core.lots import CreditLot
from rater.core.value import Value

NEVER_MS: Final = 2**62
"""A due time that does not come."""
FAR: Final = 2 * AMOUNT_MICROS_MAX
"""Beyond every balance."""


@final
class Threshold(Value):
    """An amount that is announced once when the balance falls below it."""

    __match_args__ = ("threshold_id", "amount", "armed")
    __slots__ = __match_args__

    def __init__(self, threshold_id: str, amount: int, armed: bool) -> None:  # noqa: FBT001
        self.threshold_id: Final = threshold_id
        self.amount: Final = amount
        self.armed = armed


@final
class Account(Value):
    """Money in micros of `currency`. `balance` is the sum of live lots less `debt`, kept for speed."""

    __match_args__ = (
        "tenant_id",
        "currency",
        "time_zone",
        "decks",
        "seq",
        "balance",
        "debt",
        "lots",
        "expired",
        "thresholds",
        "closed_ms",
        "forfeited_to_ms",
        "status_ms",
        "status_class",
        "dirty",
        "cdr_offset",
        "command_offset",
        "calm_from",
        "calm_to",
        "due_ms",
    )
    __slots__ = __match_args__

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        tenant_id: str,
        currency: str,
        time_zone: str,
        decks: tuple[str, ...],
        seq: int = 0,
        balance: int = 0,
        debt: int = 0,
        lots: list[CreditLot] | None = None,
        expired: list[CreditLot] | None = None,
        thresholds: list[Threshold] | None = None,
        closed_ms: int = NEVER_MS,
        forfeited_to_ms: int = 0,
        status_ms: int = 0,
        status_class: int = -1,
        dirty: bool = False,  # noqa: FBT001, FBT002
        cdr_offset: int = -1,
        command_offset: int = -1,
        calm_from: int = 1,
        calm_to: int = 0,
        due_ms: int = NEVER_MS,
    ) -> None:
        self.tenant_id = tenant_id
        self.currency = currency
        self.time_zone = time_zone
        self.decks = decks
        self.seq = seq
        self.balance = balance
        self.debt = debt
        self.lots = [] if lots is None else lots
        self.expired = [] if expired is None else expired
        self.thresholds = [] if thresholds is None else thresholds
        self.closed_ms = closed_ms
        self.forfeited_to_ms = forfeited_to_ms
        """Latest expiry of a lot that has been forfeited."""
        self.status_ms = status_ms
        self.status_class = status_class
        """Class of what was last published as allowed; -1 where nothing was."""
        self.dirty = dirty
        """A status is owed (D10)."""
        self.cdr_offset = cdr_offset
        self.command_offset = command_offset
        """The offsets applied per source topic (D3)."""
        self.calm_from = calm_from
        self.calm_to = calm_to
        """No threshold has anything to say of a balance from `calm_from` to below `calm_to`; at first, of none."""
        self.due_ms = due_ms
        """When the account must be looked at though nothing reaches it: not after a lot expires or is forfeited."""


def next_due_ms(account: Account) -> int:
    """Return when the account's next lot expires or is forfeited, NEVER_MS where none does."""
    due = min((lot.expires_ms for lot in account.lots), default=NEVER_MS)
    return min((lot.expires_ms + GRACE_MS for lot in account.expired), default=due)
