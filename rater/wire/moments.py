"""Moments: RFC 3339 text, as people write it, to milliseconds since 1970 UTC."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from rater.core.times import is_plausible, to_millis

_Moment = Annotated[datetime, Meta(tz=True)]


def read_moment(text: str) -> int | None:
    """Return an instant in milliseconds; None where the text is none.

    It must have an offset and lie in the years 2000 to 2100.


    >>> read_moment("2024-01-31T23:00:00+01:00"), read_moment("2024-01-31T23:00:00")
    (1706738400000, None)
    """
    try:
        at_ms = to_millis(msgspec.convert(text, _Moment))
    except (msgspec.ValidationError, OverflowError):
        return None
    return at_ms if is_plausible(at_ms) else None
