"""Users and payment later: the core and the generator agree on who pays, each by its own code."""

import re
from collections import Counter
from dataclasses import replace

import orjson
import pytest

from loadtest.breakages import BREAKAGES
from loadtest.generate import Workload
from loadtest.payers import NO_USER_CAPABILITY
from loadtest.plan import Plan, Plans
from rater.wire.cdrs import decode_cdr
from rater.wire.malformed import Malformed
from tests.bench_core import SAMPLE_DECK, CoreRun

PLAN = Plan(
    start_ms=1_790_000_000_000, tenants=20, cdrs=3_000, plans="drawn", users=15, post_paid=40.0
)
MONTH = "2026-09"
PARTITIONS = 4


@pytest.fixture(scope="module")
def workload() -> Workload:
    made = Workload(PLAN, SAMPLE_DECK, PARTITIONS)
    list(made.commands())
    list(made.cdrs())
    return made


def charged(plan: Plan) -> tuple[list[str], Workload]:
    """Let the core charge a plan; return what it did otherwise than the generator expects."""
    workload = Workload(plan, SAMPLE_DECK, PARTITIONS)
    run = CoreRun(plan, PARTITIONS)
    run.open_accounts(workload.commands())
    run.charge(workload.cdrs())
    return run.problems(workload.expected), workload


@pytest.mark.parametrize("plans", ["none", "published", "held", "drawn"])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_core_lets_pay_whom_the_generator_expects(seed: int, plans: Plans) -> None:
    problems, _ = charged(
        replace(PLAN, seed=seed, plans=plans, duplicates_pct=4.0, conflicts_pct=4.0)
    )

    assert problems == []


def test_the_core_and_the_generator_part_the_months_of_users_and_debts_alike() -> None:
    noon_of_the_first_ms = 1_780_315_200_000
    plan = replace(PLAN, start_ms=noon_of_the_first_ms, ended_spread_s=86_400)

    problems, workload = charged(plan)

    assert problems == []
    expected = workload.expected
    owing = {month for owed in expected.owed_micros.values() for month in owed}
    spent = {month for user in expected.users.values() for month in user.spent_micros}
    assert owing == spent == {"2026-05", "2026-06"}


def test_one_tenant_may_have_many_users() -> None:
    plan = replace(PLAN, tenants=1, users=1_000, post_paid=0.0)

    problems, workload = charged(plan)

    assert problems == []
    called = [user for user in workload.expected.users.values() if user.spent_micros or user.used_s]
    assert len(called) > 500


def test_every_case_is_there(workload: Workload) -> None:
    expected = workload.expected
    users = expected.users.values()
    own = Counter(seconds for user in users for seconds in user.used_s.values())

    assert 0 < sum(user.is_blocked(MONTH) for user in users) < len(users) // 2
    assert own[600] > 0, "a pool of a user that is used up"
    assert sum(own.values()) > own[600], "one that is not"
    assert any("us_pr" in name for used in expected.used_s.values() for name in used)
    assert expected.outcomes[NO_USER_CAPABILITY] > 0
    assert expected.waived_micros.total() > 0
    assert any(owed.total() for owed in expected.owed_micros.values())
    states = {expected.billing(tenant_id, MONTH) for tenant_id in expected.credit_limits}
    assert states == {"post_paid", "limit_reached"}
    assert 0 < len(expected.credit_limits) < PLAN.tenants


def test_calls_name_users_organizers_strangers_and_nobody(workload: Workload) -> None:
    cdrs = [
        orjson.loads(value)
        for _, _, value in Workload(
            Plan.clean(start_ms=PLAN.start_ms, tenants=3, cdrs=3_000), SAMPLE_DECK, PARTITIONS
        ).cdrs()
        if value
    ]
    assert not any("organizer_id" in cdr for cdr in cdrs)

    plan = replace(Plan.clean(start_ms=PLAN.start_ms, tenants=3, cdrs=3_000), users=15)
    cdrs = [orjson.loads(v) for _, _, v in Workload(plan, SAMPLE_DECK, PARTITIONS).cdrs() if v]
    conferences = [cdr for cdr in cdrs if cdr["call_type"] == "conf_out"]
    who = {cdr.get("user_id") for cdr in cdrs if cdr["tenant_id"] == "tenant-0001"}

    guest, users = "guest@tenant-0001", {f"u{k:02}@tenant-0001" for k in range(15)}
    assert who == users | {guest, None}
    assert sum(cdr.get("organizer_id") is not None for cdr in conferences) > len(conferences) * 0.9
    assert any(cdr["organizer_id"] != cdr.get("user_id") for cdr in conferences[:10])
    assert not any("organizer_id" in cdr for cdr in cdrs if cdr["call_type"] == "user_out")


@pytest.mark.parametrize("reason", BREAKAGES)
def test_a_record_that_names_nobody_can_be_broken_in_every_way(reason: str) -> None:
    nobodys = next(
        value
        for _, _, value in Workload(PLAN, SAMPLE_DECK, PARTITIONS).cdrs()
        if value
        and b'_id":"u' not in value
        and b'"guest' not in value
        and b'"answered_at"' in value
        and b'"direction":"out"' in value
    )

    verdict = decode_cdr(BREAKAGES[reason](nobodys))

    assert isinstance(verdict, Malformed)
    assert verdict.reason == reason


def test_the_calls_are_those_that_are_made_without_users() -> None:
    clean = Plan.clean(start_ms=PLAN.start_ms, tenants=3, cdrs=500)
    without = Workload(clean, SAMPLE_DECK, PARTITIONS).cdrs()
    with_users = Workload(replace(clean, users=3, post_paid=50.0), SAMPLE_DECK, PARTITIONS).cdrs()
    persons = re.compile(rb'"(user|organizer)_id":"[^"]*",')

    for (*one, before), (*other, after) in zip(without, with_users, strict=True):
        assert one == other
        assert persons.sub(b"", before or b"") == persons.sub(b"", after or b"")
