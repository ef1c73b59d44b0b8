"""Numbering: which of the world's number ranges are landline, mobile, premium; for the lint.

They are data, made by deploy/make_sample_deck.py.
"""

import csv
import io
from functools import cache
from importlib.resources import files

from msgspec import Struct


class NumberRange(Struct, frozen=True):
    """What the numbers under a prefix are; a longer prefix is an exception to a shorter one."""

    prefix: str
    country: str
    """Empty: of no country, like satellite networks."""
    kind: str


def parse_numbering(text: str) -> tuple[NumberRange, ...]:
    """Return the ranges of a CSV text with the columns prefix, country and kind."""
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return tuple(NumberRange(row["prefix"], row["country"], row["kind"]) for row in rows)


@cache
def load_numbering() -> tuple[NumberRange, ...]:
    """Return the ranges that ship with the package."""
    return parse_numbering(files("rater").joinpath("data/numbering.csv").read_text("utf-8"))
