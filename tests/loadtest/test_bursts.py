"""Bursts: one tenant, dear numbers, one call after the other; the core charges what the generator expects of them."""

from dataclasses import replace

from loadtest.bursts import CALLS, Bursts
from loadtest.generate import Workload
from loadtest.plan import Plan
from loadtest.tariff import charge_micros
from tests.bench_core import SAMPLE_DECK, CoreRun

PLAN = Plan(start_ms=1_790_000_000_000, tenants=30, cdrs=4_000, bursts=2)
PARTITIONS = 4


def test_a_burst_is_of_one_tenant_and_of_dear_numbers() -> None:
    workload = Workload(PLAN, SAMPLE_DECK, PARTITIONS)
    bursts = Bursts(PLAN, workload.population.tenants, workload.numbers.priced)

    found = [(serial, bursts.at(serial)) for serial in range(PLAN.cdrs)]
    calls = [(serial, burst) for serial, burst in found if burst is not None]

    assert len(calls) == 2 * CALLS
    for half in (calls[:CALLS], calls[CALLS:]):
        assert half[-1][0] - half[0][0] <= 2 * CALLS
        assert len({burst.tenant for _, burst in half}) == 1
    prices = sorted(
        charge_micros(number.terms, 60) for number in workload.numbers.priced if number.terms
    )
    for _, burst in calls:
        assert burst.number.terms is not None
        assert charge_micros(burst.number.terms, 60) >= prices[-len(prices) // 40]


def test_the_core_comes_to_what_is_expected_of_bursts_and_of_a_hot_tenant() -> None:
    plan = replace(
        PLAN,
        hot=40.0,
        plans="drawn",
        users=2,
        shape="diurnal",
        ended_spread_s=86_400,
        disorder_s=60,
    )
    workload, run = Workload(plan, SAMPLE_DECK, PARTITIONS), CoreRun(plan, PARTITIONS)
    run.open_accounts(workload.commands())
    run.charge(workload.cdrs())

    assert run.problems(workload.expected) == []
    charges = workload.expected.charges
    assert charges["tenant-0001"] > 0.4 * charges.total()


def test_without_bursts_there_is_none() -> None:
    workload = Workload(PLAN, SAMPLE_DECK, PARTITIONS)
    bursts = Bursts(replace(PLAN, bursts=0), workload.population.tenants, [])

    assert [bursts.at(serial) for serial in range(100)] == [None] * 100
