"""Number kinds: what a number is by itself, by the numbering data, which the load test reads as data."""

import csv
from functools import cache
from pathlib import Path

NUMBERING = Path(__file__).resolve().parents[1] / "rater" / "data" / "numbering.csv"


@cache
def kind_by_digits(path: Path) -> dict[str, str]:
    """Return all kinds, by the digits with which numbers begin."""
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["prefix"]: row["kind"] for row in csv.DictReader(lines)}


def kind_of(number: str, path: Path = NUMBERING) -> str:
    """Return the kind of a whole number with its plus sign, by the longest prefix; empty: nobody says."""
    kinds, digits = kind_by_digits(path), number.removeprefix("+")
    for end in range(len(digits), 0, -1):
        if digits[:end] in kinds:
            return kinds[digits[:end]]
    return ""
