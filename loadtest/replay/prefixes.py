"""Prefixes: the beginnings of numbers that decide what a call costs; what comes behind the longest of them does not.

They are those of decks (of called numbers and of callers), of the numbering plans (kind and country of a number), and
what an emergency number looks like behind a calling code. A number with another tail has the same price as long as the
longest of all these that it begins with is the same.
"""

from __future__ import annotations

import csv
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from loadtest.number_kinds import NUMBERING, kind_by_digits, kind_of
from loadtest.replay.faults import ReplayError

TOLL_FREE = "toll_free"
UNKNOWN_ORIGIN = "unknown"
SHORT_MAX = 6
"""A number of so many digits or fewer is a short one."""


class Prefixes:
    """Some beginnings, digits alone."""

    def __init__(self, prefixes: Iterable[str], types: Mapping[str, str] | None = None) -> None:
        """Take all, and of those of decks what kind of number they say it is."""
        self._all = frozenset(prefixes)
        self._sorted = sorted(self._all)
        self._length_max = max(map(len, self._all), default=0)
        self._types = dict(types or {})
        self._free: dict[str, float] = {}

    def longest(self, digits: str) -> int:
        """Return how many digits the longest has that a number begins with; 0: none."""
        for length in range(min(len(digits), self._length_max), 0, -1):
            if digits[:length] in self._all:
                return length
        return 0

    def go_on(self, digits: str) -> bool:
        """Say whether some are longer than these digits and begin with them."""
        place = bisect_left(self._sorted, f"{digits}0")
        return place < len(self._sorted) and self._sorted[place].startswith(digits)

    def free_share(self, head: str) -> float:
        """Return which part of the numbers that begin so have no longer one: 1.0: all."""
        found = self._free.get(head)
        if found is None:
            found = self._free[head] = 1.0 - sum(
                10.0 ** (len(head) - len(each)) for each in self._first_under(head)
            )
        return found

    def _first_under(self, head: str) -> Iterator[str]:
        """Yield those that are longer and begin so, but none under another of them."""
        last = ""
        for place in range(bisect_left(self._sorted, f"{head}0"), len(self._sorted)):
            each = self._sorted[place]
            if not each.startswith(head):
                return
            if not last or not each.startswith(last):
                last = each
                yield each

    def is_toll_free(self, digits: str) -> bool:
        """Say whether a deck or the numbering plans have a number for one that costs whom it belongs to."""
        for length in range(len(digits), 0, -1):
            if (kind := self._types.get(digits[:length])) is not None:
                if plain(kind) == plain(TOLL_FREE):
                    return True
                break
        return kind_of(f"+{digits}") == TOLL_FREE


def plain(kind: str) -> str:
    """Return a kind of number in letters alone."""
    return "".join(letter for letter in kind.lower() if letter.isalpha())


def read_prefixes(decks: Iterable[Path]) -> Prefixes:
    """Return those of decks (CSV with a column `prefix`) and of the numbering data; ReplayError."""
    found, types = set(_of_the_world()), {}
    for deck in decks:
        for row in _rows(deck):
            prefix = _digits(row["prefix"])
            found.add(prefix)
            types[prefix] = row.get("number_type") or ""
            if (origin := row.get("origin_prefix") or "") != UNKNOWN_ORIGIN:
                found.add(_digits(origin))
    return Prefixes(found - {""}, types)


def _of_the_world() -> Iterator[str]:
    yield from kind_by_digits(NUMBERING)
    codes = {row["code"] for row in _rows(NUMBERING.with_name("calling_codes.csv"))}
    numbers = {row["number"] for row in _rows(NUMBERING.with_name("emergency.csv"))}
    yield from codes
    for code in codes:
        yield from (code + each for each in numbers if len(code + each) > SHORT_MAX)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            if not {"prefix", "code", "number"} & set(reader.fieldnames or ()):
                raise ReplayError(f"{path}: there must be a column named prefix")
            yield from reader
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReplayError(f"{path}: {error}") from error


def _digits(text: str | None) -> str:
    return (text or "").strip().removeprefix("+")
