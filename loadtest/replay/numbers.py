"""Numbers: option values that are numbers, read as strictly as those of records (`topics.numerals`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from topics.numerals import decimal_number, whole_number

N = TypeVar("N", int, float)


def whole(least: int, most: int) -> Callable[[object], int]:
    """Return what reads a whole number within bounds, both allowed."""
    return _bounded(whole_number, least, most)


def decimal(least: float, most: float) -> Callable[[object], float]:
    """Return what reads a number within bounds, both allowed."""
    return _bounded(decimal_number, least, most)


def _bounded(read: Callable[[str], N], least: N, most: N) -> Callable[[object], N]:
    def number(value: object) -> N:
        text = str(value)  # A default is a number already.
        try:
            found = read(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error
        if not least <= found <= most:
            raise click.BadParameter(f"must be from {least:g} to {most:g}, found {text[:80]!r}")
        return found

    return number
