"""Standing: which version of a CDR is charged after some entries of it, as a correction finds it."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from topics.records import Charge, ChargeReversed


class Standing(NamedTuple):
    """What stands of one CDR: its charge, None where it has none."""

    charge: Charge | None = None
    voided: str | None = None
    """Where a void stands: the charge that it took back, or its own entry where it found none."""
    version: int = 0
    """The highest that was taken."""


NOTHING = Standing()


def standing_after(entries: Iterable[Any]) -> Standing:
    """Return what stands after the entries of one CDR, in their order; others among them say nothing."""
    now = NOTHING
    for entry in entries:
        if isinstance(entry, Charge):
            if entry.reason == "voided":
                now = Standing(None, entry.entry_id, entry.version)
            else:
                now = Standing(entry, None, entry.version)
        elif isinstance(entry, ChargeReversed) and entry.by == "void":
            now = Standing(None, entry.reverses, entry.by_version)
    return now
