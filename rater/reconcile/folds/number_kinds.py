"""Number kinds: what a number is by the numbering data that ship, read anew; a masked one may be several things."""

import csv
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

MASK = "*"


def kinds_of(number: str) -> Iterator[str]:
    """Yield the kind of a number with its plus sign, and those that its hidden digits may give it."""
    seen = number.rstrip(MASK)
    begins = (seen[:end] for end in range(len(seen), 0, -1))
    known = next((each for each in begins if each in kind_by_prefix()), None)
    if known is not None:
        yield kind_by_prefix()[known]
    if len(seen) < len(number):
        for prefix in _prefixes()[bisect_right(_prefixes(), seen) :]:
            if not prefix.startswith(seen):
                return
            if len(prefix) <= len(number):
                yield kind_by_prefix()[prefix]


@cache
def kind_by_prefix() -> dict[str, str]:
    """Return all kinds, by prefix with its plus sign."""
    text = files("rater").joinpath("data", "numbering.csv").read_text("utf-8")
    return {"+" + row["prefix"]: row["kind"] for row in csv.DictReader(text.splitlines())}


@cache
def _prefixes() -> list[str]:
    return sorted(kind_by_prefix())
