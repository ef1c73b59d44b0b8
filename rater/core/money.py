"""Money: integers in micros, and the only place that rounds.

Rule 1: an amount is an integer number of micros, millionths of the account's one currency (D5).
Rule 2: a rate is an integer number of nanos per so many seconds; it is exact as written in the
        deck.
Rule 3: a division says its direction in its name. Numerators are not negative, denominators are
        positive.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeAlias

Micros: TypeAlias = int

NANOS: Final = 1_000_000_000
"""Nanos in one unit of a currency."""

NANOS_PER_MICRO: Final = 1_000

MICROS_DECIMALS: Final = 6
NANOS_DECIMALS: Final = 9


class Rounding(StrEnum):
    """How a charge line is rounded to the decimals that its row asks for."""

    UP = "up"
    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"


def div_ceil(numerator: int, denominator: int) -> int:
    """Divide, rounding any remainder up.

    >>> div_ceil(1, 3)
    1
    """
    return -(-numerator // denominator)


def div_down(numerator: int, denominator: int) -> int:
    """Divide, dropping the remainder.

    >>> div_down(5, 3)
    1
    """
    return numerator // denominator


def div_half_up(numerator: int, denominator: int) -> int:
    """Divide to the nearest integer; a half goes up.

    >>> div_half_up(5, 2), div_half_up(7, 3)
    (3, 2)
    """
    return (2 * numerator + denominator) // (2 * denominator)


def div_half_even(numerator: int, denominator: int) -> int:
    """Divide to the nearest integer; a half goes to the even one.

    >>> div_half_even(5, 2), div_half_even(7, 2)
    (2, 4)
    """
    quotient = numerator // denominator
    remainder = numerator - quotient * denominator
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient & 1):
        return quotient + 1
    return quotient


DIVIDE: dict[Rounding, Callable[[int, int], int]] = {
    Rounding.UP: div_ceil,
    Rounding.HALF_UP: div_half_up,
    Rounding.HALF_EVEN: div_half_even,
    Rounding.DOWN: div_down,
}
"""The division that each way of rounding means."""
