"""Burn: what an account spends an hour, exponentially weighted over event time; runway: how long its balance lasts.

Rule 1: time passes in whole minutes since 1970, by entries alone; an entry that goes back in time lets none pass.
Rule 2: after six hours a charge weighs half, and so does a minute without one. `burn` is the sum of all charges, each
        times 4096 * 2**(minute / 360) as it was, to be divided by that factor as it is now. With every six hours the
        factor begins anew and the sum is halved, downwards. So one jump of n minutes is exactly n jumps of one.
Rule 3: the rate is what is left of all charges, by the weight of the time since the first of them, of an hour at least.
Rule 4: the runway is the balance by that rate in whole hours, downwards; 0 without a balance, None without a rate, and
        None while the account pays later.
"""

from typing import Final

from rater.core.account.account import Account, Spending, has_credits, pays_later
from rater.core.limits import HOUR_MS, MINUTE_MS, RUNWAY_H_MAX

HALF_LIFE: Final = 360
"""Minutes."""

_ROOT: Final = 18_482_295_812_556_925_548
"""The 360th root of 2, in 2**64ths."""
_FULL_MS: Final = 31_192_222
"""The weight of all time: 60,000 / (1 - 2**(-1/360))."""
_BURN_MAX: Final = 2**63 - 1
"""More than any account can spend, and what a changelog record takes."""


def _factors() -> tuple[int, ...]:
    """Return 4096 * 2**(n / 360) for n from 0 to 359, rounded."""
    factors: list[int] = []
    power = 1 << 64
    for _ in range(HALF_LIFE):
        factors.append((power * 4096 + (1 << 63)) >> 64)
        power = power * _ROOT >> 64
    return tuple(factors)


FACTORS: Final = _factors()


def let_pass(spending: Spending, at_ms: int) -> None:
    """Let time pass to an entry."""
    minute = at_ms // MINUTE_MS
    if minute > spending.burn_to:
        halvings = minute // HALF_LIFE - spending.burn_to // HALF_LIFE
        if halvings and spending.burn:
            spending.burn >>= min(halvings, 64)
        spending.burn_to = minute


def now_ms_of(spending: Spending, at_ms: int) -> int:
    """Return an instant, or the minute that entries have come to, where that is later."""
    return max(at_ms, spending.burn_to * MINUTE_MS)


def spend(spending: Spending, micros: int) -> None:
    """Add a charge; the time has passed to it."""
    spending.burn += micros * FACTORS[spending.burn_to % HALF_LIFE]
    if spending.burn > _BURN_MAX:  # noqa: PLR1730  # Compiled, min() boxes them.
        spending.burn = _BURN_MAX
    if spending.burn_from < 0:
        spending.burn_from = spending.burn_to


def rate_per_hour(spending: Spending) -> int:
    """Return the micros an hour that the account spends, as of its last entry."""
    if not spending.burn:
        return 0
    minutes = spending.burn_to - spending.burn_from
    left = (_FULL_MS * 4096 // FACTORS[minutes % HALF_LIFE]) >> min(minutes // HALF_LIFE, 64)
    decayed = spending.burn // FACTORS[spending.burn_to % HALF_LIFE]
    return decayed * HOUR_MS // max(_FULL_MS - left, HOUR_MS)


def hours_remaining(account: Account) -> int | None:
    """Return the whole hours that the balance lasts; None: nothing is spent, it pays later, or has no credits."""
    if pays_later(account):
        return None
    if account.balance <= 0:
        return 0 if has_credits(account) else None
    rate = rate_per_hour(account.spending)
    return min(account.balance // rate, RUNWAY_H_MAX) if rate else None
