"""Sampling: a speed is what lies between the first and the last sample."""

import pytest

from loadtest.sampling import Sample, between, speed, steady


def test_the_speed_leaves_out_what_was_committed_by_the_first_sample() -> None:
    measured = speed(
        [
            Sample(10.0, 2_000, 5.0, 1.0),
            Sample(10.1, 9_000, 5.1, 1.1),
            Sample(12.0, 82_000, 6.6, 1.8),
        ]
    )

    assert (measured.records, measured.took_s) == (80_000, 2.0)
    assert measured.per_s == pytest.approx(40_000.0)
    assert measured.cpu_us == pytest.approx(20.0)
    assert measured.broker_cpu_us == pytest.approx(10.0)


def test_beginning_and_end_of_a_run_can_be_left_out() -> None:
    samples = [Sample(float(at), at * 1_000, 0.0) for at in range(11)]

    assert [2.0, 3.0, 4.0] == [each.at_s for each in between(samples, 0.2, 0.45)]


def test_steady_is_the_middle_of_a_run_and_all_of_a_short_one() -> None:
    samples = [Sample(float(n), n * 100, float(n)) for n in range(11)]

    assert [4.0, 5.0, 6.0, 7.0, 8.0, 9.0] == [each.at_s for each in steady(samples)]
    assert steady(samples[:3]) == samples[:3]


def test_one_sample_is_no_measurement() -> None:
    with pytest.raises(ValueError, match="give more --cdrs"):
        speed([Sample(10.0, 2_000, 5.0)])
