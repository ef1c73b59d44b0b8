"""Calls that people type in, and their prices as people read them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.cdr import Cdr
from rater.core.pricing.decks import Deck, DeckBook, Heading, Row
from rater.core.pricing.zones import UTC
from rater.wire.pricing.quotes import BadCall, Quoter, read_call, read_call_line

CALL = {"to": "+33142685300", "answered_at": "2024-01-31T23:00:00Z", "duration": 61}


def quoter() -> Quoter:
    deck = Deck.of(Heading("d", 1, "USD", 0, UTC), [Row(2, "33", 100_000_000)])
    assert isinstance(deck, Deck)
    return Quoter(DeckBook.of([deck]), "d", "USD")


def test_a_call_is_read_with_its_defaults() -> None:
    found = read_call(CALL)

    assert isinstance(found, Cdr)
    assert (found.direction, found.from_, found.usage_country) == ("out", None, None)
    assert (found.answered_ms, found.billsec) == (1_706_742_000_000, 61)


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("to", "", ""),
        ("to", 33, "33"),
        ("to", None, "null"),
        ("to", "+33x", "+33x"),
        ("answered_at", 5, "5"),
        ("duration", "61", "61"),
        ("duration", -1, "-1"),
        ("duration", 2_678_401, "2678401"),
        ("from", 7, "7"),
        ("from", "x" * 65, "x" * 65),
        ("direction", "up", "up"),
        ("direction", ["out"], '["out"]'),
        ("country", "fr", "fr"),
        ("service_number_type", "", ""),
        ("service_number_type", 1, "1"),
    ],
)
def test_a_bad_field_is_told_with_its_value(field: str, value: object, shown: str) -> None:
    found = read_call(CALL | {field: value})

    assert isinstance(found, BadCall)
    assert (found.field, found.value) == (field, shown)


_HEAD = '{"to":"112","answered_at":"2024-01-31T23:00:00Z","duration":1'


@pytest.mark.parametrize(
    ("rest", "field", "shown", "detail"),
    [
        (',"form":"+33"}', "form", "+33", "is not a known field (did you mean from?)"),
        (',"duration":2}', "duration", "2", "stands twice in one object"),
        (',"":null}', "", "null", "is not a known field"),
        (',"direction":""}', "direction", "", "is neither out nor in"),
        (',"direction":false}', "direction", "false", "is neither out nor in"),
        ("0" * 65_536 + "}", None, _HEAD + "0" * (120 - len(_HEAD)), "has more than 65536 bytes"),
    ],
)
def test_a_line_that_says_more_than_a_call_is_told(
    rest: str, field: str | None, shown: str, detail: str
) -> None:
    assert read_call_line((_HEAD + rest).encode()) == BadCall(field, shown, detail)


def test_a_byte_order_mark_before_a_line_is_no_fault() -> None:
    assert isinstance(read_call_line(b"\xef\xbb\xbf" + _HEAD.encode() + b"}\r\n"), Cdr)


@given(st.binary(max_size=60))
def test_no_line_makes_it_raise(line: bytes) -> None:
    assert isinstance(read_call_line(line), BadCall)


def test_a_call_of_no_seconds_costs_nothing_and_says_why() -> None:
    found = read_call(CALL | {"duration": 0})
    assert isinstance(found, Cdr)

    answer = quoter().quote(found)

    assert (answer["outcome"], answer["reason"]) == ("free", "zero_duration")
    assert (answer["charge"], answer["prefix"], answer["lines"]) == ("0.00", None, [])


def test_every_answer_has_the_same_fields() -> None:
    calls = [read_call(CALL | {"to": to}) for to in ("+33142685300", "+442079460034", "112")]
    answers = [quoter().quote(call) for call in calls if isinstance(call, Cdr)]

    assert [set(answer) - {"detail"} for answer in answers] == [set(answers[0])] * 3
    assert [answer["outcome"] for answer in answers] == ["rated", "unrated", "free"]
    json.dumps(answers)


def test_a_call_in_grace_says_of_how_many_seconds() -> None:
    deck = Deck.of(Heading("d", 1, "USD", 0, UTC), [Row(2, "33", 100_000_000, grace_s=6)])
    assert isinstance(deck, Deck)
    call = read_call(CALL | {"duration": 5})
    assert isinstance(call, Cdr)

    quote = Quoter(DeckBook.of([deck]), "d", "USD").quote(call)

    assert (quote["outcome"], quote["reason"], quote["charge"]) == ("free", "grace", "0.00")
    assert quote["detail"] == "duration: shorter than the grace of 6 seconds of prefix 33"
    assert (quote["prefix"], quote["billed_seconds"], quote["lines"]) == ("33", 0, [])
