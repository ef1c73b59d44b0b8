"""Emergency numbers: per country, as dialled; `*` holds everywhere.

They are data, made by deploy/make_sample_deck.py.
"""

import csv
import io
from functools import cache
from importlib.resources import files


def parse_emergency(text: str) -> dict[str, frozenset[str]]:
    """Return the numbers by country of a CSV text with the columns country and number."""
    found: dict[str, set[str]] = {}
    for row in csv.DictReader(io.StringIO(text, newline="")):
        found.setdefault(row["country"], set()).add(row["number"])
    return {country: frozenset(numbers) for country, numbers in found.items()}


@cache
def load_emergency() -> dict[str, frozenset[str]]:
    """Return the numbers that ship with the package."""
    return parse_emergency(files("rater").joinpath("data/emergency.csv").read_text("utf-8"))
