"""Month: by the account's own clocks.

Pools, what users have spent and what is owed are of months, and a call belongs to the one in which it starts.
"""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.calendar import month_of, next_month_ms
from rater.core.limits import DAY_MS
from rater.core.pricing.rules import Rules
from rater.core.pricing.zones import Zone

_MONTH_MS_MAX: Final = 33 * DAY_MS
"""Longer than any month, whatever clocks do."""


def zone_of(account: Account, rules: Rules) -> Zone:
    """Return the account's time zone."""
    return rules.plans.zone(account.time_zone)


def month_in(zone: Zone, at_ms: int) -> str:
    """Return the month in which an instant lies in a zone, as 2026-12."""
    return month_of(zone.local_time(at_ms)[0])


def month_at(account: Account, rules: Rules, at_ms: int) -> str:
    """Return the month in which an instant lies in the account's time zone."""
    return month_in(zone_of(account, rules), at_ms)


def month_end_ms(account: Account, rules: Rules, at_ms: int) -> int:
    """Return when the month of an instant is over in the account's time zone."""
    return month_end_in(zone_of(account, rules), at_ms)


def month_end_in(zone: Zone, at_ms: int) -> int:
    """Return the first instant of the month after that of an instant, in a zone."""
    local_ms = zone.local_time(at_ms)[0]
    month, left_ms = month_of(local_ms), next_month_ms(local_ms) - local_ms
    # Clocks may be changed before the end: they are asked again there.
    end_ms = at_ms + left_ms + next_month_ms(local_ms) - zone.local_time(at_ms + left_ms)[0]
    if month_in(zone, end_ms - 1) == month != month_in(zone, end_ms):
        return end_ms
    return _searched(zone, month, at_ms)


def _searched(zone: Zone, month: str, at_ms: int) -> int:
    """Return an end of a month by search: where clocks are changed at the very midnight."""
    low, high = at_ms, at_ms + _MONTH_MS_MAX
    while high - low > 1:
        middle = (low + high) // 2
        if month_in(zone, middle) == month:
            low = middle
        else:
            high = middle
    return high
