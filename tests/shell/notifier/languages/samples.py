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
    count: str
    """87,600."""
    first: str
    """The first of March 2026, 10:31 UTC."""
    other_day: str
    """The 23rd of August 2026, 00:00 UTC."""


SAMPLES = {
    "en": Sample(
        "1,234.50 %s", "-0.20 USD", "2 JPY", "-1,099.998 USD", "87,600",
        "1 March 2026, 10:31 UTC", "23 August 2026, 00:00 UTC",
    ),
    "fr": Sample(
        f"1{N}234,50{N}%s", f"-0,20{N}USD", f"2{N}JPY", f"-1{N}099,998{N}USD", f"87{N}600",
        "1er mars 2026 à 10:31 UTC", "23 août 2026 à 00:00 UTC",
    ),
}  # fmt: skip
