"""Account: one tenant's prepaid state. Only an entry changes it (`applying`), so the ledger alone rebuilds it (D4).

An account here is a working copy of one batch: touched in place, dropped when the batch is aborted.
"""

from typing import Final, final

from rater.core.limits import AMOUNT_MICROS_MAX, GRACE_MS, SPEND_PER_HOUR_MICROS
from rater.core.lots import CreditLot
from rater.core.value import Value

NEVER_MS: Final = 2**62
"""A due time that does not come."""
NO_LIMIT: Final = 2**62
"""More than can be spent."""
FAR: Final = 2 * AMOUNT_MICROS_MAX
"""Beyond every balance."""

AUTO_RECHARGE: Final = "auto_recharge"
AUTO_RECHARGE_HOURS: Final = "auto_recharge_hours"
"""The thresholds that are the triggers of recharge; no command sets them but `set_auto_recharge`."""


@final
class Threshold(Value):
    """An amount that is announced once when the balance falls below it; or hours, when the runway does."""

    __match_args__ = ("threshold_id", "amount", "armed")
    __slots__ = __match_args__

    def __init__(self, threshold_id: str, amount: int, armed: bool) -> None:  # noqa: FBT001
        self.threshold_id: Final = threshold_id
        self.amount: Final = amount
        self.armed = armed


@final
class Dear(Value):
    """The watch over new dear destinations; `known` and `fresh_ms` from the oldest on."""

    __match_args__ = ("rate", "most", "known", "fresh_ms")
    __slots__ = __match_args__

    def __init__(self, rate: int, most: int, known: list[str], fresh_ms: list[int]) -> None:
        self.rate: Final = rate
        """Micros a minute from which on a destination is dear."""
        self.most: Final = most
        self.known = known
        """The prefixes of dear destinations that the account has called."""
        self.fresh_ms = fresh_ms
        """When the last new ones were called."""


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
        "hour_thresholds",
        "recharge_seq",
        "burn",
        "burn_from",
        "burn_to",
        "spend_per_hour",
        "spend_limit",
        "spend_hour",
        "spent",
        "spent_before",
        "cost_limit",
        "dear",
        "held",
        "tripped",
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
        hour_thresholds: list[Threshold] | None = None,
        recharge_seq: int = 0,
        burn: int = 0,
        burn_from: int = -1,
        burn_to: int = 0,
        spend_per_hour: int = -1,
        spend_limit: int = SPEND_PER_HOUR_MICROS,
        spend_hour: int = 0,
        spent: int = 0,
        spent_before: int = 0,
        cost_limit: int = 0,
        dear: Dear | None = None,
        held: int = 0,
        tripped: int = 0,
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
        """When the account must be looked at though nothing reaches it: a lot expires, is forfeited or warned of."""
        self.hour_thresholds = [] if hour_thresholds is None else hour_thresholds
        """Thresholds in hours of runway; where there are any, no balance is calm."""
        self.recharge_seq = recharge_seq
        """The last of recharge's credits that was taken."""
        self.burn = burn
        self.burn_from = burn_from
        self.burn_to = burn_to
        """What has been spent, decayed (`burn`), from the first minute of spending (-1: none) to the last entry's."""
        self.spend_per_hour = spend_per_hour
        """As it was set: -1 for the default, 0 for no limit."""
        self.spend_limit = spend_limit
        """What that comes to, in micros; NO_LIMIT where there is none."""
        self.spend_hour = spend_hour
        self.spent = spent
        self.spent_before = spent_before
        """Charges of a clock hour (its number since 1970), and of the one before it."""
        self.cost_limit = cost_limit
        """Of one call, in micros; 0 for no limit."""
        self.dear = dear
        self.held = held
        self.tripped = tripped
        """What the breaker denies, and which limits have done it, as bits (`breaker`)."""


def next_due_ms(account: Account) -> int:
    """Return when the account's next lot expires, is forfeited or must be warned of; NEVER_MS where none is."""
    due = min((lot.due_ms for lot in account.lots), default=NEVER_MS)
    if account.expired:
        due = min(due, min(lot.expires_ms for lot in account.expired) + GRACE_MS)
    return due
