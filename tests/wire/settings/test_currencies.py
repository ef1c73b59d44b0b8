"""Currencies: the table that ships, its sources, and the limits that it makes."""

from rater.core.limits import AMOUNT_MICROS_MAX
from rater.wire.settings.currencies import load_currencies, parse_currencies, shipped_settings
from tests.build import UNIT
from topics.records.charging_settings import CurrencyTerms


def test_the_table_says_where_it_comes_from_and_of_when() -> None:
    decimals, magnitudes = load_currencies().sources

    assert decimals.startswith("decimals: ISO 4217 list one, published 20")
    assert magnitudes.startswith("magnitudes: by hand, rates of 20")


def test_decimals_are_those_of_iso_4217() -> None:
    terms = load_currencies().terms

    found = {code: terms[code].decimals for code in ("USD", "JPY", "VND", "KWD", "ISK", "MGA")}
    assert found == {"USD": 2, "JPY": 0, "VND": 0, "KWD": 3, "ISK": 0, "MGA": 2}


def test_limits_are_those_of_a_dollar_in_the_order_of_the_currency() -> None:
    table = parse_currencies("# a\n# b\ncurrency,decimals,magnitude\nVND,0,4\nIRR,2,7\n")

    assert table.sources == ("a", "b")
    assert table.terms["VND"] == CurrencyTerms(
        "VND", 0, 10_000_000 * UNIT, 500_000 * UNIT, AMOUNT_MICROS_MAX
    )
    assert table.terms["IRR"].spend_per_hour_micros == AMOUNT_MICROS_MAX


def test_what_ships_is_version_0_of_always() -> None:
    settings = shipped_settings()

    assert (settings.version, settings.valid_from_ms, settings.window_days) == (0, 0, 7)
    assert len(settings.currencies) > 150


def test_the_bound_of_a_balance_is_in_the_order_of_the_currency() -> None:
    bounds = {name: terms.balance_max_micros for name, terms in load_currencies().terms.items()}

    assert bounds["USD"] == 10**15
    assert bounds["JPY"] > bounds["USD"]
    assert bounds["VND"] == bounds["IRR"] == AMOUNT_MICROS_MAX < 2**53
