"""Card numbers: told from other digits, so that none gets into the books."""

import re

DIGITS_MIN = 12
DIGITS_MAX = 19

_CHAIN = re.compile(r"[0-9]+(?:[\s-]+[0-9]+)*")
_GROUP = re.compile(r"[0-9]+")


def has_card_number(text: str) -> bool:
    """Say whether a text holds a card number: 12 to 19 digits, perhaps in groups, whose check digit is right."""
    for chain in _CHAIN.findall(text):
        groups = _GROUP.findall(chain)
        for first in range(len(groups)):
            for last in range(first, len(groups)):
                number = "".join(groups[first : last + 1])
                if DIGITS_MIN <= len(number) <= DIGITS_MAX and passes_luhn(number):
                    return True
    return False


def passes_luhn(number: str) -> bool:
    """Say whether the last of some digits is their check digit."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) << (place & 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0
