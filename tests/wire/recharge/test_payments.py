"""Payment commands: what the schema accepts is read, all else is a value that says why."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.limits import AMOUNT_MICROS_MAX
from rater.wire.malformed import Malformed, Why
from rater.wire.recharge.payments import decode_payment_order
from tests.test_topics import lines, valid
from topics.catalog import PAYMENT_COMMANDS
from topics.records import PaymentCancel, PaymentCommand
from topics.records.payments import PaymentOrder

GOOD: dict[str, Any] = valid(PAYMENT_COMMANDS)[0]


def read(**changes: object) -> PaymentCommand | PaymentCancel | Malformed:
    return decode_payment_order(json.dumps({**GOOD, **changes}).encode())


def test_every_field_is_taken_over() -> None:
    command = read()

    assert isinstance(command, PaymentCommand)
    assert {name: getattr(command, name) for name in GOOD if name != "type"} == {
        name: value for name, value in GOOD.items() if name != "type"
    }


def test_the_gateway_reads_what_the_schema_accepts_and_nothing_it_refuses() -> None:
    for record in valid(PAYMENT_COMMANDS):
        assert isinstance(decode_payment_order(json.dumps(record).encode()), PaymentOrder)
    for line in lines(PAYMENT_COMMANDS, "invalid"):
        found = decode_payment_order(json.dumps(line["record"]).encode())
        assert isinstance(found, Malformed), line


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"amount_micros": 0}, "amount_micros", Why.OUT_OF_RANGE),
        ({"amount_micros": AMOUNT_MICROS_MAX + 1}, "amount_micros", Why.OUT_OF_RANGE),
        ({"attempt": 1_001}, "attempt", Why.OUT_OF_RANGE),
        ({"currency": "usd"}, "currency", Why.UNKNOWN_VALUE),
        ({"currency": "USD\n"}, "currency", Why.TOO_LONG),
        ({"command_id": "x" * 129}, "command_id", Why.TOO_LONG),
        ({"command_id": "id\n"}, "command_id", Why.UNKNOWN_VALUE),
        ({"tenant_id": None}, "tenant_id", Why.WRONG_TYPE),
        ({"requested_ms": -1}, "requested_ms", Why.OUT_OF_RANGE),
    ],
)
def test_a_fault_names_the_field(changes: dict[str, Any], field: str, reason: Why) -> None:
    found = read(**changes)

    assert isinstance(found, Malformed)
    assert (found.field, found.reason) == (field, reason)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, Why.EMPTY),
        (b"", Why.EMPTY),
        (b"{not json", Why.NOT_JSON),
        (b'{"command_id": "\xff"}', Why.NOT_UTF8),
        (b"[]", Why.WRONG_TYPE),
        (json.dumps(GOOD).encode()[:-1] + b', "amount_micros": 1}', Why.DUPLICATE_FIELD),
    ],
)
def test_what_is_no_command_is_a_value(value: bytes | None, reason: Why) -> None:
    found = decode_payment_order(value)

    assert isinstance(found, Malformed)
    assert reason == found.reason


@given(st.binary(max_size=80))
def test_no_bytes_make_it_raise(value: bytes) -> None:
    decode_payment_order(value)
