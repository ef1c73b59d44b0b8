"""Masking of texts: what stands in a record is hidden, wherever in it, and nothing else changes."""

from hypothesis import given
from hypothesis import strategies as st

from rater.wire.masking import masked_detail, masked_json, masked_text
from topics.records import NumberMask

MASKS = (NumberMask("+33", 4), NumberMask("", 3))


def test_numbers_are_hidden_wherever_they_stand() -> None:
    text = b'{"to": "+33612345678", "from" : "0142685300", "x": {"note": "ask +442079460000."}}'

    assert (
        b'{"to": "+3361234****", "from" : "0142685***", "x": {"note": "ask +442079460***."}}'
        == masked_text(text, MASKS)
    )
    assert text == masked_text(text, ())


def test_ids_and_times_stay() -> None:
    text = (
        b'{"cdr_id": "20260110110000123", "at_ms": 1767603660000, "t": "2026-01-10T11:00:00+01:00"}'
    )

    assert text == masked_text(text, MASKS)


def test_a_number_cannot_hide_in_escapes() -> None:
    text = b'{"to": "\\u002b3361234\\u0035678", "from": "0142\\u003685300"}'

    assert b'{"to":"+3361234****","from":"0142685***"}' == masked_json(text, MASKS)
    assert text == masked_json(text, ())


def test_a_sentence_about_a_number_hides_it() -> None:
    assert "to: no prefix of acs matches +3361234****" == masked_detail(
        "to: no prefix of acs matches +33612345678", MASKS
    )
    assert "from: '0142685***' does not say" == masked_detail(
        "from: '0142685300' does not say", MASKS
    )
    assert "ended_at: 1767603660000" == masked_detail("ended_at: 1767603660000", MASKS)


@given(st.binary(max_size=60))
def test_no_bytes_make_it_raise_and_the_length_stays(text: bytes) -> None:
    assert len(text) == len(masked_text(text, MASKS))
