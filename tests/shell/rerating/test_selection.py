"""Which charges a job means."""

from typing import Any

import pytest
from msgspec.structs import replace

from rater.core.account.charges import free_charge
from rater.shell.rerating.selection import Selection
from tests.build import HOUR, account, cdr, source

CALL = cdr()
CHARGE = replace(
    free_charge(account(), CALL, source(), "unanswered").entry,
    deck_id="acs",
    deck_version=2,
    plan_version=3,
)
ANSWERED = CALL.answered_ms


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"tenants": frozenset(("acme", "beta"))},
        {"deck": "acs"},
        {"deck": "acs", "deck_version": 2},
        {"plan_version": 3},
        {"from_ms": ANSWERED, "until_ms": ANSWERED + 1},
    ],
)
def test_what_is_like_that_is_meant(said: dict[str, Any]) -> None:
    assert Selection(**said).has(CHARGE)


@pytest.mark.parametrize(
    "said",
    [
        {"tenants": frozenset(("beta",))},
        {"deck": "other"},
        {"deck": "acs", "deck_version": 1},
        {"plan_version": 2},
        {"from_ms": ANSWERED + 1},
        {"until_ms": ANSWERED},
    ],
)
def test_what_is_not_is_not(said: dict[str, Any]) -> None:
    assert not Selection(**said).has(CHARGE)


@pytest.mark.parametrize("reason", ["freecall", "voided"])
def test_what_is_free_for_no_price_is_never_meant(reason: Any) -> None:
    assert not Selection().has(replace(CHARGE, reason=reason))


def test_it_is_read_from_an_hour_before_the_first_call_on() -> None:
    assert Selection().written_from_ms == -1
    assert Selection(from_ms=ANSWERED).written_from_ms == ANSWERED - HOUR
    assert Selection(from_ms=5).written_from_ms == 0
    assert Selection(tenants=frozenset(("a",))).only_tenant == "a"
    assert Selection(tenants=frozenset(("a", "b"))).only_tenant is None
