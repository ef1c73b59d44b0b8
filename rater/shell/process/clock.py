"""The clock: the only one of the house.

`RATER_CLOCK_AHEAD_S=3700` sets it forward, so that a rehearsal need not wait an hour for a retry that is due in one.
"""

import logging
import os
import time

from topics.numerals import whole_number

log = logging.getLogger(__name__)

VARIABLE = "RATER_CLOCK_AHEAD_S"
"""For rehearsals: seconds by which the timer's clock is set forward; unset in production."""
try:
    _AHEAD_MS = whole_number(os.environ.get(VARIABLE) or "0") * 1_000
except ValueError as error:
    # A service that cannot be loaded says so in a line.
    raise ImportError(f"{VARIABLE}: {error}") from error


def now_ms() -> int:
    """Return the wall clock, milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000 + _AHEAD_MS


def warn_if_ahead() -> None:
    """Say that the clock is set forward: that is for rehearsals, never for money that counts."""
    if _AHEAD_MS:
        log.warning(
            "the clock is set forward by %(ahead_s)d s (%(variable)s)",
            {"ahead_s": _AHEAD_MS // 1_000, "variable": VARIABLE},
        )
