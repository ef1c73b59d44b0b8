"""Notifications from bytes: what the schema accepts is read, what it refuses is a value that names the field."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.cdr import Source
from rater.core.limits import RECORD_BYTES_MAX
from rater.wire.malformed import Malformed, Why
from rater.wire.outputs import encode, encode_dead
from rater.wire.recharge.notifications import decode_notification
from topics import records
from topics.catalog import NOTIFICATIONS
from topics.schema import FOLDER


def lines(kind: str) -> list[dict[str, Any]]:
    path = FOLDER / "examples" / f"{NOTIFICATIONS.name}.{kind}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


VALID = lines("valid")
INVALID = lines("invalid")


def why(value: bytes | None) -> Malformed:
    found = decode_notification(value)
    assert isinstance(found, Malformed), found
    return found


@pytest.mark.parametrize("fields", VALID, ids=lambda r: r["notification_id"])
def test_a_golden_example_is_read_and_written_as_it_was(fields: dict[str, Any]) -> None:
    found = decode_notification(json.dumps(fields).encode())

    assert not isinstance(found, Malformed), found
    written = json.loads(encode(found))
    assert written == {name: value for name, value in fields.items() if value is not None}
    assert fields["kind"] == found.kind


@pytest.mark.parametrize("line", INVALID, ids=lambda line: line["field"])
def test_what_the_schema_refuses_is_refused_at_the_same_field(line: dict[str, Any]) -> None:
    found = why(json.dumps(line["record"]).encode())

    assert line["field"] == found.field


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, Why.EMPTY),
        (b"", Why.EMPTY),
        (b"{not json", Why.NOT_JSON),
        (b'"text"', Why.WRONG_TYPE),
        (b"\xff", Why.NOT_UTF8),
        (b"[" * 60_000, Why.NOT_JSON),
        (b" " * (RECORD_BYTES_MAX + 1), Why.TOO_LONG),
        (json.dumps(VALID[0]).encode()[:-1] + b', "kind": "funds_added"}', Why.DUPLICATE_FIELD),
    ],
    ids=["none", "empty", "cut", "text", "not utf-8", "deep", "long", "twice"],
)
def test_bytes_that_are_no_notification_are_a_value(value: bytes | None, reason: Why) -> None:
    assert reason is why(value).reason


def test_an_unknown_field_is_named() -> None:
    found = why(json.dumps({**VALID[0], "card_number": "4242"}).encode())

    assert (Why.UNKNOWN_VALUE, "card_number") == (found.reason, found.field)


def test_the_dead_letter_of_bad_bytes_is_a_published_record() -> None:
    source = Source(NOTIFICATIONS.name, 3, 17, 5)
    letter = json.loads(encode_dead(b"acme", b"{", source, why(b"{")))

    assert "notifications.v1/3/17" == letter["dead_id"]
    assert set(letter) <= set(records.Dead.__struct_fields__)


@given(st.binary(max_size=80))
def test_no_bytes_make_decoding_raise(value: bytes) -> None:
    decode_notification(value)


@given(st.sampled_from(VALID), st.data())
def test_no_value_in_a_field_makes_decoding_raise(
    fields: dict[str, Any], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(fields)))
    other = data.draw(st.none() | st.booleans() | st.integers() | st.text(max_size=20))
    found = decode_notification(msgspec.json.encode({**fields, name: other}))

    assert isinstance(found, Malformed) or getattr(found, name) == other
