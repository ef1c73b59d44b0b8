"""Figures: what a statement says, in micros and seconds, and whether it adds up."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from rater.views.statement.period import Period

MOVEMENTS: Final = (
    *("paid", "promotional", "adjusted", "reversed", "restored"),
    *("calls", "corrections", "expired", "other"),
)
"""What moves a balance, in the order in which it is told."""
CREDITS_MAX: Final = 1_000
"""Credits and refunds that are listed one by one; the rest is in the sums."""


@dataclass(slots=True)
class CallSum:
    """Some calls."""

    calls: int = 0
    seconds: int = 0
    charge_micros: int = 0

    def add(self, seconds: int, micros: int) -> None:
        """Count a call."""
        self.calls += 1
        self.seconds += seconds
        self.charge_micros += micros

    def fields(self) -> dict[str, int]:
        """Return it for programs."""
        return {
            "calls": self.calls,
            "seconds": self.seconds,
            "charge_micros": self.charge_micros,
        }


@dataclass(frozen=True, slots=True)
class Credit:
    """Money that came, or was taken back, by an entry of its own."""

    at_ms: int
    movement: str
    what: str
    amount_micros: int


@dataclass(slots=True)
class Figures:
    """A statement."""

    tenant_id: str
    period: Period
    currency: str = "XXX"
    opening_micros: int | None = None
    """None: nothing is known of the account by then."""
    closing_micros: int = 0
    is_closed: bool = False
    """The month is over on the ledger: the statement never changes."""
    first_seq: int = 0
    last_seq: int = 0
    movements: Counter[str] = field(default_factory=Counter)
    credits: list[Credit] = field(default_factory=list)
    credits_left: int = 0
    """How many more there are."""
    all_calls: CallSum = field(default_factory=CallSum)
    """Every charge, also those that were taken back."""
    taken_back: CallSum = field(default_factory=CallSum)
    """Those of them that a correction or a void of this month took back."""
    by_class: dict[str, CallSum] = field(default_factory=dict)
    by_user: dict[str, CallSum] = field(default_factory=dict)
    """By user; "" is nobody."""
    late: dict[str, CallSum] = field(default_factory=dict)
    """Of the calls those that began in an earlier month, by that month."""
    sources: Counter[str] = field(default_factory=Counter)
    """What paid the charges, in micros, by source of a draw; lots in grace are `grace`."""
    pools: Counter[str] = field(default_factory=Counter)
    """Seconds that pools paid, less what came back, by pool."""
    fees: Counter[str] = field(default_factory=Counter)
    """Of the calls that stand: micros by kind of line, without usage."""
    forfeited_micros: int = 0
    faults: list[str] = field(default_factory=list)
    """Where the ledger does not add up; empty: it does."""

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        period = self.period
        return {
            "tenant_id": self.tenant_id,
            "month": period.month,
            "time_zone": period.time_zone,
            "from_ms": period.from_ms,
            "until_ms": period.until_ms,
            "closed": self.is_closed,
            "currency": self.currency,
            "first_seq": self.first_seq,
            "last_seq": self.last_seq,
            "opening_micros": self.opening_micros,
            "movements": [
                {"movement": name, "amount_micros": self.movements[name]} for name in MOVEMENTS
            ],
            "closing_micros": self.closing_micros,
            "credits": [
                {"at_ms": each.at_ms, "movement": each.movement, "what": each.what, "amount_micros": each.amount_micros}
                for each in self.credits
            ],
            "credits_left": self.credits_left,
            "calls": self.all_calls.fields(),
            "taken_back": self.taken_back.fields(),
            "by_class": [{"class": k} | v.fields() for k, v in sorted(self.by_class.items())],
            "by_user": [
                {"user_id": k or None} | v.fields() for k, v in sorted(self.by_user.items())
            ],
            "late": [{"month": k} | v.fields() for k, v in sorted(self.late.items())],
            "sources": [
                {"source": k, "amount_micros": v} for k, v in sorted(self.sources.items()) if v
            ],
            "pools": [{"pool": k, "used_s": v} for k, v in sorted(self.pools.items()) if v],
            "fees": [{"kind": k, "amount_micros": v} for k, v in sorted(self.fees.items())],
            "forfeited_micros": self.forfeited_micros,
            "faults": self.faults,
        }  # fmt: skip
