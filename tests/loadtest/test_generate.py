"""The generator: the same bytes from the same plan, and a true word on what they lead to.

The last test is the point of it all: the core and the generator price every call independently.
"""

from dataclasses import replace
from hashlib import sha256
from itertools import islice

import orjson
import pytest

from loadtest.breakages import BREAKAGES
from loadtest.generate import Workload
from loadtest.plan import Plan, Plans
from rater.wire.cdrs import decode_cdr
from rater.wire.malformed import Malformed
from tests.bench_core import SAMPLE_DECK, CoreRun
from topics.partitioner import partition_of

PLAN = Plan(start_ms=1_790_000_000_000, tenants=40, cdrs=3_000)
PARTITIONS = 4


@pytest.fixture(scope="module")
def workload() -> Workload:
    return Workload(PLAN, SAMPLE_DECK, PARTITIONS)


def test_the_same_plan_gives_the_same_bytes(workload: Workload) -> None:
    again = Workload(PLAN, SAMPLE_DECK, PARTITIONS)

    assert list(again.commands()) == list(workload.commands())
    assert list(again.cdrs()) == list(workload.cdrs())


@pytest.mark.parametrize(
    ("plans", "digest"), [("none", "67adc272af683328"), ("held", "6036b22578b26eaa")]
)
def test_the_load_of_a_plan_is_what_it_was_byte_for_byte(plans: Plans, digest: str) -> None:
    """Taken on 2026-11-29, before there were users; another sample deck gives other numbers to call."""
    same = Workload(replace(PLAN, plans=plans), SAMPLE_DECK, PARTITIONS)
    found = sha256()
    for partition, key, value in [*same.commands(), *same.cdrs()]:
        found.update(b"%d %s %s\n" % (partition, key, value or b"-"))

    assert found.hexdigest()[:16] == digest


def test_another_seed_gives_other_calls(workload: Workload) -> None:
    other = Workload(replace(PLAN, seed=2), SAMPLE_DECK, PARTITIONS)

    assert list(islice(other.cdrs(), 10)) != list(islice(workload.cdrs(), 10))


def test_a_second_pass_yields_the_same_and_expects_the_same(workload: Workload) -> None:
    first, expected = list(workload.cdrs()), workload.expected

    assert list(workload.cdrs()) == first
    assert workload.expected == expected


def test_a_pass_yields_as_many_records_as_planned_each_with_one_outcome(
    workload: Workload,
) -> None:
    records = list(workload.cdrs())

    assert len(records) == PLAN.cdrs
    assert workload.expected.outcomes.total() == PLAN.cdrs


def test_records_lie_where_their_key_says_unless_they_are_misrouted(workload: Workload) -> None:
    strays = [
        (partition, key)
        for partition, key, value in workload.cdrs()
        if partition != partition_of(key, PARTITIONS)
        or (value and tenant_in(value) not in {key.decode(), ""})
    ]

    assert len(strays) == workload.expected.outcomes["suspended.misrouted"]


def tenant_in(value: bytes) -> str:
    try:
        return str(orjson.loads(value)["tenant_id"])
    except orjson.JSONDecodeError:
        return ""


def test_calls_end_shortly_before_the_start_of_the_plan() -> None:
    clean = Workload(Plan.clean(start_ms=PLAN.start_ms, cdrs=500), SAMPLE_DECK, PARTITIONS)

    for _, _, value in clean.cdrs():
        cdr = decode_cdr(value)
        assert not isinstance(cdr, Malformed)
        assert 0 <= PLAN.start_ms - cdr.ended_ms <= PLAN.ended_spread_s * 1_000
        assert cdr.ended_ms - cdr.answered_ms == cdr.billsec * 1_000


def test_a_clean_plan_charges_everything() -> None:
    clean = Workload(Plan.clean(start_ms=PLAN.start_ms, cdrs=500), SAMPLE_DECK, PARTITIONS)
    list(clean.cdrs())

    assert set(clean.expected.outcomes) <= {"rated", "free"}


def test_a_cdr_has_some_400_bytes(workload: Workload) -> None:
    sizes = [len(value) for _, _, value in workload.cdrs() if value]

    assert 350 < sum(sizes) / len(sizes) < 550


def test_the_first_tenant_is_busier_than_the_last(workload: Workload) -> None:
    list(workload.cdrs())
    charges = workload.expected.charges

    assert charges["tenant-0001"] > 3 * charges["tenant-0040"]


@pytest.mark.parametrize("reason", BREAKAGES)
def test_a_broken_record_is_broken_in_the_way_its_name_says(
    reason: str, workload: Workload
) -> None:
    good = next(
        value
        for _, _, value in workload.cdrs()
        if value and b'"answered_at"' in value and b'"direction":"out"' in value
    )

    verdict = decode_cdr(BREAKAGES[reason](good))

    assert isinstance(verdict, Malformed)
    assert verdict.reason == reason


def charged(plan: Plan) -> tuple[list[str], Workload]:
    """Let the core charge a plan; return what it did otherwise than the generator expects."""
    workload = Workload(plan, SAMPLE_DECK, PARTITIONS)
    run = CoreRun(plan, PARTITIONS)
    run.open_accounts(workload.commands())
    run.charge(workload.cdrs())
    return run.problems(workload.expected), workload


@pytest.mark.parametrize("plans", ["none", "published", "held", "drawn"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_core_comes_to_the_outcomes_and_balances_that_the_generator_expects(
    seed: int, plans: Plans
) -> None:
    broken = tuple((reason, 0.5) for reason in BREAKAGES)
    plan = replace(
        PLAN,
        seed=seed,
        plans=plans,
        duplicates_pct=4.0,
        conflicts_pct=4.0,
        denied_pct=4.0,
        broken=broken,
    )

    problems, workload = charged(plan)

    assert problems == []
    assert (workload.expected.pooled > 0) == (plans == "drawn")


def test_the_core_and_the_generator_part_months_alike() -> None:
    noon_of_the_first_ms = 1_780_315_200_000
    plan = replace(PLAN, start_ms=noon_of_the_first_ms, ended_spread_s=86_400, plans="drawn")

    problems, workload = charged(plan)

    assert problems == []
    months = {name[:7] for used in workload.expected.used_s.values() for name in used}
    assert months == {"2026-05", "2026-06"}


def test_plans_may_be_held_by_some_alone() -> None:
    some = Workload(replace(PLAN, plans="drawn", holders=2), SAMPLE_DECK, PARTITIONS)
    everybody = Workload(replace(PLAN, plans="drawn"), SAMPLE_DECK, PARTITIONS)
    list(some.cdrs())

    first = [each.tenant_id for each in some.population.tenants[:2]]
    assert [name for name, held in some.contracts.holdings.items() if held] == first
    assert [some.contracts.holdings[name] for name in first] == [
        everybody.contracts.holdings[name] for name in first
    ]
    assert set(some.expected.used_s) == set(first)


def test_pools_pay_all_of_some_calls_part_of_others_and_run_out(workload: Workload) -> None:
    drawn = Workload(replace(PLAN, plans="drawn"), SAMPLE_DECK, PARTITIONS)
    list(workload.cdrs())

    assert [each[:2] for each in drawn.cdrs()] == [each[:2] for each in workload.cdrs()]
    assert list(drawn.cdrs()) == list(workload.cdrs())
    free, paid = drawn.expected, workload.expected
    assert PLAN.cdrs // 2 < free.pooled < paid.outcomes["rated"]
    assert 0 < free.charged_micros.total() < paid.charged_micros.total() // 2
