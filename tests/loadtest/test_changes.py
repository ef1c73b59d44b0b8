"""Changes amid the calls: the core and the generator agree on all that follows, each by its own code."""

from collections import Counter
from dataclasses import replace
from typing import Any

import orjson
import pytest

from loadtest.generate import Workload
from loadtest.plan import Plan
from tests.bench_core import SAMPLE_DECK, CoreRun

PLAN = Plan(
    start_ms=1_790_000_000_000,
    tenants=16,
    cdrs=1_500,
    plans="drawn",
    users=6,
    post_paid=40.0,
    promotional=50.0,
    late=10.0,
    changes=3,
)
PARTITIONS = 4
NOON_OF_THE_FIRST_MS = 1_780_315_200_000


def charged(plan: Plan) -> tuple[list[str], Workload]:
    """Let the core obey the changes of a plan and charge its acts; return what it did otherwise than expected."""
    workload = Workload(plan, SAMPLE_DECK, PARTITIONS)
    run = CoreRun(plan, PARTITIONS)
    run.open_accounts(workload.commands())
    for act in workload.acts():
        run.open_accounts(act.changes)
        run.charge(act.cdrs)
    return run.problems(workload.expected), workload


@pytest.mark.parametrize("seed", [1, 2])
def test_the_core_comes_to_what_the_generator_expects(seed: int) -> None:
    problems, _ = charged(replace(PLAN, seed=seed, duplicates_pct=4.0, conflicts_pct=4.0))

    assert problems == []


def test_it_does_where_the_month_turns_amid_the_calls() -> None:
    problems, workload = charged(replace(PLAN, start_ms=NOON_OF_THE_FIRST_MS, late=50.0))

    assert problems == []
    expected = workload.expected
    used = {name[:7] for each in expected.used_s.values() for name in each}
    owed = {month for each in expected.owed_micros.values() for month in each}
    spent = {month for user in expected.users.values() for month in user.spent_micros}
    assert used == owed == spent == {"2026-05", "2026-06"}


def test_everything_changes_and_has_consequences() -> None:
    problems, workload = charged(replace(PLAN, tenants=40))
    commands = [
        orjson.loads(value or b"") for act in workload.acts() for _, _, value in act.changes
    ]
    list(workload.commands())
    kinds = Counter(each["type"] for each in commands)

    assert problems == []
    assert kinds.keys() == {
        *("set_entitlements", "set_user", "set_unlicensed_calls"),
        *("set_billing_mode", "add_funds"),
    }
    assert min(kinds.values()) > 5
    assert any(each["entitlements"][0]["licences"] == 0 for each in of(commands, "entitlements"))
    assert any(each["user_id"].startswith("guest@") for each in of(commands, "user_id"))
    assert {each["mode"] for each in of(commands, "mode")} == {"prepaid", "post_paid"}
    assert {each["category"] for each in of(commands, "category")} == {"promotional"}


def of(commands: list[dict[str, Any]], field: str) -> list[dict[str, Any]]:
    return [each for each in commands if field in each]


def test_changes_decide_what_calls_cost() -> None:
    _, changed = charged(PLAN)
    _, unchanged = charged(replace(PLAN, changes=0))

    assert changed.expected.charged_micros != unchanged.expected.charged_micros
    assert changed.expected.used_s != unchanged.expected.used_s
    assert changed.expected.owed_micros != unchanged.expected.owed_micros


def test_an_act_after_the_other_has_the_calls_that_are_made_without_changes() -> None:
    clean = replace(Plan.clean(start_ms=PLAN.start_ms, tenants=3, cdrs=500), users=3)
    at_once = list(Workload(clean, SAMPLE_DECK, PARTITIONS).cdrs())
    acts = Workload(replace(clean, changes=2), SAMPLE_DECK, PARTITIONS).acts()

    sizes, records = [], []
    for act in acts:
        taken = list(act.cdrs)
        sizes.append(len(taken))
        records += taken

    assert sizes == [167, 167, 166]
    assert records == at_once


def test_the_same_plan_changes_the_same_in_every_pass() -> None:
    workload = Workload(PLAN, SAMPLE_DECK, PARTITIONS)
    list(workload.commands())
    first = [(act.changes, list(act.cdrs)) for act in workload.acts()]
    expected = workload.expected

    assert [(act.changes, list(act.cdrs)) for act in workload.acts()] == first
    assert workload.expected == expected


def test_cdrs_of_a_plan_with_changes_are_not_given_at_once() -> None:
    with pytest.raises(ValueError, match="changes: 3, must be 0 where CDRs are taken at once"):
        Workload(PLAN, SAMPLE_DECK, PARTITIONS).cdrs()


def test_some_credit_that_was_given_is_used_up_and_some_is_not() -> None:
    problems, workload = charged(
        replace(PLAN, users=0, post_paid=0.0, promotional=30.0, late=0.0, changes=0)
    )
    left = [
        micros
        for purse in workload.expected.purses.values()
        for lot_id, micros in purse.left_micros.items()
        if "-gift-" in lot_id
    ]

    assert problems == []
    assert 0 in left
    assert any(left)
