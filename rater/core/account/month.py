"""Month: by the account's own clocks, which may be those of another time zone from a month on (`zone_change`).

Pools, what users have spent and what is owed are of months, and a call belongs to the one in which it starts.
"""

from typing import Final

from rater.core.account.account import Account
from rater.core.account.calendar import month_of, next_month_ms
from rater.core.account.contract import Contract
from rater.core.account.month_span import month_span_of
from rater.core.limits import DAY_MS, HOUR_MS, NEVER_MS
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.zones import Zone
from topics.records import AccountOpened, BalanceCarriedForward

_MONTH_MS_MAX: Final = 33 * DAY_MS
"""Longer than any month, whatever clocks do."""
_AHEAD_MS: Final = 15 * HOUR_MS
"""Longer than any clocks are ahead of those of UTC (14 hours)."""


def month_in(zone: Zone, at_ms: int) -> str:
    """Return the month in which an instant lies in a zone, as 2026-12."""
    return month_of(zone.local_time(at_ms)[0])


def month_at(account: Account, plans: PlanBook, at_ms: int) -> str:
    """Return the month in which an instant lies by the account's clocks."""
    contract = account.contract
    if contract is None:
        return month_in(plans.zone(account.time_zone), at_ms)
    # Where there are plans it is known with what the account is entitled to then, until its clocks change.
    if known := contract.at(at_ms, plans, account.time_zone).month:
        return known
    if not contract.zone_changes:
        return month_in(plans.zone(account.time_zone), at_ms)
    return month_span_of(account.time_zone, contract.zone_changes, plans, at_ms)[0]


def after_month(by_month: dict[str, int], month: str) -> int:
    """Return what there is of the month after another already: of calls of platforms whose clocks are ahead."""
    ahead = 0
    for each, amount in by_month.items():
        if each > month:
            ahead += amount
    return ahead


def month_end_ms(account: Account, plans: PlanBook, at_ms: int) -> int:
    """Return when the month of an instant is over by the account's clocks."""
    contract = account.contract
    if contract is None or not contract.zone_changes:
        return month_end_in(plans.zone(account.time_zone), at_ms)
    return _changed_month_end_ms(account.time_zone, contract, plans, at_ms)


def said_month_end(account: Account, plans: PlanBook, since_ms: int, at_ms: int) -> int | None:
    """Return what an entry of a time says of the end of the account's month, that of an instant; None: as in UTC."""
    ends_ms = month_end_ms(account, plans, since_ms)
    return None if ends_ms == next_month_ms(at_ms) else ends_ms


def next_carry_ms(entry: AccountOpened | BalanceCarriedForward) -> int:
    """Return when an account is carried forward next, by an entry that says when its month ends."""
    said = entry.month_ends_ms
    return next_month_ms(entry.at_ms) if said is None else said


def ended_month(account: Account, plans: PlanBook, due_ms: int) -> str | None:
    """Return the month that is over by the account's clocks where it is carried forward.

    None: it goes on, or the account was closed for all of it.

    Where months are those of UTC (an account of an earlier release), clocks that are ahead have ended theirs before.
    """
    before = month_at(account, plans, due_ms - _AHEAD_MS)
    if before == month_at(account, plans, due_ms):
        return None
    is_gone = account.closed_ms != NEVER_MS and month_at(account, plans, account.closed_ms) < before
    return None if is_gone else before


def _changed_month_end_ms(time_zone: str, contract: Contract, plans: PlanBook, at_ms: int) -> int:
    """Return it of an account whose time zone has changed, or will: the month may have several spans."""
    month, _, end_ms = month_span_of(time_zone, contract.zone_changes, plans, at_ms)
    while True:
        next_month, _, next_ms = month_span_of(time_zone, contract.zone_changes, plans, end_ms)
        if next_month != month:
            return end_ms
        end_ms = next_ms


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
