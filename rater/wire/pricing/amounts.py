"""Amounts: decimal text, as people read and type it, to integers and back. No float on the way."""

import re

from rater.core.money import MICROS_DECIMALS, NANOS_DECIMALS

_DECIMAL = re.compile(r"(-?)([0-9]*)(?:\.([0-9]+))?", re.ASCII)
_DIGITS_MAX = 30
_SHOWN_DECIMALS = 2


def parse_micros(text: str) -> int | str:
    """Return an amount in micros, or what is wrong with the text: at most 6 decimals, no exponent.

    >>> parse_micros("-0.125"), parse_micros("1e3")
    (-125000, 'is not a decimal number')
    """
    return parse_decimal(text, MICROS_DECIMALS)


def parse_decimal(text: str, decimals: int) -> int | str:
    """Return a decimal number scaled to an integer, or what is wrong with the text."""
    match = _DECIMAL.fullmatch(text)
    if match is None:
        return "is not a decimal number"
    if len(text) > _DIGITS_MAX:
        return f"has more than {_DIGITS_MAX} characters"
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if not whole and not fraction:
        return "is not a decimal number"
    if len(fraction) > decimals:
        return f"has more than {decimals} decimals"
    scaled = int((whole or "0") + fraction.ljust(decimals, "0"))
    return -scaled if sign else scaled


def format_micros(micros: int) -> str:
    """Return an amount as decimal text: exact, with two decimals or more.

    >>> format_micros(500_000), format_micros(-58_000), format_micros(1)
    ('0.50', '-0.058', '0.000001')
    """
    return format_decimal(micros, MICROS_DECIMALS)


def format_nanos(nanos: int) -> str:
    """Return a rate or a span's amount as decimal text: exact, with two decimals or more."""
    return format_decimal(nanos, NANOS_DECIMALS)


def format_decimal(scaled: int, decimals: int) -> str:
    """Return a scaled integer as decimal text, without needless zeros beyond two decimals."""
    whole, fraction = divmod(abs(scaled), 10**decimals)
    digits = f"{fraction:0{decimals}}".rstrip("0").ljust(_SHOWN_DECIMALS, "0")
    return f"{'-' if scaled < 0 else ''}{whole}.{digits}"
