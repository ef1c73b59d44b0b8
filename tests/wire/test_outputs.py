"""What we write: entries as they are, suspense records and dead letters whole."""

import base64
import json

import pytest

from rater.core.suspension import Suspension
from rater.wire.malformed import VALUE_BYTES_MAX, Malformed, Why
from rater.wire.outputs import (
    KEY_KEPT_MAX,
    VALUE_KEPT_MAX,
    encode,
    encode_dead,
    encode_suspended,
)
from tests.build import NOW, cdr, cdr_bytes, order, source
from topics.catalog import DEAD, SUSPENSE

WHY = Malformed(Why.NOT_JSON, None, "a stray comma")


def letter(key: bytes | None, value: bytes | None) -> dict[str, object]:
    found: dict[str, object] = json.loads(encode_dead(key, value, source(), WHY))
    return found


def test_a_dead_letter_holds_the_bytes_and_where_they_were() -> None:
    assert letter(b"\xff", b"\x00{") == {
        "dead_id": "cdr.raw.v1/0/7",
        "reason": "not_json",
        "detail": "a stray comma",
        "at_ms": NOW,
        "source_topic": "cdr.raw.v1",
        "source_partition": 0,
        "source_offset": 7,
        "key_b64": "/w==",
        "value_b64": "AHs=",
    }


def test_a_dead_letter_tells_no_value_from_an_empty_one() -> None:
    assert {"key_b64", "value_b64"}.isdisjoint(letter(None, None))
    assert letter(b"", b"")["value_b64"] == letter(b"", b"")["key_b64"] == ""


def test_a_detail_is_bounded() -> None:
    why = Malformed(Why.NOT_JSON, None, "x" * 5_000)

    assert len(json.loads(encode_dead(None, b"", source(), why))["detail"]) == 1_000


def test_what_no_dead_letter_can_hold_is_cut_and_the_letter_says_so() -> None:
    dead = encode_dead(b"k" * (KEY_KEPT_MAX + 1), b"v" * (VALUE_KEPT_MAX + 1), source(), WHY)
    found = json.loads(dead)

    assert base64.b64decode(found["key_b64"]) == b"k" * KEY_KEPT_MAX
    assert base64.b64decode(found["value_b64"]) == b"v" * VALUE_KEPT_MAX
    assert found["detail"].startswith(f"key: {KEY_KEPT_MAX + 1} bytes, of which the first")
    assert f"value: {VALUE_KEPT_MAX + 1} bytes" in found["detail"]
    assert len(dead) + 10_000 < DEAD.max_message_bytes


@pytest.mark.parametrize("filler", [b'\\"', b"\\\\", b"\\/"])
def test_the_largest_cdr_fits_a_suspense_record(filler: bytes) -> None:
    room = VALUE_BYTES_MAX - len(cdr_bytes(note="")) - 2
    value = cdr_bytes(note="@").replace(b"@", filler * (room // len(filler)))
    record = encode_suspended(cdr(), value, source(), Suspension("no_rate", "x" * 2_000))

    assert len(record) + 10_000 < SUSPENSE.max_message_bytes
    assert json.loads(record)["cdr"].encode() == value


def test_a_suspense_record_holds_the_text_and_the_reason() -> None:
    why = Suspension("misrouted", "key: None")
    found = json.loads(encode_suspended(cdr(), b'{"\xc3\xa9": 1}', source(), why, 3))

    assert (found["reason"], found["detail"], found["cdr"]) == (
        "misrouted",
        "key: None",
        '{"é": 1}',
    )
    assert (found["tenant_id"], found["cdr_id"], found["version"]) == ("acme", "c1", 1)
    assert (found["suspense_id"], found["belongs_to_partition"]) == ("cdr.raw.v1/0/7", 3)


def test_anything_is_encoded_as_it_is() -> None:
    assert json.loads(encode(order("close_account"))) == order("close_account")
