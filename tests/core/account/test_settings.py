"""Settings: who may, what they must be, and what is said of them. Scenario 36 is a story, too."""

import json
from typing import Any

import pytest

from rater.core.account.account import NO_LIMIT, Account, HighRateWatch
from rater.core.account.adoption import adopt
from rater.core.account.journal import Journal
from rater.core.account.settings import obey_setting
from rater.core.limits import AMOUNT_MICROS_MAX
from rater.core.rejections import Refusal, Rejected
from rater.wire.outputs import encode
from tests.build import SETTINGS, UNIT, account, lot, settings_version, source
from topics import records as r
from topics.records import PaymentMethod
from topics.records import balance as v
from topics.records.charging_settings import CurrencyTerms

ANN = ("ann", "billing_admin")
BY_ANN: dict[str, Any] = {"actor": ANN[0], "actor_role": ANN[1]}
LENIENT = settings_version(USD=CurrencyTerms("USD", 2, 1_000 * UNIT, UNIT, AMOUNT_MICROS_MAX))


def auto(*who: str | None, currency: str = "USD", **fields: Any) -> Refusal | None:
    given: dict[str, Any] = {"enabled": True, "trigger_micros": 100 * UNIT}
    given |= {"amount_micros": 200 * UNIT, **fields}
    given |= dict(zip(("actor", "actor_role"), who, strict=False))
    order = r.SetAutoRecharge("s1", "acme", **given)
    journal = Journal()
    refusal = obey_setting(account(currency=currency), order, source(), SETTINGS, journal)
    assert (refusal is None) == bool(journal.entries)
    return refusal


def obeyed(order: r.Setting, there: Account | None = None) -> Journal:
    journal = Journal()
    assert obey_setting(there or account(), order, source(), LENIENT, journal) is None
    return journal


def limit_of(there: Account) -> int:
    adopt(there, LENIENT)
    return there.spending.limit


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


@pytest.mark.parametrize(("currency", "least"), [("VND", 500_000), ("JPY", 5_000), ("XXX", 1)])
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


def test_only_billing_and_global_administrators_may() -> None:
    assert auto("ann", "billing_admin") is None
    assert auto("ann", "global_admin") is None
    assert auto(None, None) is None
    refusal = auto("bob", "helpdesk", amount_micros=1)
    assert refusal is not None
    assert refusal.reason is Rejected.ROLE_NOT_ALLOWED
    assert refusal.detail == "actor_role: bob is helpdesk, must be billing_admin or global_admin"


@pytest.mark.parametrize("name", ["reference", "customer", "label"])
def test_a_card_number_is_refused_and_not_said_again(name: str) -> None:
    number = "4242 4242 4242 4242"
    method = PaymentMethod(**{"reference": "pm_1", name: number})
    order = r.SetPaymentMethods("s1", "acme", (PaymentMethod("pm_0"), method), **BY_ANN)
    journal = Journal()
    refusal = obey_setting(account(), order, source(), SETTINGS, journal)

    assert refusal is not None
    assert (refusal.reason, journal.entries) == (Rejected.CARD_NUMBER, [])
    assert refusal.detail.startswith(f"methods[1].{name}: ")
    assert "4242" not in refusal.detail


def test_recharge_is_told_all_of_auto_recharge() -> None:
    order = r.SetAutoRecharge(
        *("s1", "acme", True, 5 * UNIT, 6, "gap", 7 * UNIT, 8 * UNIT, 9, 10 * UNIT), **BY_ANN
    )
    journal = obeyed(order, account(lot(remaining=9 * UNIT)))

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
    journal = obeyed(on, there)

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

    obeyed(r.SetAutoRecharge("s2", "acme", False, 5 * UNIT, 6, **BY_ANN), there)
    assert (there.thresholds, there.hour_thresholds) == ([], [])
    assert there.calm_to > there.calm_from


def test_the_default_of_spending_follows_the_trigger() -> None:
    there = account()
    obeyed(r.SetAutoRecharge("s1", "acme", True, 500 * UNIT, None, "fixed", UNIT, **BY_ANN), there)
    assert limit_of(there) == 5_000 * UNIT

    obeyed(r.SetSpendLimits("s2", "acme", 0, **BY_ANN), there)
    assert limit_of(there) == NO_LIMIT
    obeyed(r.SetSpendLimits("s3", "acme", 7, **BY_ANN), there)
    assert limit_of(there) == 7
    obeyed(r.SetAutoRecharge("s4", "acme", False, **BY_ANN), there)
    assert limit_of(there) == 7
    obeyed(r.SetSpendLimits("s5", "acme", **BY_ANN), there)
    assert limit_of(there) == 1_000 * UNIT


def test_dear_destinations_are_remembered_while_they_are_watched() -> None:
    there = account(high_rate=HighRateWatch(5, 1, ["+44"], [7]))
    obeyed(r.SetSpendLimits("s1", "acme", None, 9, 6, 2, **BY_ANN), there)
    assert (there.spending.high_rate, there.spending.cost_limit) == (
        HighRateWatch(6, 2, ["+44"], [7]),
        9,
    )

    obeyed(r.SetSpendLimits("s2", "acme", **BY_ANN), there)
    assert (there.spending.high_rate, there.spending.cost_limit) == (None, 0)


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


def test_spend_limits_have_no_event() -> None:
    assert obeyed(r.SetSpendLimits("s1", "acme", **BY_ANN)).events == []


def test_the_ledger_says_how_many_are_told_and_not_who() -> None:
    emails = ("ann@example.com", "bob@example.com")
    order = r.SetRecipients("s1", "acme", emails, "fr", "https://example.com/hook?key=1", **BY_ANN)
    (entry,), (event,) = (journal := obeyed(order)).entries, journal.events

    assert b"example.com" not in encode(entry)
    assert isinstance(entry, r.RecipientsSet)
    assert (entry.emails, entry.language, entry.webhook) == (2, "fr", True)
    assert isinstance(event, v.RecipientsChanged)
    assert (event.emails, event.webhook) == (emails, "https://example.com/hook?key=1")


def test_the_methods_are_passed_on_in_their_order() -> None:
    methods = (PaymentMethod("pm_2", "cus_1", "Visa 4242"), PaymentMethod("pm_1"))
    journal = obeyed(r.SetPaymentMethods("s1", "acme", methods, **BY_ANN))

    (entry,), (event,) = journal.entries, journal.events
    assert isinstance(entry, r.PaymentMethodsSet)
    assert isinstance(event, v.PaymentMethodsChanged)
    assert (methods, methods) == (entry.methods, event.methods)


def test_resuming_allows_what_was_denied_and_says_so_at_once() -> None:
    there = account(lot(), held=0b0110, tripped=1, spent=9, spent_before=9)
    journal = obeyed(r.ResumeRecharge("s1", "acme", "it was us", **BY_ANN), there)

    (entry,), (status,) = journal.entries, journal.statuses
    assert isinstance(entry, r.RechargeResumed)
    assert (entry.allowed, entry.reason) == (("international", "overage"), "it was us")
    assert status.blocked_call_types == ()
    assert (
        there.spending.held,
        there.spending.tripped,
        there.spending.spent,
        there.spending.spent_before,
    ) == (0, 0, 0, 0)
    assert [event.event_id for event in journal.events] == ["acme/1/resumed"]


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
    refusal = obey_setting(account(), order, source(), bounded, Journal())

    assert refusal is not None
    assert refusal.detail.startswith(f"{said}: must come to at most 1000000000, the bound")
    assert refusal.detail.endswith("found 1001000000")
    assert refusal.settings_version == bounded.version
    off = r.SetAutoRecharge("s2", "acme", **given | {"enabled": False})
    assert obey_setting(account(), off, source(), bounded, Journal()) is None
