"""Call types: what a platform says a call is (`user_out`, `conf_out`, ...): an open list.

Rule 1: a type is one in any letter case: `CONF_OUT` is `conf_out`, to chains and allowances of plans, to classes of
        calls, and to whose call it is. It is told on as it was written, and so it is part of what a CDR is compared by.
Rule 2: that of a conference begins with `conf`.
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
