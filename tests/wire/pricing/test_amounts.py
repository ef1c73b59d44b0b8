"""Decimal text to integers and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.wire.pricing.amounts import format_micros, format_nanos, parse_decimal, parse_micros


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("0", 0),
        ("0.125", 125_000),
        ("1.", None),
        (".5", 500_000),
        ("-2.50", -2_500_000),
        ("12345678901", 12_345_678_901_000_000),
        ("0.000001", 1),
    ],
)
def test_decimal_text_is_read(text: str, micros: int | None) -> None:
    found = parse_micros(text)

    assert (None if isinstance(found, str) else found) == micros


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        ".",
        "1e3",
        "NaN",
        "inf",
        "+1",
        " 1",
        "1,5",
        "\N{ARABIC-INDIC DIGIT ONE}",
        "0x1",
        "--1",
    ],
)
def test_what_is_no_decimal_number_is_told(text: str) -> None:
    assert parse_micros(text) == "is not a decimal number"


def test_a_number_that_is_too_long_is_told() -> None:
    assert parse_micros("1" * 31) == "has more than 30 characters"
    assert parse_micros("1" * 30) == int("1" * 30) * 10**6


def test_too_many_decimals_are_told_not_rounded() -> None:
    assert parse_micros("0.0000001") == "has more than 6 decimals"
    assert parse_decimal("0.0000000001", 9) == "has more than 9 decimals"


@given(st.integers(-(10**18), 10**18))
def test_amounts_survive_being_written_and_read(micros: int) -> None:
    assert parse_micros(format_micros(micros)) == micros


def test_amounts_have_two_decimals_or_more() -> None:
    assert [format_micros(n) for n in (0, 500_000, 58_000, -1)] == [
        "0.00",
        "0.50",
        "0.058",
        "-0.000001",
    ]
    assert format_nanos(133_333_333) == "0.133333333"
