"""Which pools may pay a call, and in which currencies their seconds have a price."""

import pytest

from rater.core.account.contract import Contract
from rater.core.account.entitlement import Entitlement
from rater.core.account.pool_choice import choice_of, priced_in
from rater.core.account.user import User
from rater.core.pricing.plans.book import PlanBook
from rater.wire.pricing.zones import zone_of
from tests.build import NOW, RULES, account, cdr
from tests.plan_build import allowance, catalog, plan
from topics.records import UserTerms
from topics.records.plans import MinutePrice

PARIS = "+33142685300"
PLANS = catalog(
    plan("FREE", allowance("free", 60)),
    plan("DEAR", allowance("dear", 60, prices=(MinutePrice("USD", 1), MinutePrice("EUR", 1)))),
    plan("OWN", allowance("own", 60, per="user", prices=(MinutePrice("GBP", 1),))),
)
RULED = RULES.with_plans(PlanBook([PLANS], zone_of))
CONTRACT = Contract([Entitlement(each, "DE", 0, 1, 3) for each in ("FREE", "DEAR", "OWN")], [])
THERE = account(contract=CONTRACT)
ANN = UserTerms(0, 2, "DE", "any", "any", ("OWN",))


@pytest.mark.parametrize(
    ("terms", "country", "to", "allowances"),
    [
        (None, "DE", PARIS, ["free", "dear"]),
        (None, None, PARIS, ["free", "dear"]),
        (None, "FR", PARIS, None),
        (None, "DE", "+449012345678", None),
        (ANN, "FR", PARIS, ["own"]),
    ],
)
def test_licences_the_caller_and_the_number_decide_which_pools_may_pay(
    terms: UserTerms | None, country: str | None, to: str, allowances: list[str] | None
) -> None:
    call = cdr(call_type="user_out", usage_country=country, to=to)
    entitled = CONTRACT.at(NOW, RULED.plans, "UTC")

    found = choice_of(entitled, call, ("", ""), terms, RULED.numbering)

    names = None if found is None else [pool.allowance_id for pool in found.pools]
    assert names == allowances


@pytest.mark.parametrize(
    ("to", "dialled", "is_paid"),
    [
        ("+442079460034", None, True),
        ("+449098765432", None, False),
        # Its hidden digits may make it premium, and so they are taken to; of the other they cannot.
        ("+4490********", None, False),
        ("+4420794600**", None, True),
        ("+449098765432", "+442079460034", False),
        ("+442079460034", "+449098765432", False),
        ("+442079460034", "+4490********", False),
    ],
)
def test_what_a_number_is_itself_takes_it_out_of_all_pools_whatever_the_deck_calls_it(
    to: str,
    dialled: str | None,
    is_paid: bool,  # noqa: FBT001
) -> None:
    plans = catalog(PLANS.record.plans[0], unpooled_prefixes=())
    ruled = RULES.with_plans(PlanBook([plans], zone_of))
    call = cdr(call_type="user_out", usage_country="DE", to=to, dialled=dialled)
    entitled = CONTRACT.at(NOW, ruled.plans, "UTC")

    found = choice_of(entitled, call, ("GB", "landline"), None, ruled.numbering)

    assert (found is not None) == is_paid


def test_what_might_pay_has_prices_in_these_currencies() -> None:
    call = cdr(call_type="user_out", usage_country="DE", to=PARIS)
    ann = User("acme", "ann", (ANN,))

    assert priced_in(THERE, call, RULED, ("", ""), None) == ["EUR", "USD"]
    assert priced_in(THERE, call, RULED, ("", ""), ann) == ["GBP"]
    assert priced_in(account(), call, RULED, ("", ""), None) == []
    elsewhere = cdr(call_type="user_out", usage_country="FR", to=PARIS)
    assert priced_in(THERE, elsewhere, RULED, ("", ""), None) == []
    assert priced_in(account(contract=Contract([], [])), call, RULED, ("", ""), None) == []
