"""Instants: times of calls, as they are written in CDRs (RFC 3339) and in the tables of other systems."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from loadtest.replay.faults import ReplayError, shown

WEEK_MS = 7 * 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)

Reader = Callable[[str], int]
"""From what is written to milliseconds since 1970 UTC; ValueError where it is none."""


def read_ms(text: str) -> int:
    """Return an instant with an offset, in milliseconds since 1970 UTC; ValueError where it is none."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no offset from UTC")
    return (at - _EPOCH) // _MS


def write(at_ms: int) -> str:
    """Return an instant as CDRs have it, in UTC, to the millisecond only where there are some."""
    at = _EPOCH + timedelta(milliseconds=at_ms)
    text = at.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{at_ms % 1_000:03}Z" if at_ms % 1_000 else f"{text}Z"


@lru_cache
def reader(form: str, zone: str) -> Reader:
    """Return what reads instants of a form: `rfc3339`, `epoch_s`, `epoch_ms`, or a pattern of strptime.

    Where they have no offset they are those of clocks in a time zone. ReplayError: no such zone.
    """
    try:
        clocks = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        wrong = f"zone must be a time zone such as Europe/Paris, found {shown(zone)}"
        raise ReplayError(wrong) from None
    if form == "epoch_ms":
        return int
    if form == "epoch_s":
        return lambda text: round(float(text) * 1_000)

    def read(text: str) -> int:
        is_named = form == "rfc3339"
        at = datetime.fromisoformat(text) if is_named else datetime.strptime(text, form)  # noqa: DTZ007
        return ((at if at.tzinfo else at.replace(tzinfo=clocks)) - _EPOCH) // _MS

    return read
