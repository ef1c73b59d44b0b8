"""What a reader of each language must find in a letter: written by hand, by what is usual in the language."""

from typing import NamedTuple

N = "\u00a0"


class Sample(NamedTuple):
    """Some values as a language writes them."""

    amount: str
    """1,234.50 units of a currency; the currency is `%s`."""
    negative: str
    """Minus a fifth of a US dollar."""
    yen: str
    """Two yen."""
    exact: str
    """1,099.998 US dollars less than nothing."""
    number: str
    """87,600."""
    first: str
    """The first of March 2026, 10:31 UTC."""
    other_day: str
    """The 23rd of August 2026, 00:00 UTC."""
    day: str
    """Funds expire in a day; in the letter's subject."""
    days: str
    """In seven."""
    hour: str
    """The balance lasts an hour; a row of the table."""
    hours: str
    """Eleven."""
    recharge: str
    """A cap of one recharge a day; in a sentence."""
    recharges: str
    """Of five."""


SAMPLES = {
    "de": Sample(
        f"1.234,50{N}%s", f"-0,20{N}USD", f"2{N}JPY", f"-1.099,998{N}USD", "87.600",
        "1. März 2026 um 10:31 UTC", "23. August 2026 um 00:00 UTC",
        "in 1 Tag", "in 7 Tagen", "  1 Stunde", "  11 Stunden",
        "von 1 Aufladung in 24 Stunden", "von 5 Aufladungen in 24 Stunden",
    ),
    "en": Sample(
        "1,234.50 %s", "-0.20 USD", "2 JPY", "-1,099.998 USD", "87,600",
        "1 March 2026, 10:31 UTC", "23 August 2026, 00:00 UTC",
        "in 1 day", "in 7 days", "  1 hour", "  11 hours",
        "of 1 recharge in 24 hours", "of 5 recharges in 24 hours",
    ),
    "fr": Sample(
        f"1{N}234,50{N}%s", f"-0,20{N}USD", f"2{N}JPY", f"-1{N}099,998{N}USD", f"87{N}600",
        "1er mars 2026 à 10:31 UTC", "23 août 2026 à 00:00 UTC",
        "dans 1 jour", "dans 7 jours", "  1 heure", "  11 heures",
        "de 1 recharge en 24 heures", "de 5 recharges en 24 heures",
    ),
}  # fmt: skip
