"""Numbering: the world's number ranges, calling codes and emergency numbers that ship with the package.

They are data, made by deploy/make_sample_deck.py.
"""

import csv
import io
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from msgspec import Struct

from rater.core.pricing.numbering import Numbering
from rater.wire.pricing.emergency import load_emergency

IMPOSSIBLE = "impossible"
"""The kind of a beginning that no number has: its trunk zero was kept."""


class NumberRange(Struct, frozen=True):
    """What the numbers under a prefix are; a longer prefix is an exception to a shorter one."""

    prefix: str
    country: str
    """Empty: of no country, like satellite networks."""
    kind: str


def parse_numbering(text: str) -> tuple[NumberRange, ...]:
    """Return the ranges of a CSV text with the columns prefix, country and kind."""
    return tuple(NumberRange(row["prefix"], row["country"], row["kind"]) for row in _rows(text))


@cache
def load_numbering() -> tuple[NumberRange, ...]:
    """Return the ranges that ship with the package."""
    return parse_numbering(_shipped("numbering.csv"))


@cache
def load_numbers() -> Numbering:
    """Return all that the core must know of numbers, of the data that ships with the package."""
    ranges = load_numbering()
    return Numbering(
        load_emergency(),
        {row["country"]: row["code"] for row in _rows(_shipped("calling_codes.csv"))},
        [(one.prefix, one.country, one.kind) for one in ranges if one.kind != IMPOSSIBLE],
        [one.prefix for one in ranges if one.kind == IMPOSSIBLE],
    )


def _shipped(name: str) -> str:
    return files("rater").joinpath("data", name).read_text("utf-8")


def _rows(text: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(io.StringIO(text, newline=""))
