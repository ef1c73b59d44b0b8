"""Batch histogram: a batch of times counted at once is what the client's own histogram makes of them one by one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from rater.shell.process.batch_histogram import BatchHistogram

AT = 1_800_000_000_000
BUCKETS = (0.01, 0.1, 1.0, 60.0)
AGES_MS = st.sampled_from((0, 1, 10, 11, 100, 1_000, 1_001, 60_000, 60_001, 9**9))


def lines(registry: CollectorRegistry) -> list[str]:
    text = generate_latest(registry).decode().splitlines()
    return [line for line in text if "_created" not in line]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(AGES_MS, max_size=40), max_size=4))
def test_it_counts_as_the_clients_own_does(batches: list[list[int]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    fast = BatchHistogram("rater_x_seconds", "About.", BUCKETS, ours)
    slow = Histogram("rater_x_seconds", "About.", buckets=BUCKETS, registry=theirs)
    for ages in batches:
        fast.observe_ages([AT - age for age in ages], AT)
        for age in ages:
            slow.observe(age / 1_000)

    def counted(found: list[str]) -> list[str]:
        return [line for line in found if "_sum" not in line]

    total = sum(age for ages in batches for age in ages) / 1_000
    assert counted(lines(ours)) == counted(lines(theirs))
    assert ours.get_sample_value("rater_x_seconds_sum") == total


def test_a_time_that_is_none_is_not_counted_and_a_later_one_has_no_age() -> None:
    registry = CollectorRegistry()
    BatchHistogram("rater_x_seconds", "About.", BUCKETS, registry).observe_ages(
        [-1, AT + 5_000], AT
    )

    assert registry.get_sample_value("rater_x_seconds_count") == 1
    assert registry.get_sample_value("rater_x_seconds_bucket", {"le": "0.01"}) == 1
    assert registry.get_sample_value("rater_x_seconds_sum") == 0


def test_it_is_there_before_anything_was_counted() -> None:
    registry = CollectorRegistry()
    BatchHistogram("rater_x_seconds", "About.", BUCKETS, registry)

    assert registry.get_sample_value("rater_x_seconds_count") == 0


def test_spans_are_counted_as_they_are() -> None:
    registry = CollectorRegistry()
    spans = BatchHistogram("rater_x_seconds", "About.", BUCKETS, registry)
    spans.observe(np.array([10, 11, 2_000], np.int64))
    spans.observe(np.array([], np.int64))

    assert registry.get_sample_value("rater_x_seconds_count") == 3
    assert registry.get_sample_value("rater_x_seconds_bucket", {"le": "0.01"}) == 1
    assert registry.get_sample_value("rater_x_seconds_sum") == 2.021
