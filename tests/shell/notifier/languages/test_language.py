"""Amounts and dates in words: rounded half to even by integers alone, in the reader's form."""

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rater.core.limits import AMOUNT_MICROS_MAX
from rater.shell.notifier.languages.registry import language
from rater.views.locale import usual_decimals

N = "\u00a0"
EN, FR = language("en"), language("fr")


@pytest.mark.parametrize(
    ("micros", "currency", "english", "french"),
    [
        (1_234_500_000, "USD", "1,234.50 USD", f"1{N}234,50{N}USD"),
        (0, "EUR", "0.00 EUR", f"0,00{N}EUR"),
        (-200_000, "USD", "-0.20 USD", f"-0,20{N}USD"),
        (5_000, "USD", "0.00 USD", f"0,00{N}USD"),
        (15_000, "USD", "0.02 USD", f"0,02{N}USD"),
        (-4_999, "USD", "0.00 USD", f"0,00{N}USD"),
        (1_500_000, "JPY", "2 JPY", f"2{N}JPY"),
        (2_500_000, "JPY", "2 JPY", f"2{N}JPY"),
        (1_234_567, "KWD", "1.235 KWD", f"1,235{N}KWD"),
        (AMOUNT_MICROS_MAX, "USD", "9,000,000,000.00 USD", f"9{N}000{N}000{N}000,00{N}USD"),
    ],
)
def test_an_amount_is_written_as_its_reader_writes_it(
    micros: int, currency: str, english: str, french: str
) -> None:
    assert english == EN.amount(micros, currency)
    assert french == FR.amount(micros, currency)


@given(st.integers(-AMOUNT_MICROS_MAX, AMOUNT_MICROS_MAX))
def test_rounding_is_that_of_decimal(micros: int) -> None:
    expected = Decimal(micros).scaleb(-6).quantize(Decimal("0.01"), ROUND_HALF_EVEN)

    assert Decimal(EN.amount(micros, "USD").replace(",", "").removesuffix(" USD")) == expected


def test_an_exact_amount_hides_nothing() -> None:
    assert EN.exact_amount(99_998_000, "USD") == "99.998 USD"
    assert FR.exact_amount(-1_099_998_000, "USD") == f"-1{N}099,998{N}USD"


def test_a_moment_is_in_words_and_in_utc() -> None:
    assert EN.moment(1_772_361_060_000) == "1 March 2026, 10:31 UTC"
    assert FR.moment(1_772_361_060_999) == "1er mars 2026 à 10:31 UTC"
    assert FR.moment(1_785_542_400_000) == "1er août 2026 à 00:00 UTC"
    assert EN.moment(0) == "1 January 1970, 00:00 UTC"
    assert FR.moment(4_133_980_800_000) == "1er janvier 2101 à 00:00 UTC"


def test_counts_and_classes_of_calls_are_words_and_an_unknown_class_is_other_calls() -> None:
    assert (EN.count(87_600), FR.count(87_600)) == ("87,600", f"87{N}600")
    assert EN.call_classes(("toll_free", "carrier_pigeon")) == "toll-free calls, other calls"


def test_usual_decimals_are_those_of_iso_and_of_funds_codes_those_of_cldr() -> None:
    found = {code: usual_decimals(code) for code in ("USD", "JPY", "KWD", "AFN", "CLF", "XXX")}

    assert found == {"USD": 2, "JPY": 0, "KWD": 3, "AFN": 2, "CLF": 4, "XXX": 2}
