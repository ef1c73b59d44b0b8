"""Hours of the week, in words: `mon-fri 20:00-24:00, sat-sun all day`."""

from collections.abc import Iterable

from rater.core.pricing.rates import DAY_S, Row
from rater.core.pricing.schedule import WEEK_S, Schedule, week_intervals
from rater.wire.pricing.deck_cells import DAY_NAMES

Interval = tuple[int, int]
"""Seconds since Monday 00:00: the first, and the one after the last."""


def hours_text(intervals: Iterable[Interval]) -> str:
    """Name the hours of some intervals of the week, day by day; days alike stand together."""
    days: dict[Interval, list[int]] = {}
    for start, end in intervals:
        for day in range(start // DAY_S, (end - 1) // DAY_S + 1):
            hours = max(start - day * DAY_S, 0), min(end - day * DAY_S, DAY_S)
            days.setdefault(hours, []).append(day)
    return ", ".join(_stretch(hours, those) for hours, those in sorted(days.items(), key=_by_day))


def hours_of(schedule: Schedule, number: int) -> Interval:
    """Return the interval of a stretch of a schedule."""
    starts_ms = (*schedule.starts_ms, WEEK_S * 1_000)
    return starts_ms[number] // 1_000, starts_ms[number + 1] // 1_000


def common_hours(first: Row, second: Row) -> list[Interval]:
    """Return the intervals in which both rows hold."""
    pairs = ((a, b) for a in week_intervals(first) for b in week_intervals(second))
    both = ((max(a[0], b[0]), min(a[1], b[1])) for a, b in pairs)
    return sorted((start, end) for start, end in both if start < end)


def _by_day(item: tuple[Interval, list[int]]) -> tuple[list[int], Interval]:
    return item[1], item[0]


def _stretch(hours: Interval, days: list[int]) -> str:
    named = "all day" if hours == (0, DAY_S) else f"{_time(hours[0])}-{_time(hours[1])}"
    if len(days) == len(DAY_NAMES):
        return f"every day {named}" if hours != (0, DAY_S) else "all week"
    return f"{_days(days)} {named}"


def _days(days: list[int]) -> str:
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return " ".join(
        DAY_NAMES[run[0]] + (f"-{DAY_NAMES[run[-1]]}" if len(run) > 1 else "") for run in runs
    )


def _time(second: int) -> str:
    text = f"{second // 3_600:02}:{second // 60 % 60:02}"
    return f"{text}:{second % 60:02}" if second % 60 else text
