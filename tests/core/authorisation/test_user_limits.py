"""User limits: what a user may not do is refused before it costs anything."""

from typing import Any

import pytest

from rater.core.account.contract import BillingMode, Contract
from rater.core.account.entitlement import Entitlement
from rater.core.authorisation.judge import judge
from rater.core.pricing.decks import DeckBook
from rater.core.pricing.plans.book import PlanBook
from rater.core.pricing.rates import Row
from rater.core.pricing.rules import Rules
from rater.wire.pricing.zones import zone_of
from tests.build import RULES, UNIT, deck, lot
from tests.core.authorisation.asking import charged, request, standing, user
from tests.core.authorisation.test_judge import entitled, with_plans
from tests.plan_build import catalog

FRENCH = "+33142685300"


def reason_of(rules: Rules = RULES, call_type: str = "user_out", **terms: Any) -> str | None:
    who = standing(lot(remaining=9 * UNIT), user=user(**terms), contract=entitled("CALLS"))
    return judge(who, request(FRENCH, call_type=call_type, user_id="ann"), rules).reason


def test_what_an_administrator_restricts_may_not_start() -> None:
    assert reason_of() is None
    assert reason_of(outbound_calls="none") == "restricted"
    assert reason_of(outbound_calls="domestic") == "restricted"
    assert reason_of(outbound_calls="domestic", usage_country="FR") is None
    assert reason_of(conference_dial_out="none") is None


@pytest.mark.parametrize(
    ("allowed", "country", "reason"),
    [
        ("any", "DE", None),
        ("none", "FR", "restricted"),
        ("same_country", "DE", "restricted"),
        ("same_country", "FR", None),
    ],
)
def test_conferences_have_restrictions_of_their_own(
    allowed: str, country: str, reason: str | None
) -> None:
    terms: dict[str, Any] = {
        "conference_dial_out": allowed,
        "usage_country": country,
        "outbound_calls": "none",
    }

    assert reason_of(call_type="conf_out", **terms) == reason


def test_a_zone_is_what_an_allowance_of_the_users_plans_pays_calls_to() -> None:
    """The plan CONFERENCE pays dial-out to zone A, in which is France."""
    rules = RULES.with_plans(PlanBook([catalog()], zone_of))
    terms: dict[str, Any] = {"conference_dial_out": "zone"}

    assert reason_of(rules, "conf_out", plan_ids=("CONFERENCE",), **terms) is None
    assert reason_of(rules, "conf_out", **terms) == "restricted"


def test_a_zone_has_no_number_that_no_pool_pays() -> None:
    """The deck has a row of 44 alone, a landline; the number is premium by itself, and so may the masked one be."""
    coarse = RULES.with_book(
        DeckBook.of([deck(Row(1, "44", 15_000_000, country="GB", number_type="landline"))])
    )
    plans = catalog(unpooled_prefixes=())
    rules = coarse.with_plans(PlanBook([plans], zone_of))
    ann = user(conference_dial_out="zone", plan_ids=("CONFERENCE",))
    who = standing(lot(remaining=9 * UNIT), user=ann, contract=entitled("CALLS"))

    def reason(to: str, **fields: Any) -> str | None:
        asked = request(to, call_type="conf_out", user_id="ann", **fields)
        return judge(who, asked, rules).reason

    assert reason("+442079460034") is None
    assert reason("+449098765432") == "restricted"
    assert reason("+4490********") == "restricted"
    assert reason("+442079460034", dialled="+449098765432") == "restricted"


def test_without_the_licence_pools_alone_pay() -> None:
    terms: dict[str, Any] = {"credits_licence": False, "plan_ids": ("CALLS",)}
    rich, ann = lot(remaining=9 * UNIT), user(**terms)
    asked = request(FRENCH, user_id="ann")
    planned = judge(standing(rich, user=ann, contract=entitled("CALLS")), asked, with_plans())
    used_up = entitled("CALLS", CALLS_all_DE=300)
    refused = judge(standing(rich, user=ann, contract=used_up), asked, with_plans())

    assert (planned.allowed, planned.longest_s) == (True, 300)
    assert (refused.reason, refused.code) == ("no_user_capability", 580464)


def test_a_users_own_pool_pays_and_a_plan_that_it_does_not_hold_does_not() -> None:
    """Scenario 16: 600 s of its own, of which 540 are used; then 0.04 pays two minutes."""
    ann = user(plan_ids=("OWN",), used_s={"2026-03/OWN/all/user=ann": 540})
    who = standing(lot(remaining=40_000), user=ann, contract=entitled("OWN", "CALLS"))
    asked = request(FRENCH, user_id="ann")

    assert judge(who, asked, with_plans()).longest_s == 60 + 120
    assert charged(who.account, asked, 180, with_plans(), ann) is not None
    assert charged(who.account, asked, 181, with_plans(), ann) is None


def test_a_domestic_call_that_names_no_country_is_none_abroad() -> None:
    """The class is that of the user's country, else of the licences': by it a spend limit has blocked others."""
    asked = request(FRENCH, user_id="ann", usage_country=None)
    rules = RULES.with_book(DeckBook.of([deck(Row(2, "33", 20_000_000, country="FR"))]))
    abroad = {"international": ("spend_limit", None)}
    home = {"overage": ("spend_limit", None)}
    for country, blocked, reason in (
        ("FR", abroad, None),
        ("FR", home, "spend_limit"),
        ("DE", abroad, "spend_limit"),
    ):
        ann = user(usage_country=country)
        who = standing(lot(remaining=9 * UNIT), user=ann, blocked=blocked)
        assert judge(who, asked, rules).reason == reason
    licences = Contract([Entitlement("CALLS", "FR", 0, 1, 3)], list[BillingMode]())
    for contract, reason in ((licences, None), (entitled("CALLS"), "spend_limit")):
        who = standing(lot(remaining=9 * UNIT), contract=contract, blocked=abroad)
        assert judge(who, asked, rules).reason == reason
