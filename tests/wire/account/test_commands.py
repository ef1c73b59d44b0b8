"""Account commands from bytes. What cannot be read is in the poison corpus."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.limits import AMOUNT_MICROS_MAX
from rater.core.times import from_millis
from rater.wire.account.commands import decode_command, is_time_zone
from rater.wire.malformed import Malformed, Why
from tests.build import NOW, UNIT, funds, opening, order
from topics import records as r
from topics.records import ThresholdSetting


def read(fields: dict[str, Any]) -> r.Command | Malformed:
    return decode_command(json.dumps(fields).encode())


@pytest.mark.parametrize(
    ("fields", "command"),
    [
        (opening(), r.OpenAccount("open-acme", "acme", "USD", ("acs",), "UTC")),
        (
            opening(time_zone="Europe/Paris"),
            r.OpenAccount("open-acme", "acme", "USD", ("acs",), "Europe/Paris"),
        ),
        (funds(), r.AddFunds("fund-L1", "acme", "L1", UNIT, "USD", from_millis(NOW))),
        (
            order("set_thresholds", thresholds=[{"threshold_id": "low", "amount_micros": -5}]),
            r.SetThresholds("x1", "acme", (ThresholdSetting("low", -5),)),
        ),
        (
            order("adjust", amount_micros=-AMOUNT_MICROS_MAX, currency="USD", reason="r"),
            r.Adjust("x1", "acme", -AMOUNT_MICROS_MAX, "USD", "r"),
        ),
        (order("close_account"), r.CloseAccount("x1", "acme", None)),
        (order("close_account", reason=""), r.CloseAccount("x1", "acme", "")),
        (order("reopen_account"), r.ReopenAccount("x1", "acme", None)),
        (order("reopen_account", reason="paid"), r.ReopenAccount("x1", "acme", "paid")),
        (order("set_decks", decks=["b", "a"]), r.SetDecks("x1", "acme", ("b", "a"), None)),
        (
            order(
                "set_entitlements",
                entitlements=[{"plan_id": "p", "usage_country": "FR", "licences": 0, "x": 1}],
                valid_from="2026-03-01T13:00:00+01:00",
            ),
            r.SetEntitlements(
                *("x1", "acme", (r.EntitlementSetting("p", "FR", 0),), from_millis(NOW))
            ),
        ),
        (
            order("set_billing_mode", mode="post_paid", valid_from="2026-03-01T12:00:00Z"),
            r.SetBillingMode("x1", "acme", "post_paid", from_millis(NOW)),
        ),
        (
            order("set_user", user_id="ann", usage_country="FR"),
            r.SetUser("x1", "acme", "ann", "FR"),
        ),
        (
            order(
                "set_user",
                user_id="ann",
                usage_country="FR",
                plan_ids=["a", "b"],
                credits_licence=True,
                monthly_spend_limit_micros=UNIT,
                outbound_calls="none",
                conference_dial_out="zone",
                valid_from="2026-03-01T12:00:00Z",
                reason="Left.",
            ),
            r.SetUser(
                *("x1", "acme", "ann", "FR", ("a", "b"), True, UNIT, "none", "zone"),
                *(from_millis(NOW), "Left."),
            ),
        ),
        (order("expire_lots", due_ms=5), r.ExpireLots("x1", "acme", 5)),
    ],
    ids=str,
)
def test_each_kind_of_command_is_read(fields: dict[str, Any], command: r.Command) -> None:
    assert read(fields) == command
    assert read({**fields, "requested_by": "ada"}) == command


GIVEN = {"category": "promotional"}


@pytest.mark.parametrize(
    ("fields", "reason", "field"),
    [
        ({"expires_at": "2026-03-02T00:00:00Z"}, Why.UNKNOWN_VALUE, "expires_at"),
        ({**GIVEN, "expires_at": "2026-03-01T12:00:00Z"}, Why.BAD_TIME, "expires_at"),
        ({**GIVEN, "expires_at": "2100-12-31T00:00:00Z"}, Why.BAD_TIME, "expires_at"),
        ({**GIVEN, "expires_at": "2026-03-02T00:00:00"}, Why.BAD_TIME, "expires_at"),
        ({**GIVEN, "recharge_seq": 1}, Why.UNKNOWN_VALUE, "category"),
        ({**GIVEN, "payment_command_id": "p"}, Why.UNKNOWN_VALUE, "category"),
        ({"category": "gift"}, Why.UNKNOWN_VALUE, "category"),
    ],
    ids=str,
)
def test_promotional_credit_has_an_expiry_after_its_beginning_and_no_payment(
    fields: dict[str, Any], reason: Why, field: str
) -> None:
    found = read({**funds(), **fields})

    assert isinstance(found, Malformed)
    assert (found.reason, found.field) == (reason, field)


def test_promotional_credit_is_read_with_its_own_expiry_and_without() -> None:
    money = ("fund-L1", "acme", "L1", UNIT, "USD", from_millis(NOW), None, None)
    until = from_millis(NOW + 1)

    assert read({**funds(), "category": "paid"}) == r.AddFunds(*money)
    assert read({**funds(), **GIVEN}) == r.AddFunds(*money, "promotional")
    assert read({**funds(), **GIVEN, "expires_at": "2026-03-01T12:00:00.001Z"}) == r.AddFunds(
        *money, "promotional", until
    )


@pytest.mark.parametrize("name", ["command_id", "tenant_id", "lot_id", "currency"])
def test_a_line_feed_at_the_end_of_a_name_is_refused(name: str) -> None:
    fields = funds(currency="US") if name == "currency" else funds()
    found = read({**fields, name: fields[name] + "\n"})

    assert isinstance(found, Malformed)
    assert (found.reason, found.field) == (Why.UNKNOWN_VALUE, name)


def test_a_field_that_is_there_twice_is_refused() -> None:
    found = decode_command(json.dumps(funds()).encode()[:-1] + b', "amount_micros" : 5}')

    assert isinstance(found, Malformed)
    assert (found.reason, found.field) == (Why.DUPLICATE_FIELD, "amount_micros")


@pytest.mark.parametrize("at", ["1999-12-31T23:59:59Z", "2100-12-31T00:00:00Z"])
def test_money_is_bought_in_our_century_and_expires_in_it(at: str) -> None:
    found = read({**funds(), "purchased_at": at})

    assert isinstance(found, Malformed)
    assert (found.reason, found.field) == (Why.BAD_TIME, "purchased_at")


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("UTC", True),
        ("Europe/Paris", True),
        ("America", False),
        ("Mars/Olympus", False),
        ("../UTC", False),
        ("/etc/localtime", False),
        ("UTC\0", False),
        (".", False),
        ("tzdata.zi", False),
        ("\ud800", False),
    ],
)
def test_a_time_zone_is_known_or_not(name: str, known: bool) -> None:  # noqa: FBT001
    assert is_time_zone(name) is known


@given(st.text(max_size=64))
def test_no_name_of_a_time_zone_raises(name: str) -> None:
    assert is_time_zone(name) in {True, False}
