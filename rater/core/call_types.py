"""Call types: what a platform says a call is (`user_out`, `conf_out`, ...): an open list.

Rule 1: a type is one in any letter case: `CONF_OUT` is `conf_out`, to chains and allowances of plans, to classes of
        calls, and to whose call it is. It is told on as it was written, and so it is part of what a CDR is compared by.
Rule 2: that of a conference begins with `conf`.
Rule 3: a call of a conference is its organizer's, whoever dialled; any other is its user's, also where the platform
        names the organizer of a meeting that it was made from. Where one of the two alone is named it is theirs.
"""

from typing import Final

_CONFERENCE: Final = "conf"
_LETTERS: Final = len(_CONFERENCE)


def plain_type(call_type: str) -> str:
    """Return a call type as types are compared."""
    return call_type.lower()


def is_conference(call_type: str | None) -> bool:
    """Tell whether a call is one of a conference; one that names no type is none."""
    return call_type is not None and call_type[:_LETTERS].lower() == _CONFERENCE


def consumer_of(call_type: str | None, user_id: str | None, organizer_id: str | None) -> str | None:
    """Return whose call it is; None: nobody is named."""
    if organizer_id is None:
        return user_id
    return organizer_id if user_id is None or is_conference(call_type) else user_id
