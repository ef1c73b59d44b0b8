"""Locale: amounts, counts and dates as the readers of a language write them.

Amounts are rounded in integers; Babel, which knows what CLDR says of the locale, writes what is exact already. Nothing
depends on the locale of the machine.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from babel.dates import format_date
from babel.numbers import format_decimal, get_currency_precision

from rater.core.money import MICROS_DECIMALS, div_half_even
from rater.wire.pricing.amounts import format_micros
from rater.wire.settings.currencies import iso_decimals

_NBSP: Final = "\u00a0"
_NARROW_NBSP: Final = "\u202f"
"""What CLDR parts thousands with in French. Fonts of mail readers lack it."""

AMOUNTS: Final = {
    "de": "{number}\u00a0{currency}",
    "en": "{number} {currency}",
    "fr": "{number}\u00a0{currency}",
}
"""By language, as records name it and Babel does, too: how an amount stands beside its currency."""


class Locale:
    """How one language writes."""

    def __init__(self, code: str) -> None:
        """Take a language that is in AMOUNTS."""
        self.code: Final = code

    def amount(self, micros: int, currency: str) -> str:
        """Return an amount, rounded half to even to the currency's usual decimals; never minus zero."""
        decimals = usual_decimals(currency)
        rounded = div_half_even(abs(micros), 10 ** (MICROS_DECIMALS - decimals))
        return self._amount(-rounded if micros < 0 else rounded, decimals, currency)

    def exact_amount(self, micros: int, currency: str) -> str:
        """Return an amount with all its decimals, where rounding would hide what is told."""
        digits = format_micros(abs(micros)).partition(".")[2]
        exact = micros // 10 ** (MICROS_DECIMALS - len(digits))
        return self._amount(exact, len(digits), currency)

    def _amount(self, units: int, decimals: int, currency: str) -> str:
        pattern = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
        number = self._number(Decimal(units).scaleb(-decimals), pattern)
        return AMOUNTS[self.code].format(number=number, currency=currency)

    def count(self, number: int) -> str:
        """Return a whole number with its thousands apart."""
        return self._number(Decimal(number), "#,##0")

    def _number(self, number: Decimal, pattern: str) -> str:
        text = format_decimal(number, pattern, self.code, decimal_quantization=False)
        return text.replace(_NARROW_NBSP, _NBSP)

    def month(self, month: str) -> str:
        """Return a month, written as 2026-12, in words."""
        first = date.fromisoformat(f"{month}-01")
        return format_date(first, "LLLL y", locale=self.code)

    def day(self, local_ms: int) -> str:
        """Return the day of a local time, ms since 1970 by the clocks of the place, in figures and words."""
        day = datetime.fromtimestamp(local_ms // 1_000, UTC).date()
        return format_date(day, "medium", locale=self.code)


def usual_decimals(currency: str) -> int:
    """Return how many decimals amounts of a currency have: ISO's; of funds codes, which it has no row of, CLDR's."""
    decimals = iso_decimals(currency)
    return min(get_currency_precision(currency), MICROS_DECIMALS) if decimals is None else decimals
