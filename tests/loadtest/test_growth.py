"""Growth, in small: one tenant with many users is charged as predicted, and a difference is seen."""

import json

import pytest

from loadtest.generate import Workload
from loadtest.plan import Plan
from rater.wire.account.user_rows import decode_user
from tests import bench_growth
from tests.bench_core import SAMPLE_DECK
from tests.bench_growth import GrowthRun, problems

PLAN = Plan(start_ms=1_790_000_000_000, tenants=1, cdrs=1_500, plans="drawn", users=200)


@pytest.fixture(scope="module")
def charged() -> tuple[GrowthRun, Workload]:
    workload = Workload(PLAN, SAMPLE_DECK, partitions=2)
    run = GrowthRun(PLAN, workload.partitions)
    run.open_accounts(workload.commands())
    run.opening = False
    run.cdrs_a_second = 100
    run.charge(workload.cdrs())
    return run, workload


def test_one_tenant_with_many_users_is_charged_as_predicted(
    charged: tuple[GrowthRun, Workload],
) -> None:
    assert problems(*charged) == []


def test_a_user_or_a_pool_that_is_otherwise_is_seen(charged: tuple[GrowthRun, Workload]) -> None:
    run, workload = charged
    user = next(each for each in workload.expected.users.values() if each.spent_micros)
    used_s = workload.expected.used_s["tenant-0001"]
    for counter, name, complaint in (
        (user.spent_micros, "2026-09", ": spent: found "),
        (used_s, "2026-09/TRUNK/toll_free", "tenant-0001: used_s: found "),
    ):
        counter[name] += 1
        found = problems(run, workload)
        counter[name] -= 1

        assert [complaint in each for each in found] == [True]


def test_time_passes_so_that_users_statuses_are_due(charged: tuple[GrowthRun, Workload]) -> None:
    run, _ = charged

    told = {decode_user(row).told_ms for row in run.rows()}
    assert len(told) > 20


def test_cases_are_measured_relative_to_the_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["bench_growth", "--users", "--cases", "users 1 k", "--rounds", "1", "--cdrs", "300"]
    monkeypatch.setattr("sys.argv", asked)

    assert bench_growth.main() == 0

    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(found["cases"]) == ["users 1", "users 1 k"]
    assert found["cases"]["users 1"]["to_base"] == 1.0
    assert found["cases"]["users 1 k"]["row_bytes"] > 80
    assert found["money_ok"]
