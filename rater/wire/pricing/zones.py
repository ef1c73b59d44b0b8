"""Zones: IANA names to `Zone`, from the system's or the package's time zone data.

The changes of 2000 to 2100 are found by asking for the offset day by day and, where it differs,
halving. A change that is undone within the same day is not seen; no zone has made one since 2000.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from rater.core.pricing.zones import Zone
from rater.core.times import EARLIEST_MS
from topics.fields import LATEST_MS

_DAY_S = 86_400


@lru_cache(maxsize=512)
def zone_of(name: str) -> Zone | None:
    """Return a time zone by its name; None where there is none of that name."""
    try:
        info = ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # ZoneInfoNotFoundError is a KeyError.
        return None
    changes: list[int] = []
    last = EARLIEST_MS // 1_000
    offsets = [_offset_s(info, last)]
    for day in range(last + _DAY_S, LATEST_MS // 1_000, _DAY_S):
        offset = _offset_s(info, day)
        if offset != offsets[-1]:
            changes.append(_change_s(info, day - _DAY_S, day) * 1_000)
            offsets.append(offset)
    return Zone(name, tuple(changes), tuple(offsets))


def _offset_s(info: ZoneInfo, at_s: int) -> int:
    ahead = datetime.fromtimestamp(at_s, UTC).astimezone(info).utcoffset() or timedelta()
    return ahead.days * _DAY_S + ahead.seconds


def _change_s(info: ZoneInfo, before: int, after: int) -> int:
    """Return the first second with the later offset; `before` still has the earlier one."""
    later = _offset_s(info, after)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset_s(info, middle) == later:
            after = middle
        else:
            before = middle
    return after
