"""Lateness, counted: percentiles to three digits, by interval, and as a log that HdrHistogram's tools read."""

import math
import pickle
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.replay import histogram_log
from loadtest.replay.lateness import Lateness, merged, percentiles_ms

values = st.lists(st.floats(0, 80_000, allow_subnormal=False), min_size=1, max_size=200)


def counted(late_s: list[float], interval_s: float | None = None) -> Lateness:
    found = Lateness(0.0, interval_s)
    for each in late_s:
        found.add(each, [0.0])
    return found


@given(values)
def test_percentiles_are_right_to_a_thousandth(late_s: list[float]) -> None:
    found = percentiles_ms(merged([counted(late_s)])[0], (50, 99))
    ordered = sorted(late_s)
    for name, rank in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)):
        exact_ms = ordered[max(math.ceil(len(ordered) * rank), 1) - 1] * 1_000
        assert abs(found[name] - exact_ms) <= exact_ms / 1_000 + 0.051, name


def test_nothing_measured_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        percentiles_ms(Counter(), (50,))


def test_memory_does_not_grow_with_the_records() -> None:
    found = Lateness()
    for _ in range(200):
        found.add(1.0, [0.9 + k / 50_000 for k in range(1_000)])
    found.fold()
    assert found.counts[0].total() == 200_000
    assert len(found.counts[0]) <= 1_000
    assert not found._open


def test_processes_are_counted_together_interval_by_interval() -> None:
    parts = [counted([0.5, 11.0], 10.0), counted([0.5, 25.0, 12.0], 10.0)]
    parts = [pickle.loads(pickle.dumps(each)) for each in parts]  # noqa: S301 - made here.
    found = merged(parts)
    assert {interval: counts.total() for interval, counts in found.items()} == {0: 2, 1: 2, 2: 1}
    assert parts[0].last_s == 11.0


def test_the_log_is_read_by_the_tools_of_hdrhistogram(tmp_path: Path) -> None:
    logs = pytest.importorskip("hdrh.log")
    histogram = pytest.importorskip("hdrh.histogram").HdrHistogram(1_000, 10**14, 3)
    path = tmp_path / "late.hlog"
    counts = merged([counted([k / 1_000 for k in range(1, 1_001)] + [12.5], 10.0)])
    histogram_log.write(path, counts, 1_796_000_000_000, 10.0)
    reader = logs.HistogramLogReader(str(path), histogram)
    read = list(iter(reader.get_next_interval_histogram, None))
    reader.close()
    assert [each.get_total_count() for each in read] == [1_000, 1]
    assert reader.start_time_sec == pytest.approx(1_796_000_000)
    for share, ns in ((50, 500_000_000), (99, 990_000_000), (100, 1_000_000_000)):
        assert read[0].get_value_at_percentile(share) == pytest.approx(ns, rel=0.002)
    assert path.read_text().startswith("#loadtest replay: ")
