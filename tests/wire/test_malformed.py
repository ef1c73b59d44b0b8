"""Malformed: the reason, the field and the value of what could not be read. See also the poison corpus."""

import json
import sys
import time
from datetime import datetime
from typing import Annotated, Any, Literal, get_args

import msgspec
import pytest
from msgspec import Meta

from rater.core.cdr import Cdr
from rater.core.limits import RECORD_BYTES_MAX
from rater.wire.cdrs import decode_cdr
from rater.wire.malformed import (
    _KINDS,
    BRANCHES_MAX,
    NESTED_MAX,
    Malformed,
    Why,
    repeated_field,
    undecodable,
    unfit,
)
from tests.build import cdr_bytes
from topics.records import DeadReason


def why(value: bytes | None) -> Malformed:
    found = decode_cdr(value)
    assert isinstance(found, Malformed), found
    return found


def test_every_reason_is_published() -> None:
    assert set(Why) == set(get_args(DeadReason))


@pytest.mark.parametrize(
    ("value", "reason", "field"),
    [
        (None, Why.EMPTY, None),
        (b"", Why.EMPTY, None),
        (cdr_bytes(note="a").replace(b'"a"', b'"\xff"'), Why.NOT_UTF8, None),
        (b"{", Why.NOT_JSON, None),
        (b"[]", Why.WRONG_TYPE, None),
        (cdr_bytes()[:-1] + b', "to": "+1"}', Why.DUPLICATE_FIELD, "to"),
        (b"{}", Why.MISSING_FIELD, "cdr_id"),
        (cdr_bytes(billsec=1.5), Why.WRONG_TYPE, "billsec"),
        (cdr_bytes(billsec=-1), Why.OUT_OF_RANGE, "billsec"),
        (cdr_bytes(kind="partial"), Why.UNKNOWN_VALUE, "kind"),
        (cdr_bytes(to="+"), Why.BAD_NUMBER, "to"),
        (cdr_bytes(started_at="today"), Why.BAD_TIME, "started_at"),
        (cdr_bytes(cdr_id="x" * 129), Why.TOO_LONG, "cdr_id"),
    ],
)
def test_a_message_is_refused_for_a_reason_at_a_field(
    value: bytes | None, reason: Why, field: str | None
) -> None:
    found = why(value)

    assert (found.reason, found.field) == (reason, field)


def test_the_detail_shows_what_stood_there() -> None:
    assert why(cdr_bytes(billsec=-1)).detail == "must be at least 0, found -1"


def test_a_long_value_is_shown_in_part() -> None:
    detail = why(cdr_bytes(billsec="9" * 10_000)).detail

    assert detail.endswith("9...")
    assert len(detail) < 200


def test_the_words_of_the_sender_do_not_choose_the_reason() -> None:
    found = why(cdr_bytes(kind="missing required field `to`"))

    assert (found.reason, found.field) == (Why.UNKNOWN_VALUE, "kind")


def test_a_number_with_thousands_of_digits_is_out_of_range_and_not_shown() -> None:
    found = why(cdr_bytes(billsec=7).replace(b": 7", b": " + b"7" * 5_000))

    assert (found.reason, found.detail) == (
        Why.OUT_OF_RANGE,
        "must be an integer of at most 19 digits",
    )


@pytest.mark.parametrize("depth", [NESTED_MAX, NESTED_MAX + 1, 900, 990, 995, 1_000, 100_000])
def test_nesting_is_bounded_by_us_and_not_by_how_deep_the_caller_stands(depth: int) -> None:
    value = cdr_bytes(note=0).replace(b": 0}", b": " + b"[" * depth + b"]" * depth + b"}")
    results = [decode_cdr(value), _from_below(value, 300)]

    assert results[0] == results[1]
    # The record itself is the first level.
    assert isinstance(results[0], Malformed) == (depth >= NESTED_MAX)


def _from_below(value: bytes, frames: int) -> object:
    assert sys.getrecursionlimit() >= 1_000
    return decode_cdr(value) if not frames else _from_below(value, frames - 1)


def test_brackets_within_a_text_are_no_nesting() -> None:
    value = cdr_bytes(note="[" * 5_000 + '"{\\' * 500)

    assert not isinstance(decode_cdr(value), Malformed)


def test_a_record_of_very_many_fields_is_read_in_no_time() -> None:
    fields = json.dumps({str(number): 1 for number in range(150_000)}).encode()
    began = time.monotonic()

    assert repeated_field(cdr_bytes()[:-1] + b", " + fields[1:]) is None
    assert time.monotonic() - began < 10.0


def test_of_several_repeated_fields_the_first_in_the_alphabet_is_named() -> None:
    found = repeated_field(b'{"b": 1, "b": 2, "a": {"c": 1, "c": 1}, "a": 3}')

    assert found is not None
    assert (found.field, found.detail) == ("a", "stands twice in one object")


def test_a_repeated_name_of_nothing_has_no_field() -> None:
    found = repeated_field(b'{"": 1, "": 2}')

    assert found is not None
    assert (found.reason, found.field) == (Why.DUPLICATE_FIELD, None)


def test_a_value_is_unfit_when_there_is_none_or_too_much_of_it() -> None:
    assert unfit(b"").reason is Why.EMPTY
    assert why(b" " * (RECORD_BYTES_MAX + 1)).reason is Why.TOO_LONG
    assert why(b" " * RECORD_BYTES_MAX).reason is Why.NOT_JSON


@pytest.mark.parametrize("branch", ["[]", "{}", '{"a": 1}', "[[1]]"])
def test_unknown_fields_may_hold_so_many_lists_and_objects_and_no_more(branch: str) -> None:
    per_branch = branch.count("[") + branch.count("{")
    most = (BRANCHES_MAX - 2) // per_branch
    few, many = ([json.loads(branch)] * count for count in (most, most + 1 + per_branch))

    assert isinstance(decode_cdr(cdr_bytes(note=few)), Cdr)
    found = why(cdr_bytes(note=many))
    assert (found.reason, found.detail) == (
        Why.TOO_LONG,
        f"must have at most {BRANCHES_MAX} lists and objects",
    )


def test_brackets_in_a_text_are_no_lists() -> None:
    assert isinstance(decode_cdr(cdr_bytes(note="[{" * 20_000)), Cdr)


class One(msgspec.Struct, tag="one", tag_field="type"):
    x: int


class Two(msgspec.Struct, tag="two", tag_field="type"):
    x: int


COMPLAINTS: dict[str, tuple[Any, bytes, Why]] = {
    "Invalid enum value": (Literal["a"], b'"z"', Why.UNKNOWN_VALUE),
    "Invalid value": (One | Two, b'{"type":"z"}', Why.UNKNOWN_VALUE),
    "missing required field": (One, b'{"type":"one"}', Why.MISSING_FIELD),
    "Invalid RFC3339": (datetime, b'"x"', Why.BAD_TIME),
    "timezone component": (
        Annotated[datetime, Meta(tz=True)], b'"2026-01-01T00:00:00"', Why.BAD_TIME,
    ),
    "of length <=": (Annotated[str, Meta(max_length=1)], b'"zz"', Why.TOO_LONG),
    "of length >=": (Annotated[str, Meta(min_length=2)], b'"z"', Why.OUT_OF_RANGE),
    "matching regex": (Annotated[str, Meta(pattern="^a$")], b'"z"', Why.UNKNOWN_VALUE),
    "Integer value out of range": (int, b"9" * 5_000, Why.OUT_OF_RANGE),
    "out of range": (float, b"1e400", Why.OUT_OF_RANGE),
    ">= ": (Annotated[int, Meta(ge=1)], b"0", Why.OUT_OF_RANGE),
    "<= ": (Annotated[int, Meta(le=1)], b"2", Why.OUT_OF_RANGE),
    "Expected": (int, b'"x"', Why.WRONG_TYPE),
}  # fmt: skip


def test_every_text_of_msgspec_that_we_look_for_has_its_complaint_here() -> None:
    assert list(COMPLAINTS) == [mark for mark, _ in _KINDS]


@pytest.mark.parametrize("mark", COMPLAINTS)
def test_msgspec_says_what_we_look_for(mark: str) -> None:
    """When this fails, msgspec has changed its words: dead letters would have another reason."""
    wanted, value, reason = COMPLAINTS[mark]
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.json.decode(value, type=wanted)

    assert mark in str(refused.value)
    assert undecodable(value, refused.value).reason is reason
