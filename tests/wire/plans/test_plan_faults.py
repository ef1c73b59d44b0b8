"""Plan faults: every one is named with its field, what it must be, and what was found."""

from typing import Any

import pytest

from rater.wire.plans.plan_faults import faults
from tests.plan_build import BOTH, NORTH_AMERICA, US_PR, allowance, plan, record
from topics.records import Allowance, CountryZone, FundingChain, SharingGroup
from topics.records.plans import MinutePrice


def test_a_catalog_without_faults_has_none() -> None:
    assert faults(record()) == []


def chains(*sources: str, call_type: str = "user_out") -> tuple[FundingChain, ...]:
    return (FundingChain(call_type, sources),)


def one(**fields: Any) -> Allowance:
    return allowance("a", **fields)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"plans": (BOTH, BOTH)}, 'plans.BOTH: plan_id must be there once, found "BOTH" again'),
        (
            {"plans": (plan("P", one(), one()),)},
            'plans.P.allowances.a: allowance_id must be there once, found "a" again',
        ),
        (
            {
                "plans": (plan("P"),),
                "zones": (NORTH_AMERICA, NORTH_AMERICA, CountryZone("europe", ("FR", "FR"))),
            },
            (
                'zones.north_america: zone_id must be there once, found "north_america" again; '
                'zones.europe: each must be there once, found "FR" again'
            ),
        ),
        (
            {"sharing_groups": (US_PR, SharingGroup("two", ("CA", "PR")))},
            "sharing_groups.two: must be in one group, found PR, which is in us_pr",
        ),
        (
            {"sharing_groups": (US_PR, US_PR, SharingGroup("two", ("CA", "CA")))},
            (
                'sharing_groups.us_pr: group_id must be there once, found "us_pr" again; '
                'sharing_groups.two: each must be there once, found "CA" again'
            ),
        ),
        (
            {"plans": (plan("P", one(zones=("zone_b",), usage_zones=("zone_a", "zone_a"))),)},
            (
                "plans.P.allowances.a.zones: must be a zone of the catalog (europe, north_america, zone_a), "
                'found "zone_b"; plans.P.allowances.a.usage_zones: each must be there once, found "zone_a" again'
            ),
        ),
        (
            {"plans": (plan("P", one(zones=("zone_b",))),), "zones": ()},
            (
                "plans.P.allowances.a.zones: must be a zone of the catalog, of which there is none, "
                'found "zone_b"'
            ),
        ),
        (
            {"plans": (plan("P", one(number_types=("toll_free", "TollFree"))),)},
            'plans.P.allowances.a.number_types: each must be there once, found "tollfree" again',
        ),
        (
            {"plans": (plan("P", one(per="user", pooled_by="account")),)},
            'plans.P.allowances.a.pooled_by: must be left out where `per` is user, found "account"',
        ),
        (
            {"plans": (plan("P", one(pool="credits"), one(seconds=60)),), "chains": ()},
            (
                'plans.P.allowances.a: allowance_id must be there once, found "a" again; '
                "plans.P.allowances.a.pool: must not be credits, which is what pays after the pools"
            ),
        ),
        (
            {
                "plans": (
                    plan(
                        "P",
                        one(per="user"),
                        allowance("b"),
                        exhaustion="whichever_first",
                    ),
                )
            },
            (
                "plans.P.exhaustion: whichever_first must tie allowances of one `per`, found user (a) and "
                "licence (b) of pool calling_plan"
            ),
        ),
        (
            {
                "plans": (
                    plan(
                        "P",
                        one(prices=(MinutePrice("USD", 1), MinutePrice("USD", 0, 1))),
                        allowance("b", prices=(MinutePrice("EUR"), MinutePrice("XXX", 1))),
                    ),
                )
            },
            (
                'plans.P.allowances.a.prices: each must be there once, found "USD" again; '
                "plans.P.allowances.b.prices: must ask something of a minute or of a call, found neither of EUR; "
                "plans.P.allowances.b.prices: must be of currencies, found XXX, which is that of accounts without "
                "credits"
            ),
        ),
        (
            {"chains": chains("calling_plan")},
            'chains.out.user_out: must end with credits, found "calling_plan"',
        ),
        (
            {"chains": chains("credits", "calling_plan")},
            (
                'chains.out.user_out: must end with credits, found "calling_plan"; '
                'chains.out.user_out: must name credits last, found it before "calling_plan"'
            ),
        ),
        (
            {"chains": chains("calling_plans", "credits")},
            (
                "chains.out.user_out: must name pools of allowances (calling_plan, conference), "
                'found "calling_plans"'
            ),
        ),
        (
            {"chains": (*chains("credits"), *chains("credits"))},
            'chains: each must be there once, found "out.user_out" again',
        ),
        (
            {"chains": (*chains("credits"), *chains("credits", call_type="USER_OUT"))},
            'chains: each must be there once, found "out.user_out" again',
        ),
        (
            {
                "unpooled_prefixes": ("+449", "+449"),
                "unpooled_number_types": ("premium", "Premium"),
            },
            (
                'unpooled_number_types: each must be there once, found "premium" again; '
                'unpooled_prefixes: each must be there once, found "+449" again'
            ),
        ),
    ],
)
def test_a_fault_is_named(fields: dict[str, Any], said: str) -> None:
    found = faults(record(*fields.pop("plans", ()), **{"chains": (), **fields}))

    assert "; ".join(each.text for each in found) == said
