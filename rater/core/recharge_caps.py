"""Sizes and caps: how much a recharge is, and what stands against one more. All integers."""

from typing import Final

import msgspec

from rater.core.limits import AMOUNT_MICROS_MAX
from rater.core.recharge_state import (
    COUNT_CAP,
    COUNT_WINDOW_MS,
    MONEY_CAP_TIMES,
    MONEY_WINDOW_MS,
    AutoRecharge,
    Recharge,
    Started,
)

UNIT: Final = 1_000_000
"""Micros of one unit: a payment is of whole units, which every currency can represent."""


class Cap(msgspec.Struct, frozen=True):
    """A cap that one more recharge would pass, and when it would no longer."""

    cap: str
    limit: int
    until_ms: int


def is_low(recharge: Recharge) -> bool:
    """Tell whether the balance, or the hours that it lasts, is below the trigger; strictly."""
    settings, runway = recharge.settings, recharge.runway_h
    if settings.trigger_micros is not None and recharge.balance < settings.trigger_micros:
        return True
    by_hours = settings.trigger_h is not None and runway is not None and runway < settings.trigger_h
    return by_hours and size(recharge) > 0


def size(recharge: Recharge) -> int:
    """Return the amount of a recharge now: fixed, up to the target, or so many amounts as close the gap.

    Up to a target it is rounded up to whole units; 0 where the balance is not below the target.
    """
    settings = recharge.settings
    amount = settings.amount_micros or 0
    if settings.mode == "target":
        gap = (settings.target_micros or 0) - recharge.balance
        return min(-(-max(gap, 0) // UNIT) * UNIT, AMOUNT_MICROS_MAX)
    if settings.mode == "gap" and settings.trigger_micros is not None and amount:
        gap = settings.trigger_micros - recharge.balance
        return min(max(-(-gap // amount), 1) * amount, AMOUNT_MICROS_MAX)
    return amount


def money_cap(settings: AutoRecharge) -> int:
    """Return the cap on money in 30 days."""
    if settings.money_cap_micros is not None:
        return settings.money_cap_micros
    each = settings.target_micros if settings.mode == "target" else settings.amount_micros
    return min(MONEY_CAP_TIMES * (each or 0), AMOUNT_MICROS_MAX)


def find_cap(recharge: Recharge) -> Cap | None:
    """Return the cap that a recharge begun now would pass; None where none would."""
    now, settings = recharge.now_ms, recharge.settings
    paid = [started for started in recharge.started if started.captures]
    count = settings.count_cap or COUNT_CAP
    recent = [started for started in paid if started.started_ms > now - COUNT_WINDOW_MS]
    if len(recent) >= count:
        return Cap("count", count, recent[-count].started_ms + COUNT_WINDOW_MS)
    limit = money_cap(settings)
    amount = size(recharge)
    within = [started for started in paid if started.started_ms > now - MONEY_WINDOW_MS]
    if sum(map(_captured, within)) + amount > limit:
        return Cap("money", limit, _money_until(within, limit - amount, now))
    return None


def _captured(started: Started) -> int:
    return started.amount_micros * len(started.captures)


def _money_until(within: list[Started], room: int, now: int) -> int:
    """Return when what was captured fits into `room`; where nothing ever fits, look again in 30 days."""
    left = sum(map(_captured, within))
    for started in within:
        left -= _captured(started)
        if left <= room:
            return started.started_ms + MONEY_WINDOW_MS
    return now + MONEY_WINDOW_MS
