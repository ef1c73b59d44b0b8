"""Auditing: how much money is wrong, and that everything else that is wrong is said, too."""

from collections import Counter

from loadtest.expected import Expected
from loadtest.loads.auditing import Audit, money_error_micros
from loadtest.oracle import Fold
from loadtest.purse import Purse


def expected() -> Expected:
    found = Expected(funded_micros=Counter(acme=100, other=50))
    found.charged_micros["acme"] = 30
    found.purses["acme"] = Purse({"a": 40, "b": 30})
    return found


def test_where_nothing_is_wrong_no_tenant_is_named() -> None:
    folds = {
        "acme": Fold(balance_micros=70, lots={"a": 40, "b": 30}),
        "other": Fold(balance_micros=50),
    }

    assert money_error_micros(folds, expected()) == {}


def test_a_balance_that_is_right_over_lots_that_are_not_is_an_error() -> None:
    folds = {
        "acme": Fold(balance_micros=70, lots={"a": 30, "b": 40}),
        "other": Fold(balance_micros=49),
    }

    assert money_error_micros(folds, expected()) == {"acme": 20, "other": 1}


def test_who_is_missing_and_who_should_not_be_there_count_whole() -> None:
    folds = {"stranger": Fold(balance_micros=-7)}

    assert money_error_micros(folds, expected()) == {"acme": 70, "other": 50, "stranger": 7}


def test_the_worst_are_named_first_and_problems_are_counted() -> None:
    found = Audit(3, 0, 9, {"rated": 4}, {"a": 1, "b": 5}, tuple("problem" for _ in range(25)))

    assert not found.is_clean
    said = found.report()
    assert list(said["worst"]) == ["b", "a"]
    assert (said["money_error_micros"], said["problems"], len(said["told"])) == (6, 25, 20)
    assert found.lines()[-1] == "and 5 more"
    assert "0.000006 in 2 of 3 tenants" in found.lines()[0]


def test_a_clean_one_says_so() -> None:
    found = Audit(3, 0, 9, {}, {}, ())

    assert found.is_clean
    assert found.lines()[-1].startswith("clean")
