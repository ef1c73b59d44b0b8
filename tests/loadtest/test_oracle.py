"""The oracle: it adds up a ledger, and sees every kind of difference."""

import json
from typing import Any

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


def test_two_runs_differ_by_the_tenants_that_differ() -> None:
    one = oracle.fold(ledger(OPENED, FUNDED, CHARGED))
    other = oracle.fold(ledger(OPENED, FUNDED))

    assert oracle.compare(one, one) == []
    assert [line.partition(":")[0] for line in oracle.compare(one, other)] == ["acme"]
    assert oracle.compare(one, {}) != []


def test_an_outcome_counted_too_often_or_not_at_all_is_seen() -> None:
    problems = oracle.compare_outcomes({"rated": 2, "dead.empty": 1}, expected())

    assert problems == ["dead.empty: found 1, expected 0", "rated: found 2, expected 1"]
