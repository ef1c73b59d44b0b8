"""Folded: one tenant's account as the ledger says it, from its beginning on.

It begins with its first entry, or, where the ledger's oldest months are gone, when it was first carried forward.
"""

from bisect import bisect_right
from dataclasses import dataclass, field

from rater.reconcile.folds.books import BalanceEntry
from rater.reconcile.folds.breaker import Breaker
from rater.reconcile.folds.burn import Burn
from rater.reconcile.folds.clocks import Clocks
from rater.reconcile.folds.contract import Contract
from rater.reconcile.folds.credits import Credits
from rater.reconcile.folds.shadow_balance import ShadowBalance
from rater.reconcile.folds.standing import Standing
from rater.reconcile.folds.threshold_events import ThresholdEvents
from topics import records as r


@dataclass(slots=True)
class Folded:
    """An account after its entry `seq`. `balances[n]` is that after entry `first` + n."""

    opened: BalanceEntry
    """What it begins with."""
    breaker: Breaker
    first: int = 1
    seq: int = 0
    balance: int = 0
    purse: ShadowBalance = field(default_factory=ShadowBalance)
    edges: ThresholdEvents = field(default_factory=ThresholdEvents)
    burn: Burn = field(default_factory=Burn)
    recharge_seq: int = 0
    balances: list[int] = field(default_factory=list)
    debts: list[int] = field(default_factory=list)
    runways: list[int | None] = field(default_factory=list)
    holds: list[tuple[int, int]] = field(default_factory=lambda: [(0, 0)])
    """What is held, as bits, from which entry on."""
    standing: Standing = field(default_factory=Standing)
    contract: Contract = field(default_factory=Contract)
    applied: dict[str, int] = field(default_factory=dict)
    """The last offset applied per source topic."""
    carry_ms: int = 0
    """When it is carried forward next."""
    halfway: tuple[r.ChargeReversed, int] | None = None
    """A charge that was taken back by a correction, whose own must be next; and the balance before both."""
    has_gaps: bool = False
    credits: Credits = field(init=False)

    def __post_init__(self) -> None:
        """Begin with the currency and the time zone of what it begins with."""
        self.credits = Credits(self.opened.currency)
        opened = self.opened
        match opened.kind:
            case "account_opened" | "balance_carried_forward":
                self.contract.clocks = Clocks(opened.time_zone)
            case _:
                pass

    def at(self, seq: int) -> tuple[int, int]:
        """Return balance and debt after an entry that was folded."""
        return self.balances[seq - self.first], self.debts[seq - self.first]

    def hours_remaining(self) -> int | None:
        """Return the hours that the balance lasts now; none: nothing is spent, it pays later, or has no credits."""
        if self.contract.billing.now.pays_later:
            return None
        return self.burn.hours_remaining(self.balance) if self.credits.are_open else None

    def runway_at(self, seq: int) -> int | None:
        """Return the hours that the balance lasted after an entry that was folded."""
        return self.runways[seq - self.first]

    def held_at(self, seq: int) -> int:
        """Return what was held after an entry, as bits of the paid classes."""
        return self.holds[bisect_right(self.holds, seq, key=lambda hold: hold[0]) - 1][1]
