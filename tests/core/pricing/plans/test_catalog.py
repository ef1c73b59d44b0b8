"""Plan catalog: which pools pay a call, in which order, and how large they are."""

import pytest

from rater.core.pricing.plans.catalog import ANSWERS_MAX, NO_PLANS, Catalog
from rater.core.pricing.plans.pools import Held, PlanCall, Pool
from tests.plan_build import BOTH, CONFERENCE, SMALL, allowance, call, catalog, plan
from topics.records import FundingChain

CATALOG = catalog()
HELD: list[Held] = [("BOTH", "US"), ("CONFERENCE", "US")]


def named(held: list[Held], asked: PlanCall, known: Catalog = CATALOG) -> list[str]:
    return [f"{p.plan_id}/{p.allowance_id}/{p.group}" for p in known.pools(held, asked)]


def test_an_answer_that_is_remembered_is_that_of_its_own_question() -> None:
    known = catalog(unpooled_prefixes=("+4490",))
    for _ in range(2):
        assert named([("BOTH", "US")], call("PR"), known) == ["BOTH/domestic/us_pr"]
        assert named([("BOTH", "CA")], call("PR"), known) == ["BOTH/international/CA"]
        assert named([("BOTH", "US")], call("PR", to="+449012345678"), known) == []


def test_answers_are_bounded() -> None:
    known = catalog()
    for n in range(ANSWERS_MAX + 1):
        known.pools(HELD, call("US", f"type-{n}"))

    payers = known.payers(tuple(HELD))
    kept = [kind for c in payers._out.values() for kind in c._known.values()]
    assert len(kept) <= 1
    assert named(HELD, call("US", "user_out"), known) == ["BOTH/domestic/us_pr"]


def test_a_chain_is_drawn_in_its_order_whatever_the_order_of_the_plans() -> None:
    asked = call("US", "conf_out")

    for held in (HELD, HELD[::-1]):
        assert named(held, asked) == ["CONFERENCE/dial_out/", "BOTH/domestic/us_pr"]
    assert named(HELD, call("US", "user_out")) == ["BOTH/domestic/us_pr"]


def test_domestic_is_the_usage_country_or_its_sharing_group() -> None:
    assert named([("BOTH", "US")], call("PR")) == ["BOTH/domestic/us_pr"]
    assert named([("BOTH", "PR")], call("US")) == ["BOTH/domestic/us_pr"]
    assert named([("BOTH", "CA")], call("US")) == ["BOTH/international/CA"]
    assert named([("BOTH", "US")], call("FR")) == ["BOTH/international/us_pr"]


def test_the_usage_country_of_the_licence_chooses_the_allowance() -> None:
    assert named([("BOTH", "FR")], call("FR")) == ["BOTH/elsewhere/FR"]
    assert named([("BOTH", "JP")], call("JP")) == []


def test_a_zone_pays_calls_to_its_countries_alone() -> None:
    assert named([("CONFERENCE", "ZW")], call("GB", "conf_out")) == ["CONFERENCE/dial_out/"]
    assert named([("CONFERENCE", "ZW")], call("ME", "conf_out")) == []


def test_what_is_out_of_all_pools_is_drawn_from_none() -> None:
    premium = call("GB", "conf_out", to="+448001234567", number_type="Premium")
    by_prefix = call("GB", "conf_out", to="+449098765432", number_type="landline")
    masked = call("GB", "conf_out", to="+44********", number_type="landline")

    for asked in (premium, by_prefix, masked):
        assert named(HELD, asked) == []
    assert named(HELD, call("GB", "conf_out", to="+442079460034")) == [
        "CONFERENCE/dial_out/",
        "BOTH/international/us_pr",
    ]


def test_a_destination_without_a_country_has_no_pool() -> None:
    assert named(HELD, call("", "conf_out", to="+881612345678")) == []


def test_a_plan_that_nobody_knows_and_a_chain_that_is_not_there_have_no_pools() -> None:
    assert named([("GONE", "US")], call()) == []
    assert named(HELD, call("US", "fax_out")) == []
    assert named(HELD, call("US", None)) == []
    assert named(HELD, call("US", "user_out", direction="in")) == []
    assert CATALOG.chain("in", "user_out") is None
    assert NO_PLANS.pools(HELD, call()) == ()
    assert [CATALOG.knows("BOTH"), CATALOG.knows("GONE")] == [True, False]


def test_the_chain_of_any_type_is_for_what_no_other_names() -> None:
    any_type = FundingChain("*", ("calling_plan", "credits"))
    known = catalog(chains=(FundingChain("user_out", ("credits",)), any_type))

    assert named(HELD, call("US", "user_out"), known) == []
    assert named(HELD, call("US", "fax_out"), known) == ["BOTH/domestic/us_pr"]
    assert named(HELD, call("US", None), known) == ["BOTH/domestic/us_pr"]
    assert known.chain("in", None) is None


def test_number_and_call_types_narrow_an_allowance() -> None:
    narrow = allowance(number_types=("Toll_Free", "mobile"), call_types=("user_out",))
    known = catalog(plan("NARROW", narrow))
    held = [("NARROW", "US")]

    assert named(held, call(number_type="tollfree"), known) == ["NARROW/domestic/us_pr"]
    assert named(held, call(number_type="landline"), known) == []
    assert named(held, call(number_type=""), known) == []
    assert named(held, call("US", "conf_out", number_type="mobile"), known) == []


def test_of_one_name_the_lowest_rank_is_drawn_first_then_the_catalogs_order() -> None:
    late = plan("LATE", allowance("last", rank=2), allowance("first"), allowance("second"))
    known = catalog(late, plan("NEXT", allowance("third"), allowance("between", rank=1)))
    held = [("NEXT", "FR"), ("LATE", "FR")]

    assert named(held, call("FR"), known) == [
        "LATE/first/FR",
        "LATE/second/FR",
        "NEXT/third/FR",
        "NEXT/between/FR",
        "LATE/last/FR",
    ]


def test_two_licences_of_one_group_share_a_pool_which_is_there_once() -> None:
    assert named([("BOTH", "PR"), ("BOTH", "US")], call("FR")) == ["BOTH/international/us_pr"]
    assert named([("BOTH", "US"), ("BOTH", "CA")], call("FR")) == [
        "BOTH/international/CA",
        "BOTH/international/us_pr",
    ]


def test_whichever_first_ties_the_allowances_that_the_same_countries_have() -> None:
    def ends(country: str, destination: str) -> tuple[str, ...]:
        (pool,) = CATALOG.pools([("BOTH", country)], call(destination))
        return pool.ends_with

    assert ends("US", "US") == ("international",)
    assert ends("US", "FR") == ("domestic",)
    assert ends("FR", "US") == ("elsewhere",)
    assert CATALOG.pools([("SMALL", "US")], call())[0].ends_with == ()


def test_a_pool_says_what_a_charge_must_know() -> None:
    (pool,) = CATALOG.pools([("SMALL", "US")], call())

    assert pool == Pool("SMALL", "domestic", "", "calling_plan", "user", 7_200, 1, ())


@pytest.mark.parametrize(
    ("held", "asked", "licences", "minutes"),
    [
        (("BOTH", "US"), call("US"), {"US": 1, "PR": 1}, 6_000),
        (("BOTH", "US"), call("US"), {"US": 1, "FR": 9}, 3_000),
        (("BOTH", "FR"), call("FR"), {"US": 1, "FR": 9}, 9 * 1_200),
        (("BOTH", "FR"), call("US"), {"US": 1, "FR": 9}, 9 * 600),
        (("CONFERENCE", "ZW"), call("FR", "conf_out"), {"US": 10, "GB": 100, "IN": 5}, 6_900),
        (("SMALL", "FR"), call("FR"), {"FR": 2}, 120),
        (("BOTH", "US"), call("US"), {}, 0),
    ],
)
def test_the_size_of_a_pool_is_that_of_the_licences_that_share_it(
    held: Held, asked: PlanCall, licences: dict[str, int], minutes: int
) -> None:
    (pool,) = CATALOG.pools([held], asked)

    assert CATALOG.total_s(pool, licences) == minutes * 60


def test_a_pool_of_the_account_is_of_one_size_as_long_as_there_is_a_licence() -> None:
    known = catalog(plan("FLAT", allowance("national", 30_000, scope="domestic", per="account")))
    (pool,) = known.pools([("FLAT", "DE")], call("DE"))

    totals = [known.total_s(pool, {"DE": 1}), known.total_s(pool, {"DE": 5, "FR": 7})]
    assert (pool.group, totals, known.total_s(pool, {})) == ("", [30_000, 30_000], 0)


def test_all_pools_of_licences_are_there_whatever_calls_they_pay() -> None:
    found = catalog().pools_of(
        (("BOTH", "US"), ("BOTH", "PR"), ("CONFERENCE", "DE"), ("SMALL", "US"))
    )

    assert [each.name for each in found] == [
        *("BOTH/domestic/us_pr", "BOTH/international/us_pr", "CONFERENCE/dial_out"),
    ]


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("BOTH/domestic/us_pr", True),
        ("BOTH/domestic", False),
        ("CONFERENCE/dial_out", True),
        ("CONFERENCE/dial_out/US", False),
        ("BOTH/dial_out/US", False),
        ("SMALL/domestic", False),
        ("SMALL/domestic/US", False),
        ("NOBODY/domestic/US", False),
        ("BOTH", False),
    ],
)
def test_a_pool_is_found_by_its_name_as_the_catalog_shares_it(name: str, *, there: bool) -> None:
    pool = catalog().pool(name)

    assert (pool is not None) == there
    assert pool is None or pool.name == name


def test_what_was_asked_by_name_or_licence_is_bounded() -> None:
    asked = catalog()
    for number in range(ANSWERS_MAX + 1):
        assert asked.pool(f"P{number}/x") is None
        assert asked.pools_of((("BOTH", f"{number}"),))

    assert asked.pool("CONFERENCE/dial_out") is asked.pool("CONFERENCE/dial_out")


def test_catalogs_are_equal_by_what_they_say() -> None:
    assert catalog() == CATALOG
    assert catalog(BOTH, CONFERENCE) != CATALOG
    assert catalog(BOTH, CONFERENCE, SMALL, valid_from_ms=1) != CATALOG
