"""Numerals: a number in text, as strictly as records have it: ASCII digits, and no blank or underscore among them.

Python takes `1_0`, full-width digits, blanks around and `nan` for numbers; whoever reads what people wrote asks here.
"""

import re
from math import isfinite
from typing import Final

DIGITS_MAX: Final = 19
"""Digits of a whole number in text: as many as the largest of 64 bits has."""

_WHOLE: Final = re.compile(rf"-?[0-9]{{1,{DIGITS_MAX}}}", re.ASCII)
_DECIMAL: Final = re.compile(
    rf"-?[0-9]{{1,{DIGITS_MAX}}}(?:\.[0-9]{{1,{DIGITS_MAX}}})?(?:[eE][+-]?[0-9]{{1,3}})?", re.ASCII
)


def whole_number(text: str) -> int:
    """Return the whole number that a text is; ValueError where it is none.

    >>> whole_number("-12")
    -12
    >>> whole_number("1_0")
    Traceback (most recent call last):
    ValueError: must be a whole number, found '1_0'
    """
    if _WHOLE.fullmatch(text) is None:
        raise ValueError(f"must be a whole number, found {text[:80]!r}")
    return int(text)


def decimal_number(text: str) -> float:
    """Return the number that a text is, finite and in decimal; ValueError where it is none.

    >>> decimal_number("0.5"), decimal_number("3"), decimal_number("1e3")
    (0.5, 3.0, 1000.0)
    """
    found = float(text) if _DECIMAL.fullmatch(text) else float("nan")
    if not isfinite(found):
        raise ValueError(f"must be a number, found {text[:80]!r}")
    return found
