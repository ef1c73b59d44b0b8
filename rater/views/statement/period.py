"""Period: a month by an account's clocks, and where it begins and ends on a ledger.

Rule 1: a statement begins with the first entry whose time is of the month or later, and ends before the first whose
        time is after the month. So statements follow each other without a gap, and each entry is on one of them.
Rule 2: once an entry of after the month is there, nothing that comes belongs to the statement: it never changes (R28).
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from rater.core.account.calendar import days_from_civil
from rater.core.account.month_span import month_span_of
from rater.core.account.zone_change import ZoneChange, time_zone_at
from rater.core.limits import DAY_MS
from rater.core.pricing.plans.book import PlanBook
from rater.wire.pricing.zones import zone_of

_AROUND_MS: Final = 3 * DAY_MS
"""No month of any clocks begins so far from that of UTC."""
_CLOCKS: Final = PlanBook((), zone_of)


@dataclass(frozen=True, slots=True)
class Clocks:
    """By which an account's months begin: a time zone, and the changes of it that are known."""

    time_zone: str
    changes: list[ZoneChange] = field(default_factory=list)

    def month_of(self, at_ms: int) -> str:
        """Return the month of an instant, as 2026-12."""
        return month_span_of(self.time_zone, self.changes, _CLOCKS, at_ms)[0]

    def begins_ms(self, month: str) -> int:
        """Return the first instant of a month."""
        year, number = (int(part) for part in month.split("-"))
        utc_ms = days_from_civil(year, number, 1) * DAY_MS
        before, after = utc_ms - _AROUND_MS, utc_ms + _AROUND_MS
        while after - before > 1:
            middle = (before + after) // 2
            if self.month_of(middle) < month:
                before = middle
            else:
                after = middle
        return after

    def local_ms(self, at_ms: int) -> int:
        """Return an instant as these clocks show it, ms since 1970."""
        zone = _CLOCKS.zone(time_zone_at(self.time_zone, self.changes, at_ms))
        return zone.local_time(at_ms)[0]


UTC: Final = Clocks("UTC")


@dataclass(frozen=True, slots=True)
class Period:
    """A month of an account."""

    month: str
    clocks: Clocks
    from_ms: int
    until_ms: int

    @property
    def time_zone(self) -> str:
        """Return the time zone at its beginning."""
        return time_zone_at(self.clocks.time_zone, self.clocks.changes, self.from_ms)


def period_of(month: str, clocks: Clocks) -> Period:
    """Return a month, given as 2026-12."""
    return Period(month, clocks, clocks.begins_ms(month), clocks.begins_ms(next_month(month)))


def next_month(month: str) -> str:
    """Return the month after one.

    >>> next_month("2026-12"), next_month("2026-01")
    ('2027-01', '2026-02')
    """
    year, number = (int(part) for part in month.split("-"))
    return f"{year + number // 12:04}-{number % 12 + 1:02}"


class Place(Enum):
    """Where an entry lies."""

    BEFORE = "before"
    WITHIN = "within"
    AFTER = "after"


class Cut:
    """Says of the entries of a ledger, in order, where they lie."""

    def __init__(self, period: Period) -> None:
        """Begin anywhere before the period's first entry."""
        self._period = period
        self._latest_ms = 0

    def place(self, at_ms: int) -> Place:
        """Return where the next entry lies."""
        self._latest_ms = max(self._latest_ms, at_ms)
        if self._latest_ms < self._period.from_ms:
            return Place.BEFORE
        return Place.WITHIN if self._latest_ms < self._period.until_ms else Place.AFTER
