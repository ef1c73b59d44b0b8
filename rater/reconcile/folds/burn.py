"""Burn and runway, worked out anew from the ledger.

A charge weighs half after six hours. `burn` is the sum of all charges, each times 4096 * 2**(minute / 360) at its time;
with every six hours since 1970 the factor begins anew and the sum is halved. Divided by the factor of now, and by the
weight of the time since the first charge (an hour at least), it is the rate; the balance by that is the runway.
"""

from decimal import Decimal, localcontext

from topics.fields import RUNWAY_H_MAX
from topics.records import Entry

_HALF_LIFE = 360
_HOUR_MS = 3_600_000
_MAX = 2**63 - 1


def _factors() -> list[int]:
    with localcontext() as context:
        context.prec = 50
        return [
            int((4096 * Decimal(2) ** (Decimal(n) / _HALF_LIFE)).to_integral_value())
            for n in range(_HALF_LIFE)
        ]


def _full_ms() -> int:
    with localcontext() as context:
        context.prec = 50
        return int(60_000 / (1 - Decimal(2) ** (Decimal(-1) / _HALF_LIFE)))


_FACTORS = _factors()
_FULL_MS = _full_ms()


class Burn:
    """What one tenant spends, decayed; minutes since 1970."""

    def __init__(self) -> None:
        """Begin with nothing spent."""
        self.burn = 0
        self.first = -1
        self.now = 0

    def take(self, entry: Entry) -> None:
        """Let time pass to an entry, and add what it charges, unless it corrects or had waited.

        What is waived is not spent at all.
        """
        self.pass_time(entry.at_ms)
        waived = any(draw.source == "waived" for draw in getattr(entry, "draws", ()))
        is_late = getattr(entry, "reverses", None) or getattr(entry, "waited", None)
        if not is_late and not waived:
            self.spend(getattr(entry, "charge_micros", 0))

    def pass_time(self, at_ms: int) -> None:
        """Let time pass to an instant; backwards none passes."""
        minute = max(self.now, at_ms // 60_000)
        self.burn >>= minute // _HALF_LIFE - self.now // _HALF_LIFE
        self.now = minute

    def spend(self, micros: int) -> None:
        """Add a charge."""
        if micros:
            self.burn = min(self.burn + micros * _FACTORS[self.now % _HALF_LIFE], _MAX)
            self.first = self.now if self.first < 0 else self.first

    def hours_remaining(self, balance: int) -> int | None:
        """Return the hours that a balance lasts, None where nothing is spent."""
        if balance <= 0:
            return 0
        age = self.now - self.first
        left = (_FULL_MS * 4096 // _FACTORS[age % _HALF_LIFE]) >> (age // _HALF_LIFE)
        spent = self.burn // _FACTORS[self.now % _HALF_LIFE]
        rate = spent * _HOUR_MS // max(_HOUR_MS, _FULL_MS - left)
        return min(balance // rate, RUNWAY_H_MAX) if rate else None
