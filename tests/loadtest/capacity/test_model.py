"""The model of capacity: arithmetic that can be done by hand, and what gives way first."""

from dataclasses import replace

import msgspec
import pytest

from loadtest.capacity.costs import Costs, CostsError, costs_of
from loadtest.capacity.model import Demand, sizing
from tests.loadtest.runs.made import a_run

COSTS = Costs(
    20.0, 10.0, {"cdr.raw.v1": 500.0, "ledger.entries.v1": 700.0, "account.status.v1": 90.0}
)
DEMAND = Demand(100_000_000, busy_hour_pct=9.0, burst=1.2, tenants=10_000)


def test_a_hundred_million_a_day_by_hand() -> None:
    found = sizing(DEMAND, COSTS)

    assert found.peak_per_s == pytest.approx(3_000.0)
    assert found.worker_per_s == pytest.approx(25_000.0)
    assert (found.workers, found.partitions, found.brokers) == (1, 64, 3), (
        "42 for what is remembered"
    )
    assert found.broker_cores == pytest.approx(0.06), "one leads, two follow with half of it each"
    assert found.disk_bytes == pytest.approx(3e8 * (500 * 14 + 700 * 775))
    assert found.network_bytes_per_s == pytest.approx(3_000 * 1_290 * 4)
    assert found.worker_memory_bytes == pytest.approx((120 << 20) + 7e8 * 40 + 7e6)
    assert found.recovery_s == pytest.approx(700_010_000 / 1_100_000)
    assert found.largest_use_pct == pytest.approx(0.06)


def test_memory_and_recovery_ask_for_more_workers_than_the_cpu_does() -> None:
    limits = sizing(DEMAND, COSTS).limits

    assert len(limits) == 2
    assert "a worker remembers 26.2 GiB: 4 workers, though the CPU of 1 is enough" in limits[0]
    assert "a worker that begins takes 636 s: 11 workers for 60 s" in limits[1]


def test_the_largest_tenant_is_the_first_that_cannot_be_helped_by_machines() -> None:
    limits = sizing(replace(DEMAND.times(100), largest_pct=10.0), COSTS).limits

    assert "the largest tenant takes 60 % of a core" in limits[0]
    assert "divide it into sub-accounts, 2 of them" in limits[0]


def test_more_is_never_less() -> None:
    before = sizing(DEMAND, COSTS)
    for factor in (2, 5, 20, 300):
        after = sizing(DEMAND.times(factor), COSTS)
        assert after.workers >= before.workers
        assert after.partitions >= before.partitions
        assert after.brokers >= before.brokers
        assert after.disk_bytes > before.disk_bytes
        before = after


def test_costs_come_of_a_run_and_only_of_our_own_topics() -> None:
    costs = costs_of(a_run())

    assert (costs.worker_us, costs.broker_us) == (16.25, 8.5)
    assert costs.disk_bytes == {"cdr.raw.v1": 500.0, "ledger.entries.v1": 600.0}


def test_a_run_without_its_broker_says_nothing_of_costs() -> None:
    run = a_run()
    blind = msgspec.structs.replace(run.charging, disk_bytes={}, broker_cpu_us_per_cdr=0.0)

    with pytest.raises(CostsError, match="take it again"):
        costs_of(a_run(charging=blind))
