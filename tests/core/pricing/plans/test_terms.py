"""What an allowance asks for."""

from typing import Any

import pytest

from rater.core.pricing.plans.terms import Terms
from tests.plan_build import allowance, call, plan

ZONES = {"near": frozenset({"US", "PR"}), "far": frozenset({"FR"})}


def terms(**fields: Any) -> Terms:
    given = allowance("x", **fields)
    return Terms(plan("P", given), given, (0, 0, 0), ZONES)


def test_an_allowance_that_names_no_zone_is_for_any_country() -> None:
    assert terms().is_for("AQ")
    assert terms(usage_zones=("near", "far")).is_for("FR")
    assert not terms(usage_zones=("near",)).is_for("FR")


@pytest.mark.parametrize(
    ("scope", "domestic", "international"),
    [("any", True, True), ("domestic", True, False), ("international", False, True)],
)
def test_the_scope_is_of_the_destination(
    scope: str, *, domestic: bool, international: bool
) -> None:
    asked = terms(scope=scope)

    assert asked.pays(call(), "mixed", is_domestic=True) == domestic
    assert asked.pays(call(), "mixed", is_domestic=False) == international


def test_zones_number_types_and_call_types_narrow_what_is_paid() -> None:
    assert not terms(zones=("far",)).pays(call("US"), "mixed", is_domestic=True)
    assert not terms(number_types=("Land-line",)).pays(call(), "mixed", is_domestic=True)
    assert terms(number_types=("Land-line",)).pays(call(), "landline", is_domestic=True)
    assert not terms(call_types=("conf_out",)).pays(call(), "mixed", is_domestic=True)
    assert terms(call_types=("User_Out",)).pays(call(), "mixed", is_domestic=True)
    assert not terms(call_types=("user_out",)).pays(call("US", None), "mixed", is_domestic=True)
