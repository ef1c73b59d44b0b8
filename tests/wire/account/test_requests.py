"""Requests of administrators from bytes; what else cannot be read is in examples and the poison corpus."""

import json
from typing import Any

import pytest

from rater.wire.account.commands import decode_command
from rater.wire.malformed import Malformed, Why
from tests.build import UNIT, order
from topics import records as r
from topics.records import PaymentMethod

HEAD = ("x1", "acme")


def read(fields: dict[str, Any]) -> r.Command | Malformed:
    return decode_command(json.dumps(fields).encode())


def methods(*methods: dict[str, Any]) -> r.Command | Malformed:
    return read(order("set_payment_methods", methods=list(methods)))


@pytest.mark.parametrize(
    ("fields", "command"),
    [
        (order("set_auto_recharge", enabled=False), r.SetAutoRecharge(*HEAD, False)),
        (
            order(
                "set_auto_recharge",
                enabled=True,
                trigger_micros=UNIT,
                trigger_h=87_600,
                mode="gap",
                amount_micros=5,
                target_micros=6,
                count_cap=100,
                money_cap_micros=7,
                actor="ann",
                actor_role="billing_admin",
            ),
            r.SetAutoRecharge(
                *(*HEAD, True, UNIT, 87_600, "gap", 5, 6, 100, 7),
                actor="ann",
                actor_role="billing_admin",
            ),
        ),
        (
            order("set_time_zone", time_zone="Asia/Tokyo", reason="Moved."),
            r.SetTimeZone(*HEAD, "Asia/Tokyo", "Moved."),
        ),
        (
            order("set_payment_methods", methods=[{"reference": "pm_1", "label": "Visa 4242"}]),
            r.SetPaymentMethods(*HEAD, (PaymentMethod("pm_1", None, "Visa 4242"),)),
        ),
        (
            order("set_recipients", emails=["a@example.com"], webhook="https://example.com/x"),
            r.SetRecipients(*HEAD, ("a@example.com",), "en", "https://example.com/x"),
        ),
        (order("set_spend_limits"), r.SetSpendLimits(*HEAD)),
        (
            order("set_spend_limits", spend_per_hour_micros=0, new_high_rate_destinations_max=100),
            r.SetSpendLimits(*HEAD, 0, 0, 0, 100),
        ),
        (order("resume_recharge", reason=""), r.ResumeRecharge(*HEAD, "")),
    ],
    ids=str,
)
def test_each_setting_is_read(fields: dict[str, Any], command: r.Command) -> None:
    assert read(fields) == command
    assert read({**fields, "requested_by": "ada"}) == command


@pytest.mark.parametrize(
    ("method", "reason", "field"),
    [
        ({"reference": "pm 1"}, Why.UNKNOWN_VALUE, "methods[0].reference"),
        ({"reference": "pm_1\n"}, Why.UNKNOWN_VALUE, "methods[0].reference"),
        ({"reference": ""}, Why.OUT_OF_RANGE, "methods[0].reference"),
        ({"reference": 7}, Why.WRONG_TYPE, "methods[0].reference"),
        ({"reference": "x" * 256}, Why.TOO_LONG, "methods[0].reference"),
        ({"reference": "x", "customer": "é"}, Why.UNKNOWN_VALUE, "methods[0].customer"),
        ({"reference": "x", "label": "y" * 65}, Why.TOO_LONG, "methods[0].label"),
        ({"reference": "x", "label": ""}, Why.OUT_OF_RANGE, "methods[0].label"),
        ({"label": "y"}, Why.MISSING_FIELD, "methods[0].reference"),
    ],
)
def test_a_method_that_is_none_is_malformed(method: Any, reason: Why, field: str) -> None:
    found = methods(method)

    assert isinstance(found, Malformed)
    assert (found.reason, found.field) == (reason, field)


def test_a_method_may_have_a_reference_of_255_and_a_label_of_64_characters() -> None:
    found = methods({"reference": "x" * 255, "customer": "c" * 255, "label": "é" * 64})

    assert isinstance(found, r.SetPaymentMethods)


@pytest.mark.parametrize(
    "email", ["nobody", "a@", "@b", "a b@c", "a@b\n", "a@-b", "a@b-", "x" * 65 + "@b", "é@b"]
)
def test_what_is_no_address_is_malformed(email: str) -> None:
    found = read(order("set_recipients", emails=["a@example.com", email]))

    assert isinstance(found, Malformed)
    assert found.field == "emails[1]"


@pytest.mark.parametrize("name", ["Europe/Nowhere", "../etc/passwd"])
def test_a_time_zone_that_nobody_knows_is_named_with_its_field(name: str) -> None:
    found = read(order("set_time_zone", time_zone=name))

    assert isinstance(found, Malformed)
    assert (found.reason, found.field) == (Why.UNKNOWN_VALUE, "time_zone")
    assert found.detail == f'must be the name of an IANA time zone, found "{name}"'
