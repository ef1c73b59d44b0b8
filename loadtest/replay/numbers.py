"""Numbers: option values that are numbers, read as strictly as those of records (`topics.numerals`)."""

from __future__ import annotations

from collections.abc import Callable

import click

from topics.numerals import decimal_number, whole_number


def _bounded(text: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise click.BadParameter(f"must be from {least:g} to {most:g}, found {text[:80]!r}")


def whole(least: int, most: int) -> Callable[[str | int], int]:
    """Return what reads a whole number within bounds, both allowed."""

    def number(value: str | int) -> int:
        try:
            found = whole_number(str(value))
        except ValueError as error:
            raise click.BadParameter(str(error)) from error
        _bounded(str(value), found, least, most)
        return found

    return number


def decimal(least: float, most: float) -> Callable[[str | float], float]:
    """Return what reads a number within bounds, both allowed."""

    def number(value: str | float) -> float:
        try:
            found = decimal_number(str(value))
        except ValueError as error:
            raise click.BadParameter(str(error)) from error
        _bounded(str(value), found, least, most)
        return found

    return number
