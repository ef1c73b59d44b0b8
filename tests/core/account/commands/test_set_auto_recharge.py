"""Auto-recharge: what it must be, and what is said of it. Scenario 36 is a story, too."""

import json
from typing import Any

import pytest

from rater.core.account.account import NO_LIMIT
from rater.core.account.execution import execute
from rater.core.account.journal import Journal
from rater.core.rejections import Rejected
from rater.wire.outputs import encode
from tests.build import UNIT, account, lot, settings_version, source
from tests.core.account.asked import (
    ANN,
    BY_ANN,
    auto,
    limit_of,
    posted,
    under,
)
from topics import records as r
from topics.records import balance as v
from topics.records.charging_settings import CurrencyTerms


def test_50_units_are_enough_for_trigger_and_amount() -> None:
    assert auto(trigger_micros=50 * UNIT, amount_micros=50 * UNIT) is None


@pytest.mark.parametrize("name", ["amount_micros", "target_micros", "trigger_micros"])
@pytest.mark.parametrize("micros", [49 * UNIT, 50 * UNIT + 1, 50_500_000, 1])
def test_amounts_are_whole_units_of_the_least_or_more(name: str, micros: int) -> None:
    wrong: dict[str, Any] = {name: micros}
    refusal = auto(**wrong)

    assert refusal is not None
    assert refusal.reason is Rejected.INVALID_SETTING
    must = "must be whole units of USD, at least 50"
    assert refusal.detail == f"{name}: {must}, found {micros} micros"
    assert refusal.settings_version == 0
    assert auto(enabled=False, **wrong) == refusal


@pytest.mark.parametrize(("currency", "least"), [("VND", 500_000), ("JPY", 5_000), ("ZZZ", 1)])
def test_the_least_is_that_of_the_currency(currency: str, least: int) -> None:
    wide: dict[str, Any] = {"trigger_micros": least * UNIT, "currency": currency}
    assert auto(amount_micros=least * UNIT, **wide) is None
    refusal = auto(amount_micros=least * UNIT - 1, **wide)
    assert refusal is not None
    assert f"whole units of {currency}, at least {least}, found" in refusal.detail


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"trigger_micros": None}, "trigger_micros, trigger_h"),
        ({"amount_micros": None}, "amount_micros"),
        ({"amount_micros": None, "mode": "gap"}, "amount_micros"),
        ({"mode": "target"}, "target_micros"),
        ({"mode": "target", "target_micros": 100 * UNIT}, "target_micros"),
    ],
)
def test_what_is_enabled_has_a_trigger_and_an_amount_or_target(
    fields: dict[str, Any], named: str
) -> None:
    refusal = auto(**fields)

    assert refusal is not None
    assert (refusal.reason, refusal.detail.split(":")[0]) == (Rejected.INVALID_SETTING, named)
    assert auto(**fields, enabled=False) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"trigger_micros": None, "trigger_h": 5},
        {"trigger_h": 5},
        {"mode": "gap"},
        {"mode": "target", "target_micros": 101 * UNIT},
        {"mode": "target", "target_micros": 60 * UNIT, "trigger_micros": None, "trigger_h": 1},
    ],
)
def test_a_trigger_may_be_in_hours_and_the_amount_a_target(fields: dict[str, Any]) -> None:
    assert auto(**fields) is None


def test_recharge_is_told_all_of_auto_recharge() -> None:
    order = r.SetAutoRecharge(
        *("s1", "acme", True, 5 * UNIT, 6, "gap", 7 * UNIT, 8 * UNIT, 9, 10 * UNIT), **BY_ANN
    )
    journal = posted(order, account(lot(remaining=9 * UNIT)))

    (entry,), (event,) = journal.entries, journal.events
    assert isinstance(entry, r.AutoRechargeSet)
    assert isinstance(event, v.AutoRechargeChanged)
    shown = json.loads(encode(entry))
    assert {**shown, **json.loads(encode(event))} | {"amount_micros": 0, "kind": 0} == {
        **json.loads(encode(event)),
        **shown,
        "amount_micros": 0,
        "kind": 0,
    }
    assert (entry.recharge_micros, entry.actor, entry.actor_role) == (7 * UNIT, *ANN)
    assert (event.amount_micros, event.count_cap, event.mode) == (7 * UNIT, 9, "gap")


def test_the_triggers_are_thresholds_while_it_is_enabled() -> None:
    there = account(lot(remaining=UNIT))
    on = r.SetAutoRecharge("s1", "acme", True, 5 * UNIT, 6, "fixed", 7 * UNIT, **BY_ANN)
    journal = posted(on, there)

    assert [(t.threshold_id, t.amount, t.armed) for t in there.thresholds] == [
        ("auto_recharge", 5 * UNIT, False)
    ]
    assert [(t.threshold_id, t.amount) for t in there.hour_thresholds] == [
        ("auto_recharge_hours", 6)
    ]
    assert (there.calm_from, there.calm_to) == (1, 0)
    assert [event.event_id for event in journal.events] == [
        "acme/1/auto_recharge",
        "acme/1/crossed/auto_recharge",
    ]
    assert limit_of(there) == 1_000 * UNIT

    posted(r.SetAutoRecharge("s2", "acme", False, 5 * UNIT, 6, **BY_ANN), there)
    assert (there.thresholds, there.hour_thresholds) == ([], [])
    assert there.calm_to > there.calm_from


def test_the_default_of_spending_follows_the_trigger() -> None:
    there = account()
    posted(r.SetAutoRecharge("s1", "acme", True, 500 * UNIT, None, "fixed", UNIT, **BY_ANN), there)
    assert limit_of(there) == 5_000 * UNIT

    posted(r.SetSpendLimits("s2", "acme", 0, **BY_ANN), there)
    assert limit_of(there) == NO_LIMIT
    posted(r.SetSpendLimits("s3", "acme", 7, **BY_ANN), there)
    assert limit_of(there) == 7
    posted(r.SetAutoRecharge("s4", "acme", False, **BY_ANN), there)
    assert limit_of(there) == 7
    posted(r.SetSpendLimits("s5", "acme", **BY_ANN), there)
    assert limit_of(there) == 1_000 * UNIT


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"amount_micros": 200 * UNIT}, "at least amount_micros, 200000000"),
        ({"amount_micros": 200 * UNIT, "mode": "gap"}, "at least amount_micros, 200000000"),
        ({"mode": "target", "target_micros": 300 * UNIT}, "at least target_micros, 300000000"),
    ],
)
def test_a_cap_that_no_recharge_is_within_is_refused_with_the_numbers(
    fields: dict[str, Any], said: str
) -> None:
    refusal = auto(**fields, money_cap_micros=199 * UNIT)

    assert refusal is not None
    assert refusal.reason is Rejected.INVALID_SETTING
    assert refusal.detail == (
        f"money_cap_micros: must be {said}, or no recharge could ever be made, found 199000000"
    )
    assert auto(**fields, money_cap_micros=300 * UNIT) is None
    assert auto(**fields, money_cap_micros=199 * UNIT, enabled=False) is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"amount_micros": 901 * UNIT}, "trigger_micros and amount_micros"),
        ({"amount_micros": 901 * UNIT, "mode": "gap"}, "trigger_micros and amount_micros"),
        ({"mode": "target", "target_micros": 1_001 * UNIT}, "target_micros"),
    ],
)
def test_what_no_balance_can_hold_is_never_paid(fields: dict[str, Any], said: str) -> None:
    bounded = settings_version(USD=CurrencyTerms("USD", 2, 0, UNIT, 1_000 * UNIT))
    given = {"enabled": True, "trigger_micros": 100 * UNIT, "amount_micros": 200 * UNIT, **fields}
    order = r.SetAutoRecharge("s1", "acme", **given)
    refusal = execute(account(), order, source(), under(bounded), Journal())

    assert refusal is not None
    assert refusal.detail.startswith(f"{said}: must come to at most 1000000000, the bound")
    assert refusal.detail.endswith("found 1001000000")
    assert refusal.settings_version == bounded.version
    off = r.SetAutoRecharge("s2", "acme", **given | {"enabled": False})
    assert execute(account(), off, source(), under(bounded), Journal()) is None
