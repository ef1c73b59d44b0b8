"""The oracle: it adds up a ledger, and sees every kind of difference."""

import json
from collections import Counter
from typing import Any

import pytest

from loadtest import oracle
from loadtest.expected import Expected

OPENED = {"kind": "account_opened", "tenant_id": "acme", "amount_micros": 0, "balance_micros": 0}
FUNDED = {
    "kind": "funds_added",
    "tenant_id": "acme",
    "amount_micros": 5_000,
    "balance_micros": 5_000,
    "lot": {"lot_id": "L1", "remaining_micros": 5_000},
}
CHARGED = {
    "kind": "charge",
    "tenant_id": "acme",
    "amount_micros": -1_200,
    "balance_micros": 3_800,
    "charge_micros": 1_200,
    "draws": [{"id": "L1", "amount_micros": 1_200}],
}
IN_JANUARY_MS = 1_705_000_000_000
REJECTED = {"kind": "command_rejected", "tenant_id": "acme", "balance_micros": 3_800}


def ledger(*entries: dict[str, Any]) -> list[bytes | None]:
    return [json.dumps(entry).encode() for entry in entries]


def expected() -> Expected:
    wanted = Expected()
    wanted.funded_micros["acme"] = 5_000
    wanted.charge("acme", 1_200)
    return wanted


def test_a_fold_holds_balance_charges_and_what_is_left_of_each_lot() -> None:
    folds = oracle.fold(ledger(OPENED, FUNDED, CHARGED, REJECTED))

    assert folds == {
        "acme": oracle.Fold(
            balance_micros=3_800,
            last_balance_micros=3_800,
            charges=1,
            charged_micros=1_200,
            entries=4,
            lots={"L1": 3_800},
        )
    }
    assert oracle.compare_with_plan(folds, expected()) == []


def test_what_was_forfeited_is_no_longer_a_lot() -> None:
    forfeited = {
        "kind": "lot_forfeited",
        "tenant_id": "acme",
        "amount_micros": 0,
        "balance_micros": 0,
        "lot_id": "L1",
    }

    assert oracle.fold(ledger(FUNDED, forfeited))["acme"].lots == {}


def test_seconds_of_pools_are_drawn_and_come_back() -> None:
    pool: dict[str, Any] = {"source": "pool", "id": "2024-01/P/all/US", "quantity": 180}
    drawn = CHARGED | {"draws": [pool, {"id": "L1", "amount_micros": 1_200}]}
    back = {
        "kind": "charge_reversed",
        "tenant_id": "acme",
        "amount_micros": 1_200,
        "balance_micros": 5_000,
        "reversed_micros": 1_200,
        "returns": [pool | {"quantity": 60}, {"id": "L1", "amount_micros": 1_200}],
    }

    found = oracle.fold(ledger(FUNDED, drawn, back))["acme"]

    assert {"2024-01/P/all/US": 120} == found.used_s
    assert {"L1": 5_000} == found.lots


def test_a_charge_that_is_missing_or_there_twice_is_seen() -> None:
    missing = oracle.fold(ledger(OPENED, FUNDED))
    twice = oracle.fold(ledger(OPENED, FUNDED, CHARGED, CHARGED))

    for folds in (missing, twice):
        problems = oracle.compare_with_plan(folds, expected())
        assert any("acme: charges: found" in problem for problem in problems)


def test_a_balance_that_does_not_follow_from_the_changes_is_seen() -> None:
    folds = oracle.fold(ledger(OPENED, FUNDED, CHARGED | {"balance_micros": 3_801}))

    problems = oracle.compare_with_plan(folds, expected())

    assert problems == ["acme: last balance_micros: found 3801, expected 3800"]


def test_pools_that_were_used_otherwise_are_seen() -> None:
    pool: dict[str, Any] = {"source": "pool", "id": "2024-01/P/all/US", "quantity": 180}
    drawn = CHARGED | {"draws": [pool, {"id": "L1", "amount_micros": 1_200}]}
    wanted = expected()
    wanted.pooled = 1
    wanted.used_s["acme"] = Counter({pool["id"]: 180})

    assert oracle.compare_with_plan(oracle.fold(ledger(OPENED, FUNDED, drawn)), wanted) == []
    wanted.used_s["acme"][pool["id"]] = 120
    problems = oracle.compare_with_plan(oracle.fold(ledger(OPENED, FUNDED, CHARGED)), wanted)
    assert [
        "acme: used_s: found Counter(), expected Counter({'2024-01/P/all/US': 120})",
        "charges that drew on pools: found 0, expected 1",
    ] == problems


def test_what_a_month_owes_and_what_nobody_pays_are_no_debt() -> None:
    owing = {"source": "post_paid", "id": "2024-01", "amount_micros": 700}
    draws = [{"id": "L1", "amount_micros": 500}, owing]
    later = CHARGED | {"amount_micros": -500, "balance_micros": 4_500, "draws": draws}
    nobody = {"source": "waived", "amount_micros": 900}
    waived = later | {"amount_micros": 0, "charge_micros": 900, "draws": [nobody]}
    said = {
        "kind": "billing_state_changed",
        "tenant_id": "acme",
        "amount_micros": 0,
        "balance_micros": 4_500,
        "state": "limit_reached",
        "at_ms": IN_JANUARY_MS,
    }
    wanted = expected()
    wanted.charge("acme", 900)
    wanted.waived_micros["acme"] = 900
    wanted.owed_micros["acme"] = Counter({"2024-01": 700})
    wanted.credit_limits["acme"] = 700

    folds = oracle.fold(ledger(OPENED, FUNDED, later, waived, said))

    assert (folds["acme"].owed_micros, folds["acme"].waived_micros) == ({"2024-01": 700}, 900)
    assert oracle.compare_with_plan(folds, wanted) == []
    wanted.credit_limits["acme"] = 701
    assert oracle.compare_with_plan(folds, wanted) == [
        "acme: billing: found limit_reached, expected post_paid"
    ]


def test_a_limit_is_of_the_month_in_which_the_account_was_looked_at_last() -> None:
    said = {
        "kind": "billing_state_changed",
        "tenant_id": "acme",
        "amount_micros": 0,
        "balance_micros": 5_000,
        "state": "post_paid",
        "at_ms": IN_JANUARY_MS,
    }
    owing = {"source": "post_paid", "id": "2024-01", "amount_micros": 1_200}
    late = CHARGED | {"amount_micros": 0, "balance_micros": 5_000, "draws": [owing]}
    wanted = expected()
    wanted.owed_micros["acme"] = Counter({"2024-01": 1_200})
    wanted.credit_limits["acme"] = 1_000

    in_time, in_february = (
        oracle.fold(ledger(OPENED, FUNDED, said, late | {"at_ms": at_ms}))
        for at_ms in (IN_JANUARY_MS, IN_JANUARY_MS + 31 * 86_400_000)
    )

    assert oracle.compare_with_plan(in_february, wanted) == []
    assert oracle.compare_with_plan(in_time, wanted) == [
        "acme: billing: found post_paid, expected limit_reached"
    ]


@pytest.mark.parametrize("field", ["owed_micros", "waived_micros"])
def test_what_is_owed_or_waived_otherwise_is_seen(field: str) -> None:
    wanted = expected()
    wanted.owed_micros["acme"] = Counter()
    wanted.credit_limits["acme"] = 0
    if field == "owed_micros":
        wanted.owed_micros["acme"]["2024-01"] = 1
    else:
        wanted.waived_micros["acme"] = 1

    problems = oracle.compare_with_plan(oracle.fold(ledger(OPENED, FUNDED, CHARGED)), wanted)

    assert [line for line in problems if f"acme: {field}: found " in line] != []


def test_of_many_pools_a_few_that_differ_are_told() -> None:
    found = Counter({f"pool-{n}": 60 for n in range(1_000)})
    one = found + Counter({"pool-7": 60})

    assert oracle.told(one, found) == (
        "found Counter({'pool-7': 120}), expected Counter({'pool-7': 60})"
    )
    assert oracle.told(found, Counter()).startswith("1,000 counts, among them found Counter({")
    assert len(oracle.told(found, Counter())) < 150


def test_two_runs_differ_by_the_tenants_that_differ() -> None:
    one = oracle.fold(ledger(OPENED, FUNDED, CHARGED))
    other = oracle.fold(ledger(OPENED, FUNDED))

    assert oracle.compare(one, one) == []
    assert [line.partition(":")[0] for line in oracle.compare(one, other)] == ["acme"]
    assert oracle.compare(one, {}) != []


def test_an_outcome_counted_too_often_or_not_at_all_is_seen() -> None:
    problems = oracle.compare_outcomes({"rated": 2, "dead.empty": 1}, expected())

    assert problems == ["dead.empty: found 1, expected 0", "rated: found 2, expected 1"]
