"""Payment results: what the schema accepts is read, all else is a value that says why."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.limits import AMOUNT_MICROS_MAX, RECORD_BYTES_MAX
from rater.wire.malformed import Malformed, Why
from rater.wire.recharge.payment_results import decode_result
from tests.test_topics import lines, valid
from topics.catalog import PAYMENT_RESULTS
from topics.records import PaymentDeclined, PaymentResult, PaymentSucceeded, PaymentUnknown

SUCCEEDED, DECLINED, _, UNKNOWN, *_REST = valid(PAYMENT_RESULTS)


def read(record: dict[str, Any], **changes: object) -> PaymentResult | Malformed:
    return decode_result(json.dumps({**record, **changes}).encode())


def test_every_field_is_taken_over() -> None:
    head = ("acme/r12/1", "acme", 1_772_361_061_500, "stripe")
    money = ("pi_3OaXyz2eZvKYlo2C", 200_000_000, "USD")
    assert PaymentSucceeded(*head, "live", *money, livemode=True) == read(SUCCEEDED)
    declined = read(DECLINED)
    assert isinstance(declined, PaymentDeclined)
    assert ("hard", "expired_card") == (declined.decline_class, declined.code)
    unknown = read(UNKNOWN)
    assert isinstance(unknown, PaymentUnknown)
    assert 1_772_361_091_500 == unknown.at_ms


def test_recharge_reads_what_the_schema_accepts_and_nothing_it_refuses() -> None:
    for record in valid(PAYMENT_RESULTS):
        assert isinstance(read(record), PaymentResult)
    for line in lines(PAYMENT_RESULTS, "invalid"):
        assert isinstance(read(line["record"]), Malformed), line


def test_fields_of_gateways_to_come_are_passed_over() -> None:
    assert isinstance(read(SUCCEEDED, fee_micros=2_900_000), PaymentSucceeded)


@pytest.mark.parametrize(
    ("record", "changes", "field", "reason"),
    [
        (SUCCEEDED, {"outcome": "refunded"}, "outcome", Why.UNKNOWN_VALUE),
        (SUCCEEDED, {"amount_micros": 0}, "amount_micros", Why.OUT_OF_RANGE),
        (SUCCEEDED, {"amount_micros": AMOUNT_MICROS_MAX + 1}, "amount_micros", Why.OUT_OF_RANGE),
        (SUCCEEDED, {"amount_micros": 10**40}, "amount_micros", Why.OUT_OF_RANGE),
        (SUCCEEDED, {"amount_micros": 200_000_000.0}, "amount_micros", Why.WRONG_TYPE),
        (SUCCEEDED, {"amount_micros": True}, "amount_micros", Why.WRONG_TYPE),
        (SUCCEEDED, {"currency": "usd"}, "currency", Why.UNKNOWN_VALUE),
        (SUCCEEDED, {"currency": "USD\n"}, "currency", Why.TOO_LONG),
        (SUCCEEDED, {"payment_id": "pi 1"}, "payment_id", Why.UNKNOWN_VALUE),
        (SUCCEEDED, {"payment_id": "p" * 129}, "payment_id", Why.TOO_LONG),
        (SUCCEEDED, {"at_ms": 4_133_980_800_001}, "at_ms", Why.OUT_OF_RANGE),
        (SUCCEEDED, {"tenant_id": "ac/me"}, "tenant_id", Why.UNKNOWN_VALUE),
        (DECLINED, {"decline_class": "firm"}, "decline_class", Why.UNKNOWN_VALUE),
        (DECLINED, {"code": ""}, "code", Why.OUT_OF_RANGE),
        (UNKNOWN, {"command_id": "\u00b2"}, "command_id", Why.UNKNOWN_VALUE),
    ],
)
def test_a_fault_names_the_field(
    record: dict[str, Any], changes: dict[str, Any], field: str, reason: Why
) -> None:
    found = read(record, **changes)

    assert isinstance(found, Malformed)
    assert (field, reason) == (found.field, found.reason)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, Why.EMPTY),
        (b"", Why.EMPTY),
        (b"{not json", Why.NOT_JSON),
        (b'{"note": "\xff"}', Why.NOT_UTF8),
        (b"[]", Why.WRONG_TYPE),
        (json.dumps(SUCCEEDED).encode()[:-1] + b', "amount_micros": 1}', Why.DUPLICATE_FIELD),
        (b" " * (RECORD_BYTES_MAX + 1), Why.TOO_LONG),
    ],
)
def test_what_is_no_result_is_a_value(value: bytes | None, reason: Why) -> None:
    found = decode_result(value)

    assert isinstance(found, Malformed)
    assert reason == found.reason


@given(st.binary(max_size=80))
def test_no_bytes_make_it_raise(value: bytes) -> None:
    decode_result(value)
