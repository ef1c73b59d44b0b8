"""Plans that no catalog has are taken, and named."""

from typing import Any

from rater.core.account.plan_warnings import Giving, plans_given, unknown_plans
from rater.core.pricing.plans.book import PlanBook
from tests.build import DAY, NOW, Partition, command, opening, order
from tests.plan_build import catalog

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
