"""Outcome: what a replay has sent, how fast, and how late; of several processes, in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loadtest.replay.lateness import Lateness, merged, percentiles_ms

LATE_P99_MS = 100.0
"""A replay later than this has not kept its schedule."""
INTERRUPT = "interrupt"
SHOWN = (50.0, 90.0, 99.0, 99.9)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one process; seconds are those of the monotonic clock, which all processes of a machine share."""

    records: int
    payload_bytes: int
    last_record: int
    """The number of the last one that was sent; a replay that goes on begins behind it."""
    began_s: float
    ended_s: float
    is_interrupted: bool
    lateness: Lateness
    """From when each was due until all replicas had acknowledged it; none where nothing was due."""
    left_out: int = 0
    """Records that were read and not meant; each process reads all of them."""
    lap: int = 1
    """The one that it was in at the end."""


def report(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what came of all processes together."""
    seconds = max(each.ended_s for each in outcomes) - min(each.began_s for each in outcomes)
    records = sum(each.records for each in outcomes)
    is_interrupted = any(each.is_interrupted for each in outcomes)
    # A process has sent all of its own up to its last; where one was behind, others are sent again.
    last = (min if is_interrupted else max)(each.last_record for each in outcomes)
    found: dict[str, Any] = {
        "ended_by": INTERRUPT if is_interrupted else "end of the source",
        "records": records,
        "left_out": max(each.left_out for each in outcomes),
        "payload_bytes": sum(each.payload_bytes for each in outcomes),
        "lap": max(each.lap for each in outcomes),
        "last_record": last,
        "seconds": round(seconds, 3),
        "records_per_s": round(records / seconds) if seconds else 0,
    }
    late = sum(merged(each.lateness for each in outcomes).values(), Counter())
    if late:
        found["due_to_acknowledged_ms"] = percentiles_ms(late, SHOWN)
        found["schedule_kept"] = found["due_to_acknowledged_ms"]["p99"] <= LATE_P99_MS
    return found
