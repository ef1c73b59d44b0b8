"""Account: one tenant's prepaid state. Only an entry changes it (`applying`), so the ledger alone rebuilds it (D4).

An account here is a working copy of one batch: touched in place, dropped when the batch is aborted.
"""

from typing import Final, final

from rater.core.account.contract import Contract
from rater.core.account.lots import CreditLot
from rater.core.account.past import Past
from rater.core.charging_settings import ChargingSettings
from rater.core.limits import AMOUNT_MICROS_MAX, GRACE_MS, NEVER_MS
from rater.core.value import Value
from topics.fields import NO_CURRENCY

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

    __match_args__ = ("threshold_id", "amount", "armed", "label")
    __slots__ = __match_args__

    def __init__(
        self,
        threshold_id: str,
        amount: int,
        armed: bool,  # noqa: FBT001
        label: str | None = None,
    ) -> None:
        self.threshold_id: Final = threshold_id
        self.amount: Final = amount
        self.armed = armed
        self.label: Final = label


@final
class HighRateWatch(Value):
    """The watch over new high-rate destinations; `known` and `fresh_ms` from the oldest on."""

    __match_args__ = ("rate", "most", "known", "fresh_ms")
    __slots__ = __match_args__

    def __init__(self, rate: int, most: int, known: list[str], fresh_ms: list[int]) -> None:
        self.rate: Final = rate
        """Micros a minute from which on a destination is high-rate."""
        self.most: Final = most
        self.known = known
        """The prefixes of high-rate destinations that the account has called."""
        self.fresh_ms = fresh_ms
        """When the last new ones were called."""


@final
class Spending(Value):
    """What an account has spent lately (`burn`), and the limits of it (`breaker`)."""

    __match_args__ = (
        "burn",
        "burn_from",
        "burn_to",
        "per_hour",
        "hour",
        "spent",
        "spent_before",
        "cost_limit",
        "high_rate",
        "held",
        "tripped",
    )
    __slots__ = (*__match_args__, "limit")

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        burn: int = 0,
        burn_from: int = -1,
        burn_to: int = 0,
        per_hour: int = -1,
        hour: int = 0,
        spent: int = 0,
        spent_before: int = 0,
        cost_limit: int = 0,
        high_rate: HighRateWatch | None = None,
        held: int = 0,
        tripped: int = 0,
    ) -> None:
        self.burn = burn
        self.burn_from = burn_from
        self.burn_to = burn_to
        """What has been spent, decayed, from the first minute of spending (-1: none) to that of the last entry."""
        self.per_hour = per_hour
        """The limit an hour as it was set: -1 for the default, 0 for none."""
        self.limit = NO_LIMIT
        """What that comes to under the settings adopted; NO_LIMIT for none. Not stored."""
        self.hour = hour
        self.spent, self.spent_before = spent, spent_before
        """Charges of a clock hour (its number since 1970), and of the one before it."""
        self.cost_limit = cost_limit
        """Of one call, in micros; 0 for no limit."""
        self.high_rate = high_rate
        self.held = held
        self.tripped = tripped
        """What the breaker denies, and which limits have done it, as bits."""


@final
class Account(Value):
    """Money in micros of `currency`. `balance` is the sum of live lots less `debt`, kept for speed.

    Without credits the currency is NO_CURRENCY, and there are no decks.
    time_zone: by which its months begin, before the changes that its contract knows (`zone_change`).
    forfeited_to_ms: latest expiry of a lot that has been forfeited.
    status_class: class of what was last published as allowed; -1 where nothing was. dirty: a status is owed (D10).
    cdr_offset, command_offset, request_offset, timer_offset: the offsets applied per source topic (D3).
    calm_from, calm_to: no threshold has anything to say of a balance from the one to below the other.
    due_ms: when the account must be looked at though nothing reaches it: a lot expires, is forfeited or warned of, or
        it begins or stops to pay later.
    carry_ms: when it is carried forward next, as its month ends by its clocks; a charge does not look at that.
    hour_thresholds: thresholds in hours of runway; where there are any, no balance is calm.
    recharge_seq: the last of recharge's credits that was taken.
    adopted, balance_max, paid_first: the settings that were noted last (`adoption`; not stored), the bound of the
        balance, and whether promotional credit is drawn last.
    contract: its plans, and whether it pays later; None where nothing was ever said of either.
    past: what calls need that were answered before its `settled_ms`; None where nothing has changed.
    """

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
        "request_offset",
        "timer_offset",
        "calm_from",
        "calm_to",
        "due_ms",
        "hour_thresholds",
        "recharge_seq",
        "spending",
        "past",
        "carry_ms",
        "contract",
    )
    __slots__ = (*__match_args__, "adopted", "balance_max", "paid_first")

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
        request_offset: int = -1,
        timer_offset: int = -1,
        calm_from: int = 1,
        calm_to: int = 0,
        due_ms: int = NEVER_MS,
        hour_thresholds: list[Threshold] | None = None,
        recharge_seq: int = 0,
        spending: Spending | None = None,
        past: Past | None = None,
        carry_ms: int = NEVER_MS,
        contract: Contract | None = None,
    ) -> None:
        self.tenant_id, self.currency = tenant_id, currency
        self.time_zone = time_zone
        self.decks = decks
        self.seq, self.balance, self.debt = seq, balance, debt
        self.lots = [] if lots is None else lots
        self.expired = [] if expired is None else expired
        self.thresholds = [] if thresholds is None else thresholds
        self.closed_ms, self.forfeited_to_ms = closed_ms, forfeited_to_ms
        self.status_ms, self.status_class = status_ms, status_class
        self.dirty = dirty
        self.cdr_offset, self.command_offset = cdr_offset, command_offset
        self.request_offset, self.timer_offset = request_offset, timer_offset
        self.calm_from, self.calm_to, self.due_ms = calm_from, calm_to, due_ms
        self.hour_thresholds = [] if hour_thresholds is None else hour_thresholds
        self.recharge_seq = recharge_seq
        self.spending = Spending() if spending is None else spending
        self.adopted: ChargingSettings | None = None
        self.balance_max, self.paid_first = AMOUNT_MICROS_MAX, False
        self.past, self.carry_ms, self.contract = past, carry_ms, contract


def contract_of(account: Account) -> Contract:
    """Return the account's contract, to change it; one that has none gets one."""
    if account.contract is None:
        account.contract = Contract([], [])
    return account.contract


def has_credits(account: Account) -> bool:
    """Tell whether the account has a currency and decks, and so may have money; without, it has plans alone."""
    return account.currency != NO_CURRENCY


def next_due_ms(account: Account) -> int:
    """Return when the account's next lot expires, is forfeited or must be warned of, or its billing is looked at.

    NEVER_MS where nothing is due.
    """
    due = NEVER_MS
    for lot in account.lots:
        due = min(due, lot.due_ms)
    for lot in account.expired:
        due = min(due, lot.expires_ms + GRACE_MS)
    contract = account.contract
    return due if contract is None else min(due, contract.billing.look_ms)


def pays_later(account: Account) -> bool:
    """Tell whether the account pays later now: no balance is asked for, and no threshold has anything to say."""
    contract = account.contract
    return contract is not None and contract.billing.pays_later
