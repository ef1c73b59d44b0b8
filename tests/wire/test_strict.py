"""Strict reading: whatever bytes come, a value says what is wrong with them."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.wire.malformed import Malformed, Why
from rater.wire.strict import read_strictly


class Pair(msgspec.Struct):
    """Something to read."""

    left: int
    right: str = ""


decode = msgspec.json.Decoder(Pair).decode


@pytest.mark.parametrize(
    ("value", "reason", "field"),
    [
        (None, Why.EMPTY, None),
        (b"", Why.EMPTY, None),
        (b'{"left":1,"right":"' + b"x" * 60 + b'"}', Why.TOO_LONG, None),
        (b"{not json", Why.NOT_JSON, None),
        (b'{"right":"x"}', Why.MISSING_FIELD, "left"),
        (b'{"left":"1"}', Why.WRONG_TYPE, "left"),
        (b'{"left":1,"left":2}', Why.DUPLICATE_FIELD, "left"),
        (b'{"left":1,"right":"\xff"}', Why.NOT_UTF8, None),
    ],
)
def test_what_is_wrong_is_said_with_its_field(
    value: bytes | None, reason: Why, field: str | None
) -> None:
    read = read_strictly(decode, value, bytes_max=64)

    assert isinstance(read, Malformed)
    assert (reason, field) == (read.reason, read.field)


def test_what_is_right_is_read() -> None:
    assert Pair(1, "x") == read_strictly(decode, b'{"left":1,"right":"x"}')


@given(st.binary(max_size=80))
def test_no_bytes_make_it_raise(value: bytes) -> None:
    read_strictly(decode, value)
