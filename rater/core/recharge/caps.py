"""Sizes and caps: how much a recharge is, and what stands against one more. All integers."""

import msgspec

from rater.core.limits import AMOUNT_MICROS_MAX, UNIT_MICROS
from rater.core.recharge.state import (
    COUNT_CAP,
    COUNT_WINDOW_MS,
    MONEY_CAP_TIMES,
    MONEY_WINDOW_MS,
    AutoRecharge,
    Recharge,
    Started,
)
from topics.records.notifications import CapKind


class Cap(msgspec.Struct, frozen=True):
    """A cap that one more recharge would pass, and when it would no longer."""

    cap: CapKind
    limit: int
    until_ms: int


def is_low(recharge: Recharge) -> bool:
    """Tell whether the balance, or the hours that it lasts, is below the trigger; strictly."""
    settings, runway = recharge.settings, recharge.hours_remaining
    if settings.trigger_micros is not None and recharge.balance < settings.trigger_micros:
        return True
    by_hours = settings.trigger_h is not None and runway is not None and runway < settings.trigger_h
    return by_hours and size(recharge) > 0


def size(recharge: Recharge) -> int:
    """Return the amount of a recharge now: what is wanted, or as much of it as the money cap has room for.

    In mode gap that is of whole amounts. Where there is no room for the least that makes sense, it is what is wanted.
    """
    wanted = _wanted(recharge)
    room = _room(recharge)
    if room >= wanted or room < _least(recharge, wanted):
        return wanted
    step = (
        UNIT_MICROS
        if recharge.settings.mode == "target"
        else recharge.settings.amount_micros or UNIT_MICROS
    )
    return room // step * step


def _wanted(recharge: Recharge) -> int:
    """Return the amount without regard to caps: fixed, up to the target, or so many amounts as close the gap.

    Up to a target it is rounded up to whole units; 0 where the balance is not below the target.
    """
    settings = recharge.settings
    amount = settings.amount_micros or 0
    if settings.mode == "target":
        gap = (settings.target_micros or 0) - recharge.balance
        return min(-(-max(gap, 0) // UNIT_MICROS) * UNIT_MICROS, AMOUNT_MICROS_MAX)
    if settings.mode == "gap" and settings.trigger_micros is not None and amount:
        gap = settings.trigger_micros - recharge.balance
        return min(max(-(-gap // amount), 1) * amount, AMOUNT_MICROS_MAX)
    return amount


def _least(recharge: Recharge, wanted: int) -> int:
    """Return the least recharge that makes sense: one amount; up to a target, the way to it from the trigger.

    The money cap is never below it: settings that say otherwise are refused.
    """
    settings = recharge.settings
    if settings.mode != "target":
        return settings.amount_micros or 0
    return min(wanted, (settings.target_micros or 0) - (settings.trigger_micros or 0))


def _room(recharge: Recharge) -> int:
    """Return what the money cap has room for now."""
    since_ms = recharge.now_ms - MONEY_WINDOW_MS
    paid = [_captured(each) for each in recharge.started if each.started_ms > since_ms]
    return money_cap(recharge.settings) - sum(paid)


def money_cap(settings: AutoRecharge) -> int:
    """Return the cap on money in 30 days."""
    if settings.money_cap_micros is not None:
        return settings.money_cap_micros
    each = settings.target_micros if settings.mode == "target" else settings.amount_micros
    return min(MONEY_CAP_TIMES * (each or 0), AMOUNT_MICROS_MAX)


def find_cap(recharge: Recharge) -> Cap | None:
    """Return the cap that a recharge begun now would pass; None where none would.

    Of two it is the one that stands longer: from then on nothing is against a recharge, while nothing else is captured.
    """
    count = _count_cap(recharge)
    money = _money_cap(recharge)
    if count is None or money is None:
        return count or money
    return count if count.until_ms > money.until_ms else money


def _count_cap(recharge: Recharge) -> Cap | None:
    since_ms = recharge.now_ms - COUNT_WINDOW_MS
    most = recharge.settings.count_cap or COUNT_CAP
    recent = [each for each in recharge.started if each.captures and each.started_ms > since_ms]
    if len(recent) < most:
        return None
    return Cap("count", most, recent[-most].started_ms + COUNT_WINDOW_MS)


def _money_cap(recharge: Recharge) -> Cap | None:
    limit = money_cap(recharge.settings)
    least = _least(recharge, _wanted(recharge))
    if _room(recharge) >= least:
        return None
    since_ms = recharge.now_ms - MONEY_WINDOW_MS
    within = [each for each in recharge.started if each.captures and each.started_ms > since_ms]
    return Cap("money", limit, _money_until(within, limit - least, recharge.now_ms))


def _captured(started: Started) -> int:
    return started.amount_micros * len(started.captures)


def _money_until(within: list[Started], room: int, now: int) -> int:
    """Return when what was captured fits into `room`; settings in which nothing ever does are refused."""
    left = sum(map(_captured, within))
    for started in within:
        left -= _captured(started)
        if left <= room:
            return started.started_ms + MONEY_WINDOW_MS
    return now + MONEY_WINDOW_MS
