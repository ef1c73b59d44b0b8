"""Currencies: the table that ships, and the charging settings that it makes: version 0.

`rater/data/currencies.csv` is made by deploy/make_currencies.py; the lines that begin with # name its sources and their
dates. A magnitude is the power of ten nearest to the units that a US dollar buys: where a dollar's limits are 1,000 and
50, those of a currency of magnitude 4 are 10,000,000 and 500,000. The bound of a balance grows likewise, up to the
largest amount that there is.
"""

import csv
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from rater.core.charging_settings import (
    SHIPPED,
    ChargingSettings,
    SettingsBook,
)
from rater.core.limits import (
    AMOUNT_MICROS_MAX,
    BALANCE_MAX_MICROS,
    CDR_BYTES_MAX,
    DURATION_TOLERANCE_PERCENT,
    DURATION_TOLERANCE_S,
    RECHARGE_MINIMUM_MICROS,
    SPEND_PER_HOUR_MICROS,
    WINDOW_DAYS,
)
from topics.records.charging_settings import CurrencyTerms


class CurrencyTable(NamedTuple):
    """The table: terms by currency, and where they come from."""

    terms: dict[str, CurrencyTerms]
    sources: tuple[str, ...]


def parse_currencies(text: str) -> CurrencyTable:
    """Read the table of a CSV text with the columns currency, decimals and magnitude."""
    lines = text.splitlines()
    sources = tuple(line.lstrip("# ") for line in lines if line.startswith("#"))
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    terms = (_terms(row["currency"], int(row["decimals"]), int(row["magnitude"])) for row in rows)
    return CurrencyTable({each.currency: each for each in terms}, sources)


def _terms(currency: str, decimals: int, magnitude: int) -> CurrencyTerms:
    dollar = 10**magnitude
    return CurrencyTerms(
        currency,
        decimals,
        min(SPEND_PER_HOUR_MICROS * dollar, AMOUNT_MICROS_MAX),
        RECHARGE_MINIMUM_MICROS * dollar,
        min(BALANCE_MAX_MICROS * dollar, AMOUNT_MICROS_MAX),
    )


@cache
def load_currencies() -> CurrencyTable:
    """Return the table that ships with the package."""
    return parse_currencies(files("rater").joinpath("data/currencies.csv").read_text("utf-8"))


def iso_decimals(currency: str) -> int | None:
    """Return how many decimals ISO 4217 gives a currency; None for what is no money of a country (funds, metals)."""
    terms = load_currencies().terms.get(currency)
    return None if terms is None else terms.decimals


@cache
def shipped_settings() -> ChargingSettings:
    """Return version 0."""
    return ChargingSettings(
        SHIPPED,
        0,
        load_currencies().terms,
        WINDOW_DAYS,
        DURATION_TOLERANCE_S,
        DURATION_TOLERANCE_PERCENT,
        CDR_BYTES_MAX,
    )


def shipped_book() -> SettingsBook:
    """Return a book in which nothing was published yet."""
    return SettingsBook(shipped_settings())
