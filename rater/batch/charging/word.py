"""Word: whether an operator's word is enough to charge a call of which charging remembers nothing (A105).

A call waits for a word where charging could not know, when it came, whether it had been charged: it had ended before
the window, or ends in the future. Nothing is charged twice:

Rule 1: a call that ends in the future waits until its end has come: its times are those of a clock that was wrong.
Rule 2: of a call within the window the charge index is asked, which knows all that was charged; and likewise of any.
Rule 3: beyond the window the ledger is asked, by whoever sends the word: nothing on it is of the call, up to a time
        that the word names. What has been charged since is remembered, where that time is late enough: a release, or a
        head, for a window from then on; any other charge came while the call was in the window, or not at all.
"""

from typing import NamedTuple

from rater.batch.charging.heads import is_corrective
from rater.batch.charging.originals import Originals
from rater.core.account.freecall import Waiting
from rater.core.account.mending import is_by_word
from rater.core.cdr import Cdr
from rater.core.limits import DAY_MS
from rater.core.suspension import Suspension
from rater.core.times import to_text
from topics.records.recycling import ReleaseCall


class Window(NamedTuple):
    """What charging remembers, when a word comes."""

    oldest_ms: int
    """Calls that ended then or later are known, if they were charged."""
    stream_ms: int
    days: int
    """How long it is at the most."""


def why_not(
    order: ReleaseCall, waits: Waiting, at_ms: int, window: Window, originals: Originals
) -> Suspension | None:
    """Say why a call that waits for a word is not charged by this order; None: it may be, or waits for no word."""
    row, cdr = waits
    if not is_by_word(row.reason):
        return None
    earliest_ms = seen_from(cdr, window)
    if order.seen_ms is None:
        detail = "an operator has to say so, and to have the ledger asked first"
    elif cdr.ended_ms > at_ms + DAY_MS:
        detail = f"ended_at: {to_text(cdr.ended_ms)}, is in the future still"
    elif originals.is_known(cdr, window.oldest_ms):
        detail = (
            "it is remembered: it was charged, or a copy of it waits or was dropped; drop this one"
        )
    elif not _is_within(cdr, window) and order.seen_ms < earliest_ms:
        detail = (
            f"the ledger must be read up to {to_text(earliest_ms)} or later, and was up to {to_text(order.seen_ms)}: "
            "ask again, or on another day"
        )
    elif order.seen_ms > window.stream_ms + DAY_MS:
        detail = f"the ledger was read up to {to_text(order.seen_ms)}, which is in the future"
    else:
        return None
    return Suspension(row.reason, f"cdr_id: {cdr.cdr_id}, version {cdr.version}; {detail}")


def seen_from(cdr: Cdr, window: Window) -> int:
    """Return up to when the ledger must have been read at the least, for what is charged since to be remembered.

    A day is for clocks that differ.
    """
    return max(window.oldest_ms + DAY_MS, cdr.ended_ms + (window.days + 2) * DAY_MS)


def _is_within(cdr: Cdr, window: Window) -> bool:
    """Say whether all that may have been charged of a CDR is remembered; that of an earlier version, too."""
    first_ms = cdr.started_ms if is_corrective(cdr) else cdr.ended_ms
    return first_ms >= window.oldest_ms
