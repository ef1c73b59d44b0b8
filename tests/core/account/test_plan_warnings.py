"""Plans that no catalog has are taken, and named."""

from typing import Any

import pytest

from rater.core.account.contract import Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.plan_warnings import (
    Giving,
    plans_given,
    unknown_plans,
    unlicensed_plans,
)
from rater.core.pricing.plans.book import PlanBook
from tests.build import DAY, NOW, Partition, command, opening, order
from tests.plan_build import catalog
from topics.records import UserSet

BOOK = PlanBook([catalog(valid_from_ms=NOW + DAY)])


def licence(plan_id: str, licences: int = 1, country: str = "FR") -> dict[str, Any]:
    return {"plan_id": plan_id, "usage_country": country, "licences": licences}


def unknown(entry: Giving, plans: PlanBook) -> list[str]:
    return unknown_plans(plans_given(entry), entry.valid_from_ms, plans)


def given(kind: str, **fields: Any) -> Giving:
    partition = Partition().take(*map(command, (opening(), order(kind, **fields))))
    (entry,) = partition.last.giving
    return entry


def test_licences_of_a_plan_that_no_catalog_has_are_named_once() -> None:
    asked = [
        *(licence("BOTH"), licence("GONE"), licence("GONE", country="US")),
        *(licence("ENDED", 0), licence("ALSO")),
    ]
    entry = given("set_entitlements", entitlements=asked)

    assert unknown(entry, BOOK) == ["GONE", "ALSO"]


def test_plans_of_a_user_likewise() -> None:
    entry = given("set_user", user_id="ann", usage_country="FR", plan_ids=["SMALL", "SMALLER"])

    assert unknown(entry, BOOK) == ["SMALLER"]
    assert unknown(entry, PlanBook()) == ["SMALL", "SMALLER"]


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        ([], ["BOTH"]),
        ([(0, 1)], []),
        ([(0, 1), (NOW, 0)], ["BOTH"]),
        ([(0, 1), (NOW, 0), (NOW + DAY, 2)], []),
        ([(0, 1), (NOW + DAY, 0)], []),
        ([(NOW + DAY, 1)], []),
    ],
)
def test_a_user_may_have_plans_that_the_account_has_no_licence_of_then_or_later(
    held: list[tuple[int, int]], missing: list[str]
) -> None:
    """How many users have the plan is not asked: the number of licences is its writer's."""
    user = {"user_id": "ann", "usage_country": "FR", "plan_ids": ["BOTH"]}
    entry = given("set_user", **user)
    assert isinstance(entry, UserSet)
    licences = [Entitlement("BOTH", "FR", from_ms, number, 3) for from_ms, number in held]
    elsewhere = Entitlement("BOTH", "DE", 0, 1, 3)

    assert unlicensed_plans(entry, Contract([elsewhere, *licences], [])) == missing


def test_without_a_contract_no_plan_of_a_user_has_a_licence() -> None:
    entry = given("set_user", user_id="ann", usage_country="FR", plan_ids=["BOTH", "SMALL"])
    assert isinstance(entry, UserSet)
    assert unlicensed_plans(entry, None) == ["BOTH", "SMALL"]
