"""Marks and dead letters of deliveries: as the catalog publishes them."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.cdr import Source
from rater.shell.admin.validation import RecordCheck
from rater.shell.notifier.sent import PartitionMarks
from rater.wire.malformed import Malformed
from rater.wire.outputs import encode
from rater.wire.recharge.deliveries import decode_mark, encode_undelivered
from rater.wire.recharge.notifications import decode_notification
from topics.catalog import NOTIFICATIONS_DEAD, NOTIFIER_SENT
from topics.records.deliveries import MARK_LAYOUT, SentMark
from topics.schema import FOLDER

LINE = (FOLDER / "examples" / "notifications.v1.valid.jsonl").read_bytes().splitlines()[0]
MARK = SentMark(
    MARK_LAYOUT, "acme/14/recharged/pi_3QK7", "email", "6f0b" * 8, "undelivered", 1_772_361_060_000
)


def test_a_mark_is_the_published_record_and_is_read_back() -> None:
    value = encode(MARK)

    assert [] == RecordCheck(NOTIFIER_SENT).problems(json.loads(value))
    assert MARK == decode_mark(value)


NOT_HEX = encode(msgspec.structs.replace(MARK, recipient="office@umbrella.example/x-digest"))


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{",
        b"\xff",
        b'{"layout":1,"state":"lost"}',
        NOT_HEX,
        b"[" * 200_000,
        b'{"a":' * 200_000,
    ],
    ids=["none", "empty", "cut", "not utf-8", "state", "not hex", "deep", "deep objects"],
)
def test_what_is_no_mark_is_none(value: bytes | None) -> None:
    assert decode_mark(value) is None


@pytest.mark.parametrize(
    ("written", "found"), [(b'"layout":2,', "found 2"), (b"", "found none")], ids=["newer", "older"]
)
def test_a_mark_of_another_layout_is_refused_by_both_numbers(written: bytes, found: str) -> None:
    other = encode(MARK).replace(b'"layout":1,', written)

    with pytest.raises(ValueError, match=f"notifier mark layout: must be 1, {found}: another"):
        decode_mark(other)


def test_a_dead_letter_is_the_published_record_and_keeps_the_notification() -> None:
    notice = decode_notification(LINE)
    assert not isinstance(notice, Malformed)
    source = Source("n", 3, 17, 5)
    letter = json.loads(encode_undelivered(notice, LINE, source, MARK, ("refused", "x" * 2_000, 1)))

    assert [] == RecordCheck(NOTIFICATIONS_DEAD).problems(letter)
    assert LINE.decode() == letter["notification"]


@given(st.binary(max_size=200), st.integers(0, 150), st.integers(0, 40))
def test_no_bytes_make_reading_a_mark_raise_but_for_its_layout(
    noise: bytes, at: int, length: int
) -> None:
    value = encode(MARK)
    for each in (noise, value[:at] + noise + value[at + length :]):
        try:
            mark = decode_mark(each)
        except ValueError as error:
            assert "layout: must be 1" in str(error)  # noqa: PT017  # No other is allowed.
            continue
        if mark is not None:
            PartitionMarks().note(mark)
