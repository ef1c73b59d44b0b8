"""Moments: RFC 3339 text, as people write it, to milliseconds since 1970 UTC."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from rater.core.times import is_plausible, to_millis

NO_MOMENT: Final = (
    "is not a time with its offset, in the years 2000 to 2100, like 2024-01-31T23:00:00Z"
)
"""What is said of a text that `read_moment` does not take, behind field and value."""
_Moment = Annotated[datetime, Meta(tz=True)]


def read_instant(at: object) -> int | None:
    """Return an instant in milliseconds, of RFC 3339 text or of an aware datetime; None where it is neither."""
    if isinstance(at, str):
        return read_moment(at)
    if not isinstance(at, datetime):
        return None
    try:
        at_ms = None if at.utcoffset() is None else to_millis(at)
    except OverflowError:
        return None
    return at_ms if at_ms is not None and is_plausible(at_ms) else None


def read_moment(text: str) -> int | None:
    """Return an instant in milliseconds; None where the text is none.

    It must have an offset and lie in the years 2000 to 2100.

    >>> read_moment("2024-01-31T23:00:00+01:00"), read_moment("2024-01-31T23:00:00")
    (1706738400000, None)
    """
    try:
        at_ms = to_millis(msgspec.convert(text, _Moment))
    except (msgspec.ValidationError, OverflowError, UnicodeEncodeError):
        return None
    return at_ms if is_plausible(at_ms) else None
