"""Plan lint: what may be meant but costs somebody money."""

from typing import Any

import msgspec
import pytest

from rater.wire.plans.plan_faults import faults
from rater.wire.plans.plan_lint import CODES, lint_plans
from tests.plan_build import BOTH, NORTH_AMERICA, US_PR, ZONE_A, allowance, plan, record
from topics.records import Allowance, CountryZone, FundingChain
from topics.records.plans import MinutePrice

ANY = (FundingChain("*", ("calling_plan", "credits")),)


def one(**fields: Any) -> Allowance:
    return allowance("one", **fields)


def two(**fields: Any) -> Allowance:
    return allowance("two", **fields)


def found(*allowances: Allowance, **fields: Any) -> list[str]:
    """Return the codes of what is found in a catalog of one plan, in which nothing else is to be found."""
    of_plan = {name: fields.pop(name) for name in ("unit_s", "exhaustion") if name in fields}
    made = record(
        plan("P", *allowances, **of_plan),
        **{"chains": ANY, "zones": (), "sharing_groups": (), **fields},
    )
    assert faults(made) == []
    return [each.code for each in lint_plans(made)]


def test_the_catalog_of_the_tests_is_as_usual() -> None:
    assert lint_plans(record(zones=(*record().zones,))) == []
    assert found(one()) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "Gold\u202ePlan"}, 'plans.P.name: must be text that can be seen, found "Gold\\u202ePlan"'),
        ({"name": "a\tb"}, 'plans.P.name: must be text that can be seen, found "a\\tb"'),
        ({"name": " P"}, 'plans.P.name: must be text that can be seen, found " P"'),
        ({"call_type": "fax\0"}, 'chains.out."fax\\u0000": must be text that can be seen, found "fax\\x00"'),
        ({"number_types": ("mobile\x07",)}, "plans.P.allowances.one.number_types: must be text"),
    ],
)  # fmt: skip
def test_a_text_that_nobody_sees_as_it_is_is_told(changed: dict[str, Any], said: str) -> None:
    types = changed.get("number_types", ())
    named = msgspec.structs.replace(
        plan("P", one(number_types=types)), name=changed.get("name", "P")
    )
    chains = (*ANY, FundingChain(changed.get("call_type", "fax"), ("credits",)))
    made = record(named, chains=chains, zones=(), sharing_groups=())

    (message,) = [each.message for each in lint_plans(made) if each.code == "odd_text"]
    assert message.startswith(said)


def test_a_price_in_a_currency_that_there_is_none_is_told() -> None:
    prices = (MinutePrice("USD", 1), MinutePrice("USX", 1), MinutePrice("DEM", 1))
    made = record(plan("P", one(prices=prices)), chains=ANY, zones=(), sharing_groups=())

    assert [each.message for each in lint_plans(made) if each.code == "unknown_currency"] == [
        f"plans.P.allowances.one.prices: {code} is in no list of ISO 4217 that ships"
        for code in ("USX", "DEM")
    ]


@pytest.mark.parametrize(
    ("codes", "allowances", "fields"),
    [
        (["unused_allowance"], [one()], {"chains": ()}),
        (
            ["unused_allowance"],
            [one(call_types=("fax",))],
            {"chains": (*ANY, FundingChain("fax", ("credits",)))},
        ),
        (
            ["unused_call_type"],
            [one(call_types=("fax", "user_out"))],
            {"chains": (*ANY, FundingChain("fax", ("credits",)))},
        ),
        ([], [one(call_types=("fax",))], {"chains": ANY}),
        (["never_drawn"], [one(number_types=("Premium",))], {}),
        ([], [one(number_types=("premium", "mobile"))], {}),
        (["overlap"], [one(), two()], {}),
        ([], [one(), two(rank=1)], {}),
        ([], [one(scope="domestic"), two(scope="international")], {}),
        (["overlap"], [one(scope="domestic"), two()], {}),
        ([], [one(number_types=("mobile",)), two(number_types=("landline",))], {}),
        (["overlap"], [one(number_types=("mobile",)), two(number_types=("Mobile",))], {}),
        ([], [one(call_types=("a",)), two(call_types=("b",))], {}),
        (
            [],
            [one(zones=("north_america",)), two(zones=("zone_b",))],
            {"zones": (NORTH_AMERICA, CountryZone("zone_b", ("FR",)))},
        ),
        (
            ["overlap"],
            [one(usage_zones=("north_america",)), two(usage_zones=("zone_a",))],
            {"zones": (NORTH_AMERICA, ZONE_A)},
        ),
        (["not_whole_units"], [one(seconds=90)], {}),
        ([], [one(seconds=90)], {"unit_s": 30}),
        (["nothing_to_tie"], [one()], {"exhaustion": "whichever_first"}),
        ([], [one(scope="domestic"), two(scope="international")], {"exhaustion": "whichever_first"}),
        (
            ["split_group"],
            [one(usage_zones=("zone_a",))],
            {"zones": (ZONE_A,), "sharing_groups": (US_PR,)},
        ),
        ([], [one(zones=("zone_a",))], {"zones": (ZONE_A,), "sharing_groups": (US_PR,)}),
        (["unknown_country"], [one(zones=("z",))], {"zones": (CountryZone("z", ("FR", "XX")),)}),
        (["unused_zone"], [one()], {"zones": (ZONE_A,)}),
        (["unknown_number_type"], [one(number_types=("cellular",))], {}),
        (["premium_pooled"], [one()], {"unpooled_number_types": ()}),
    ],
)  # fmt: skip
def test_a_code_is_found_where_it_is_and_nowhere_else(
    codes: list[str], allowances: list[Allowance], fields: dict[str, Any]
) -> None:
    assert found(*allowances, **fields) == codes


def test_a_warning_names_the_field_and_what_was_found() -> None:
    made = record(BOTH, plan("P", one(seconds=90)), chains=ANY, zones=record().zones)
    (unused, units) = (each.message for each in lint_plans(made))

    assert unused == "plans.P.allowances.one: 90 s are not whole units of 60 s: 30 s are left over"
    assert units == "zones.zone_a: no allowance names it"


def test_every_code_says_what_it_means() -> None:
    assert all(CODES.values())
    assert list(CODES)[:3] == ["bad_file", "bad_field", "bad_name"]
