"""Month span: the month of an instant, in a time zone or by an account's clocks, and a time in which it is that."""

from rater.core.account.calendar import civil_from_days, days_from_civil, month_of, next_month_ms
from rater.core.account.zone_change import ZoneChange, change_at, next_change_ms
from rater.core.limits import DAY_MS
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.zones import Zone

MonthSpan = tuple[str, int, int]
"""A month as 2026-12, from when on it is that one, and until when."""


def month_span(zone: Zone, at_ms: int) -> MonthSpan:
    """Return the month of an instant, and a time around it in which no clock is changed.

    A month may have two such times: where clocks are changed in it, or back over its very end.
    """
    offset_ms, even_from_ms, even_until_ms = zone.even_time(at_ms)
    local_ms = at_ms + offset_ms
    year, month, _ = civil_from_days(local_ms // DAY_MS)
    begins_ms = days_from_civil(year, month, 1) * DAY_MS - offset_ms
    ends_ms = next_month_ms(local_ms) - offset_ms
    return month_of(local_ms), max(begins_ms, even_from_ms), min(ends_ms, even_until_ms)


def month_span_of(
    time_zone: str, changes: list[ZoneChange], plans: PlanBook, at_ms: int
) -> MonthSpan:
    """Return the same by the clocks of an account of a time zone, with the changes of it (`zone_change`)."""
    if not changes:
        return month_span(plans.zone(time_zone), at_ms)
    change = change_at(changes, at_ms)
    zone = plans.zone(time_zone if change is None else change.time_zone)
    month, begins_ms, ends_ms = month_span(zone, at_ms)
    if change is not None:
        month, begins_ms = max(month, change.month), max(begins_ms, change.from_ms)
    return month, begins_ms, min(ends_ms, next_change_ms(changes, at_ms))
