"""Arrivals: calls end within their span, in order but for what a plan allows, as often as the shape says."""

from collections import Counter
from random import Random

import pytest

from loadtest.arrivals import Arrivals, Occupancy
from loadtest.plan import Plan

DAY_S = 86_400
MIDNIGHT_MS = 1_790_035_200_000
assert MIDNIGHT_MS % (DAY_S * 1_000) == 0


def ends(plan: Plan) -> list[int]:
    arrivals, draw = Arrivals(plan), Random(7).random
    return [arrivals.ended_s(serial, draw()) for serial in range(plan.cdrs)]


@pytest.mark.parametrize("shape", ["random", "steady", "diurnal", "ramp", "spike"])
def test_every_call_ends_within_the_span(shape: str) -> None:
    plan = Plan(start_ms=MIDNIGHT_MS, cdrs=5_000, ended_spread_s=7_200, shape=shape)  # type: ignore[arg-type]

    found = ends(plan)

    last = MIDNIGHT_MS // 1_000
    assert min(found) >= last - 7_200
    assert max(found) <= last
    assert (found == sorted(found)) == (shape != "random")


def test_a_call_comes_no_later_than_the_disorder_allows() -> None:
    plan = Plan(
        start_ms=MIDNIGHT_MS, cdrs=20_000, ended_spread_s=3_600, shape="steady", disorder_s=30
    )

    found = ends(plan)

    highest, behind = 0, []
    for at_s in found:
        highest = max(highest, at_s)
        behind.append(highest - at_s)
    assert max(behind) in range(25, 32)


def test_a_day_is_as_busy_in_each_hour_as_offices_are() -> None:
    plan = Plan(start_ms=MIDNIGHT_MS, cdrs=100_000, ended_spread_s=DAY_S, shape="diurnal")

    by_hour = Counter(at_s % DAY_S // 3_600 for at_s in ends(plan))

    assert max(by_hour, key=by_hour.__getitem__) == 10
    assert by_hour[10] / by_hour[3] == pytest.approx(50, rel=0.05)
    assert by_hour[16] / by_hour[10] == pytest.approx(0.9, rel=0.05)


def test_a_span_that_begins_at_noon_is_as_busy_by_the_same_clock() -> None:
    plan = Plan(
        start_ms=MIDNIGHT_MS + DAY_S * 500, cdrs=50_000, ended_spread_s=DAY_S, shape="diurnal"
    )

    by_hour = Counter(at_s % DAY_S // 3_600 for at_s in ends(plan))

    assert max(by_hour, key=by_hour.__getitem__) == 10


def test_a_spike_is_ten_times_the_rest_and_a_ramp_begins_with_little() -> None:
    spike = Plan(start_ms=MIDNIGHT_MS, cdrs=30_000, ended_spread_s=10_000, shape="spike")
    ramp = Plan(start_ms=MIDNIGHT_MS, cdrs=30_000, ended_spread_s=10_000, shape="ramp")
    first_s = MIDNIGHT_MS // 1_000 - 10_000

    in_spike = Counter((at_s - first_s) // 500 for at_s in ends(spike))
    in_ramp = Counter((at_s - first_s) // 2_500 for at_s in ends(ramp))

    middle = sum(4_750 <= at_s - first_s < 5_250 for at_s in ends(spike))
    assert middle / in_spike[2] == pytest.approx(10, rel=0.05)
    assert [in_ramp[part] / in_ramp[0] for part in range(4)] == pytest.approx(
        [1, 3, 5, 7], rel=0.02
    )


def test_occupancy_counts_each_second_in_the_hour_in_which_it_lies() -> None:
    occupancy = Occupancy()
    assert occupancy.busiest() == (0, 0.0, 0)
    occupancy.add(3_000, 4_200)
    occupancy.add(3_600, 7_200)
    occupancy.add(3_700, 3_700)

    assert occupancy.busiest() == (3_600, (600 + 3_600) / 3_600, 2)
