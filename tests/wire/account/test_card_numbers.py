"""A card number where a reference belongs: the command is read so that it is refused, and is no dead letter."""

import json
from typing import Any

import pytest

from rater.wire.account.card_numbers import with_card_number
from rater.wire.account.commands import decode_command
from rater.wire.malformed import Malformed
from tests.build import order
from topics.records import PaymentMethod, SetPaymentMethods

CARD = "4242 4242 4242 4242"


def asked(*methods: Any, **more: Any) -> bytes:
    return json.dumps(order("set_payment_methods", methods=list(methods), **more)).encode()


@pytest.mark.parametrize("reference", [4242424242424242, CARD, "é 4242424242424242"])
def test_what_has_a_card_number_in_it_gets_to_its_refusal(reference: str | int) -> None:
    found = decode_command(asked({"reference": "pm 1"}, {"reference": reference}))

    methods = (PaymentMethod("pm 1"), PaymentMethod(str(reference)))
    assert found == SetPaymentMethods("x1", "acme", methods)


@pytest.mark.parametrize("name", ["customer", "label"])
def test_the_card_number_may_stand_in_any_of_its_fields(name: str) -> None:
    found = with_card_number(asked({"reference": "pm_1", name: "x" * 300 + CARD}))

    assert isinstance(found, SetPaymentMethods)


@pytest.mark.parametrize(
    "value",
    [
        asked({"reference": "pm 1"}),
        asked({"reference": CARD}, actor=5),
        asked({"reference": CARD}, command_id=""),
        asked({"reference": CARD}, {"reference": None}),
        asked({"reference": CARD}, {"reference": True}),
        asked({"reference": CARD}, {"reference": "x" * 10_001}),
        asked({"reference": CARD}, "pm_1"),
        asked(*[{"reference": CARD}] * 9),
        asked({"reference": CARD}).replace(b"set_payment_methods", b"set_recipients"),
        asked({"reference": CARD})[:-1] + b', "tenant_id": "acme"}',
        b"[]",
        b"",
    ],
)
def test_what_is_wrong_in_another_way_stays_malformed(value: bytes) -> None:
    assert with_card_number(value) is None
    assert isinstance(decode_command(value), Malformed)
