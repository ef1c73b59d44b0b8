"""Calendar arithmetic on UTC milliseconds: proleptic Gregorian, integers only.

The day algorithms are Howard Hinnant's `days_from_civil` and `civil_from_days` (public domain).
"""

from typing import Final

from rater.core.limits import DAY_MS

_MONTHS: Final[dict[int, str]] = {}
"""The months of days asked for lately: a text is dearer to make than to find."""
_MONTHS_MAX: Final = 1_024
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def days_from_civil(year: int, month: int, day: int) -> int:
    """Return the number of days from 1970-01-01 to a date."""
    y = year - (month <= 2)
    era = y // 400
    yoe = y - era * 400
    doy = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    doe = yoe * 365 + yoe // 4 - yoe // 100 + doy
    return era * 146_097 + doe - 719_468


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Return year, month and day of a number of days since 1970-01-01."""
    z = days + 719_468
    era = z // 146_097
    doe = z - era * 146_097
    yoe = (doe - doe // 1_460 + doe // 36_524 - doe // 146_096) // 365
    doy = doe - (365 * yoe + yoe // 4 - yoe // 100)
    mp = (5 * doy + 2) // 153
    day = doy - (153 * mp + 2) // 5 + 1
    month = mp + (3 if mp < 10 else -9)
    return yoe + era * 400 + (month <= 2), month, day


def add_months(at_ms: int, months: int) -> int:
    """Return the instant so many calendar months later; a day that the month lacks becomes its last."""
    days, rest_ms = divmod(at_ms, DAY_MS)
    year, month, day = civil_from_days(days)
    years, month0 = divmod(month - 1 + months, 12)
    year += years
    last = _MONTH_DAYS[month0] + (month0 == 1 and _is_leap(year))
    return days_from_civil(year, month0 + 1, min(day, last)) * DAY_MS + rest_ms


def next_month_ms(at_ms: int) -> int:
    """Return the first instant of the month after that of an instant, UTC."""
    year, month, _ = civil_from_days(at_ms // DAY_MS)
    return days_from_civil(year + month // 12, month % 12 + 1, 1) * DAY_MS


def month_of(at_ms: int) -> str:
    """Return the month of an instant, UTC, as 2026-12."""
    days = at_ms // DAY_MS
    known = _MONTHS.get(days)
    if known is None:
        year, month, _ = civil_from_days(days)
        if len(_MONTHS) >= _MONTHS_MAX:
            _MONTHS.clear()
        known = _MONTHS[days] = f"{year:04}-{month:02}"
    return known


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
