"""Histogram log: how late a replay was, interval by interval, as HdrHistogram's tools read it (.hlog, version 1.2).

Values are nanoseconds, as those tools take them; the greatest of each line stands in milliseconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loadtest.replay import instants
from loadtest.replay.faults import ReplayError

LEAST_NS = 1_000
MOST_NS = 24 * 3_600 * 10**9
DIGITS = 3
NS_PER_US = 1_000
NS_PER_MS = 1_000_000.0


def check() -> None:
    """Raise ReplayError where the package is missing: before anything is sent."""
    _package()


def write(path: Path, counts: Mapping[int, Counter[int]], began_ms: int, interval_s: float) -> None:
    """Write counts of microseconds by interval; `began_ms`: when the first began, since 1970 UTC."""
    histograms, logs = _package()
    with path.open("w", encoding="utf-8") as file:
        log = logs.HistogramLogWriter(file)
        log.output_comment(
            "loadtest replay: from when a record was due until it was acknowledged, ns"
        )
        log.output_log_format_version()
        log.output_base_time(began_ms)
        log.output_comment(_start_time(began_ms))
        log.output_legend()
        for interval, values in counts.items():
            histogram = histograms.HdrHistogram(LEAST_NS, MOST_NS, DIGITS)
            for us, number in values.items():
                histogram.record_value(min(us * NS_PER_US, MOST_NS), number)
            begin_s = interval * interval_s
            log.output_interval_histogram(histogram, begin_s, begin_s + interval_s, NS_PER_MS)


def _start_time(at_ms: int) -> str:
    """Return the line of the format; `output_start_time` of hdrhistogram 0.10.8 fails, whatever it is given."""
    return f"[StartTime: {at_ms / 1_000:.3f} (seconds since epoch), {instants.write(at_ms)}]"


def _package() -> tuple[Any, Any]:
    try:
        from hdrh import histogram, log  # noqa: PLC0415 - it is needed for this alone.
    except ImportError:
        raise ReplayError("--hdr needs hdrhistogram: pip install 'rater[load]'") from None
    return histogram, log
