"""Amounts, exact, with the currency behind them; nothing is rounded for reading."""

from rater.wire.pricing.amounts import format_micros
from topics.fields import NO_CURRENCY


def money(micros: int | None, currency: str | None) -> str:
    """Return an amount with its currency; "-" where there is none, as of an account without credits.

    >>> money(-26_400, "USD"), money(None, None)
    ('-0.0264 USD', '-')
    """
    if micros is None or currency in {None, NO_CURRENCY}:
        return "-"
    return f"{format_micros(micros)} {currency}"
