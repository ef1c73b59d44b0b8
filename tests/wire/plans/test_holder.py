"""Holder: who holds which plans, as people type it in."""

import pytest

from rater.core.account.account import Account
from rater.wire.plans.holder import holder_of
from tests.plan_build import catalog, plan

PLANS = catalog(plan("P"))


def test_what_is_held_has_been_held_ever_since_and_nothing_of_it_is_used() -> None:
    holder = holder_of(["P/US/10", "P/FR"], PLANS, "USD")

    assert isinstance(holder, Account)
    assert holder.contract is not None
    found = [(e.plan_id, e.usage_country, e.licences) for e in holder.contract.entitlements]
    assert [("P", "FR", 1), ("P", "US", 10)] == found
    assert {} == holder.contract.used_s


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("P", "is not a plan and a country"),
        ("P/us", "is not a plan and a country"),
        ("P/US/0", "is not a plan and a country"),
        ("P/US/10000001", "for ten licences of 1 to 10000000"),
        ("P/US/1/1", "is not a plan and a country"),
        ("Q/US", 'there is no plan "Q"'),
    ],
)
def test_a_text_that_names_no_licences_is_told(text: str, complaint: str) -> None:
    wrong = holder_of([text], PLANS, "USD")

    assert isinstance(wrong, str)
    assert complaint in wrong


def test_a_plan_and_country_that_is_there_twice_is_told() -> None:
    assert "twice" in str(holder_of(["P/US", "P/US/2"], PLANS, "USD"))
