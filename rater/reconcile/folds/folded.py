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
from rater.reconcile.folds.turns import forget
from topics import records as r


@dataclass(slots=True)
class Folded:
    """An account after its entry `seq`. `balances[n]` is that after entry `base` + n."""

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
    base: int = field(init=False)
    """The first entry after which it is still known how it was; `first`, until it has come to rest."""
    rest_seq: int = 0
    """Its last entry when it came to rest; 0: it never has."""
    credits: Credits = field(init=False)

    def __post_init__(self) -> None:
        """Begin with the currency and the time zone of what it begins with."""
        self.base = self.first
        self.credits = Credits(self.opened.currency)
        opened = self.opened
        match opened.kind:
            case "account_opened" | "balance_carried_forward":
                self.contract.clocks = Clocks(opened.time_zone)
            case _:
                pass

    def at(self, seq: int) -> tuple[int, int]:
        """Return balance and debt after an entry that was folded."""
        return self.balances[seq - self.base], self.debts[seq - self.base]

    def hours_remaining(self) -> int | None:
        """Return the hours that the balance lasts now; none: nothing is spent, it pays later, or has no credits."""
        if self.contract.billing.now.pays_later:
            return None
        return self.burn.hours_remaining(self.balance) if self.credits.are_open else None

    def runway_at(self, seq: int) -> int | None:
        """Return the hours that the balance lasted after an entry that was folded."""
        return self.runways[seq - self.base]

    def held_at(self, seq: int) -> int:
        """Return what was held after an entry, as bits of the paid classes."""
        return self.holds[bisect_right(self.holds, seq, key=lambda hold: hold[0]) - 1][1]

    @property
    def has_moved(self) -> bool:
        """Say whether there were entries since it came to rest."""
        return self.seq > self.rest_seq

    def rest(self, since_seq: int) -> None:
        """Come to rest: forget how it was before an entry; how it was then, and since, stays."""
        since_seq = min(max(since_seq, self.base), self.seq)
        for known in (self.balances, self.debts, self.runways):
            del known[: since_seq - self.base]
        self.base, self.rest_seq = since_seq, self.seq
        forget(self.holds, since_seq)
        self.standing.forget(since_seq)
        self.contract.forget(since_seq)
