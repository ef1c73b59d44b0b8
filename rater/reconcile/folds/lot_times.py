"""Lot times: when a lot is warned of, and when it expires; when the next month begins."""

from datetime import UTC, datetime, timedelta

WARNED_MS = tuple(days * 86_400_000 for days in (30, 7, 1))
"""How long before its expiry the world is warned of a lot."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def next_look(expires_ms: int, now_ms: int) -> int:
    """Return the first warning of a lot after an instant, or its expiry."""
    looks = [expires_ms - before for before in WARNED_MS]
    return min((look for look in looks if look > now_ms), default=expires_ms)


def a_year_after(at_ms: int) -> int:
    """Return the same moment 12 calendar months later; 29 February becomes the 28th (UTC)."""
    at = _EPOCH + timedelta(milliseconds=at_ms)
    try:
        later = at.replace(year=at.year + 1)
    except ValueError:
        later = at.replace(year=at.year + 1, day=28)
    return (later - _EPOCH) // timedelta(milliseconds=1)


def month_after(at_ms: int) -> int:
    """Return the first instant of the next month (UTC)."""
    at = _EPOCH + timedelta(milliseconds=at_ms)
    first = datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=UTC)
    return (first - _EPOCH) // timedelta(milliseconds=1)
