"""Plan catalogs for tests: the plans of an office telephone system, as in the sample that ships, in a few lines."""

from typing import Any

from rater.core.pricing.plans.catalog import Catalog
from rater.core.pricing.plans.pools import PlanCall
from topics.records import (
    Allowance,
    CountryZone,
    FundingChain,
    Plan,
    PlanCatalog,
    SharingGroup,
)

NORTH_AMERICA = CountryZone("north_america", ("US", "PR", "CA"))
ZONE_A = CountryZone("zone_a", ("FR", "GB", "US"))
US_PR = SharingGroup("us_pr", ("US", "PR"))
USER_OUT = FundingChain("user_out", ("calling_plan", "credits"))
CONF_OUT = FundingChain("conf_out", ("conference", "calling_plan", "credits"))


def allowance(allowance_id: str = "domestic", seconds: int = 6_000, **fields: Any) -> Allowance:
    return Allowance(
        **{"allowance_id": allowance_id, "pool": "calling_plan", "seconds": seconds, **fields}
    )


def plan(plan_id: str, *allowances: Allowance, **fields: Any) -> Plan:
    return Plan(plan_id, plan_id.lower(), allowances, **fields)


BOTH = plan(
    "BOTH",
    allowance("domestic", 180_000, scope="domestic", usage_zones=("north_america",)),
    allowance("elsewhere", 72_000, scope="domestic", usage_zones=("europe",)),
    allowance("international", 36_000, scope="international"),
    exhaustion="whichever_first",
)
CONFERENCE = plan(
    "CONFERENCE",
    allowance("dial_out", 3_600, pool="conference", pooled_by="account", zones=("zone_a",)),
)
SMALL = plan("SMALL", allowance("domestic", 7_200, scope="domestic", per="user"), unit_s=1)


def record(*plans: Plan, version: int = 1, **fields: Any) -> PlanCatalog:
    """Return the record of a catalog; without plans: of those above."""
    return PlanCatalog(**{
        "version": version,
        "valid_from": "2026-01-01T00:00:00Z",
        "plans": plans or (BOTH, CONFERENCE, SMALL),
        "chains": (USER_OUT, CONF_OUT),
        "unpooled_number_types": ("premium",),
        "unpooled_prefixes": ("+449",),
        "zones": (NORTH_AMERICA, ZONE_A, CountryZone("europe", ("FR", "GB", "DE"))),
        "sharing_groups": (US_PR,),
        **fields,
    })  # fmt: skip


def catalog(*plans: Plan, valid_from_ms: int = 0, **fields: Any) -> Catalog:
    return Catalog(valid_from_ms, record(*plans, **fields))


def call(destination: str = "US", call_type: str | None = "user_out", **fields: Any) -> PlanCall:
    given = {"direction": "out", "to": "+12065550100", "number_type": "mixed", **fields}
    return PlanCall(given["direction"], call_type, given["to"], destination, given["number_type"])
