"""Number kinds: what a number is by itself, by the numbering data, which the load test reads as data."""

import csv
from functools import cache
from pathlib import Path

from loadtest.trunk_zero import NUMBERING


@cache
def _kinds(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["prefix"]: row["kind"] for row in csv.DictReader(lines)}


def kind_of(number: str, path: Path = NUMBERING) -> str:
    """Return the kind of a whole number with its plus sign, by the longest prefix; empty: nobody says."""
    kinds, digits = _kinds(path), number.removeprefix("+")
    for end in range(len(digits), 0, -1):
        if digits[:end] in kinds:
            return kinds[digits[:end]]
    return ""
