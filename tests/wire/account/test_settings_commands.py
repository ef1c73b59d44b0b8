"""The settings from bytes. What else cannot be read is in the examples of the topic and the poison corpus."""

import json
from typing import Any

import pytest

from rater.core.account import commands as c
from rater.wire.account.commands import decode_command
from rater.wire.account.settings_commands import Setting
from rater.wire.command_fields import CommandRecord
from rater.wire.malformed import Malformed, Why
from tests.build import UNIT, order
from topics.records import PaymentMethod

HEAD = ("x1", "acme")


def read(fields: dict[str, Any]) -> c.Command | Malformed:
    return decode_command(json.dumps(fields).encode())


def methods(*methods: dict[str, Any]) -> c.Command | Malformed:
    return read(order("set_payment_methods", methods=list(methods)))


@pytest.mark.parametrize(
    ("fields", "command"),
    [
        (order("set_auto_recharge", enabled=False), c.SetAutoRecharge(*HEAD, None, None, False)),
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
            c.SetAutoRecharge(
                *HEAD, "ann", "billing_admin", True, UNIT, 87_600, "gap", 5, 6, 100, 7
            ),
        ),
        (
            order("set_payment_methods", methods=[{"reference": "pm_1", "label": "Visa 4242"}]),
            c.SetPaymentMethods(*HEAD, None, None, (PaymentMethod("pm_1", None, "Visa 4242"),)),
        ),
        (
            order("set_recipients", emails=["a@example.com"], webhook="https://example.com/x"),
            c.SetRecipients(*HEAD, None, None, ("a@example.com",), "en", "https://example.com/x"),
        ),
        (order("set_spend_limits"), c.SetSpendLimits(*HEAD, None, None)),
        (
            order("set_spend_limits", spend_per_hour_micros=0, new_high_rate_destinations_max=100),
            c.SetSpendLimits(*HEAD, None, None, 0, 0, 0, 100),
        ),
        (order("resume_recharge", reason=""), c.ResumeRecharge(*HEAD, None, None, "")),
    ],
    ids=str,
)
def test_each_setting_is_read(fields: dict[str, Any], command: c.Command) -> None:
    assert read(fields) == command
    assert read({**fields, "requested_by": "ada"}) == command


def test_every_setting_is_a_command_record() -> None:
    assert set(Setting.__args__) <= set(CommandRecord.__subclasses__())


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

    assert isinstance(found, c.SetPaymentMethods)


@pytest.mark.parametrize(
    "reference", [4242424242424242, "4242 4242 4242 4242", "é 4242424242424242"]
)
def test_what_has_a_card_number_in_it_gets_to_its_refusal(reference: str | int) -> None:
    found = methods({"reference": "pm 1"}, {"reference": reference})

    assert isinstance(found, c.SetPaymentMethods)


@pytest.mark.parametrize(
    "email", ["nobody", "a@", "@b", "a b@c", "a@b\n", "a@-b", "a@b-", "x" * 65 + "@b", "é@b"]
)
def test_what_is_no_address_is_malformed(email: str) -> None:
    found = read(order("set_recipients", emails=["a@example.com", email]))

    assert isinstance(found, Malformed)
    assert found.field == "emails[1]"
