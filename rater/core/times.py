"""Times: RFC 3339 instants to milliseconds since 1970 UTC, and back to text."""

from datetime import UTC, datetime, timedelta
from typing import Final

from rater.core.limits import DAY_MS, SECOND_MS
from topics.fields import LATEST_MS

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST_MS: Final = 946_684_800_000
"""2000-01-01: earlier is a sentinel, not a time."""


def to_millis(at: datetime) -> int:
    """Return an aware instant in milliseconds, rounded: half a millisecond up."""
    since = at - _EPOCH
    return since.days * DAY_MS + since.seconds * SECOND_MS + (since.microseconds + 500) // 1_000


def from_millis(at_ms: int) -> datetime:
    """Return the instant in UTC."""
    return _EPOCH + timedelta(milliseconds=at_ms)


def to_text(at_ms: int) -> str:
    """Return an instant as RFC 3339 in UTC, with milliseconds only where there are some."""
    seconds, millis = divmod(at_ms, 1_000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{millis:03}Z" if millis else f"{text}Z"


def as_written(at: datetime) -> str:
    """Return an instant as RFC 3339 with the offset that it was written with; none is Z.

    >>> as_written(datetime(2026, 3, 1, 10, tzinfo=UTC))
    '2026-03-01T10:00:00Z'
    """
    text = at.isoformat()
    return f"{text[:-6]}Z" if text.endswith("+00:00") else text


def is_plausible(at_ms: int) -> bool:
    """Say whether an instant lies in the years that we take for a time."""
    return EARLIEST_MS <= at_ms < LATEST_MS
