"""Outcome: what a replay has sent, how fast, and how late; of several processes, in one."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loadtest.percentiles import percentile

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
    late_s: array[float]
    """From when each was due until all replicas had acknowledged it; none where nothing was due."""


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
        "payload_bytes": sum(each.payload_bytes for each in outcomes),
        "last_record": last,
        "seconds": round(seconds, 3),
        "records_per_s": round(records / seconds) if seconds else 0,
    }
    late = sorted(value for each in outcomes for value in each.late_s)
    if late:
        shown = {f"p{share:g}": percentile(late, share) for share in SHOWN} | {"max": late[-1]}
        found["due_to_acknowledged_ms"] = {k: round(v * 1_000, 1) for k, v in shown.items()}
        found["schedule_kept"] = found["due_to_acknowledged_ms"]["p99"] <= LATE_P99_MS
    return found
