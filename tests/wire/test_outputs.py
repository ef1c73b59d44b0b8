"""What we write: entries as they are, suspense records whole, dead letters cut."""

import base64
import hashlib
import json

import pytest

from rater.core.limits import DEAD_BYTES_KEPT_MAX, RECORD_BYTES_MAX
from rater.core.suspension import Suspension
from rater.wire.malformed import Malformed, Why
from rater.wire.outputs import (
    encode,
    encode_dead,
    encode_suspended,
)
from tests.build import NOW, cdr, cdr_bytes, order, source
from topics.catalog import SUSPENSE

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


@pytest.mark.parametrize("size", [DEAD_BYTES_KEPT_MAX + 1, 3_000_000])
def test_what_a_dead_letter_does_not_keep_it_names_by_length_and_digest(size: int) -> None:
    key, value = b"k" * size, b"v" * size
    dead = encode_dead(key, value, source(), WHY)
    found = json.loads(dead)

    for name, text in (("key", key), ("value", value)):
        assert base64.b64decode(found[f"{name}_b64"]) == text[:DEAD_BYTES_KEPT_MAX]
        assert found[f"{name}_bytes"] == size
        assert found[f"{name}_sha256"] == hashlib.sha256(text).hexdigest()
    assert found["detail"] == "a stray comma"
    assert len(dead) < 200_000


def test_of_what_is_kept_whole_there_is_no_digest() -> None:
    found = letter(b"k", b"v" * DEAD_BYTES_KEPT_MAX)

    assert {"value_bytes", "value_sha256", "key_bytes", "source_last_offset"}.isdisjoint(found)


def test_a_dead_letter_of_many_records_names_the_last() -> None:
    why = Malformed(Why.NOT_UNPACKED, None, "too much")
    found = json.loads(encode_dead(None, None, source(), why, 41))

    assert (found["source_offset"], found["source_last_offset"]) == (7, 41)


@pytest.mark.parametrize("filler", [b'\\"', b"\\\\", b"\\/"])
def test_the_largest_cdr_fits_a_suspense_record(filler: bytes) -> None:
    room = RECORD_BYTES_MAX - len(cdr_bytes(note="")) - 2
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
