"""A language: its words, and amounts, counts and dates as its readers write them.

Amounts are rounded in integers; Babel, which knows what CLDR says of the locale, writes what is exact already. Nothing
depends on the locale of the machine.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, get_currency_precision

from rater.core.money import MICROS_DECIMALS, div_half_even
from rater.shell.notifier.languages.decline_reasons import REASONS
from rater.shell.notifier.languages.words import OTHER, Words
from rater.wire.pricing.amounts import format_micros
from rater.wire.settings.currencies import iso_decimals

_NBSP: Final = "\u00a0"
_NARROW_NBSP: Final = "\u202f"
"""What CLDR parts thousands with in French. Fonts of mail readers lack it."""


class Language:
    """One language, under its code in records."""

    def __init__(self, code: str, words: Words) -> None:
        self.code: Final = code
        self.words: Final = words

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
        return self.words.amount.format(number=number, currency=currency)

    def count(self, number: int) -> str:
        """Return a whole number with its thousands apart."""
        return self._number(Decimal(number), "#,##0")

    def _number(self, number: Decimal, pattern: str) -> str:
        text = format_decimal(number, pattern, self.words.locale, decimal_quantization=False)
        return text.replace(_NARROW_NBSP, _NBSP)

    def moment(self, at_ms: int) -> str:
        """Return an instant to the minute, in UTC and in words."""
        at, pattern = datetime.fromtimestamp(at_ms // 1_000, UTC), self.words.moment
        if at.day == 1 and self.words.moment_on_the_first:
            pattern = self.words.moment_on_the_first
        return format_datetime(at, pattern, locale=self.words.locale)

    def month(self, month: str) -> str:
        """Return a month, written as 2026-12, in words."""
        first = date.fromisoformat(f"{month}-01")
        return format_date(first, "LLLL y", locale=self.words.locale)

    def kind(self, kind: str) -> str:
        """Return what a kind of letter is about, in a few words."""
        return self.words.kinds.get(kind, self.words.kinds[OTHER])

    def call_classes(self, names: tuple[str, ...]) -> str:
        """Return classes of calls in words; what we have no words for are other calls."""
        words = self.words.call_classes
        return ", ".join(dict.fromkeys(words.get(name, words[OTHER]) for name in names))

    def decline(self, code: str) -> str:
        """Return the reason of a decline in words; "" where there is none for these readers."""
        reason = REASONS.get(code)
        return "" if reason is None else str(getattr(self.words.declines, reason))


def usual_decimals(currency: str) -> int:
    """Return how many decimals amounts of a currency have: ISO's; of funds codes, which it has no row of, CLDR's."""
    decimals = iso_decimals(currency)
    return min(get_currency_precision(currency), MICROS_DECIMALS) if decimals is None else decimals
