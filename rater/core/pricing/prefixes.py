"""Prefix table: the longest prefix of a number, found with a few look-ups in one dict.

A number is tried at each length that a prefix can have, longest first. The lengths worth trying are
known per head (the plus sign and the first four digits), so a table of 200,000 prefixes costs what
one of 7,000 does, and no trie is needed. Keys carry the plus sign, because numbers do: nothing is
cut off before the look-up.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Final, Generic, TypeVar, final

T = TypeVar("T")

HEAD: Final = 5
"""Characters of a head: the plus sign and four digits."""

_DIGITS = "0123456789"


@final
class PrefixTable(Generic[T]):
    """An immutable map from prefixes (`+336`) to terms, asked for numbers (`+33612345678`)."""

    __slots__ = ("_by_prefix", "_lengths", "_sorted")

    def __init__(self, by_prefix: Mapping[str, T]) -> None:
        """Index the prefixes; each is a plus sign and at least one digit."""
        self._by_prefix: dict[str, T] = dict(by_prefix)
        self._lengths = _lengths_by_head(self._by_prefix)
        self._sorted = sorted(self._by_prefix)

    def __len__(self) -> int:
        """Return how many prefixes there are."""
        return len(self._by_prefix)

    def find(self, number: str) -> T | None:
        """Return what the longest prefix of the number maps to; None where no prefix matches."""
        by_prefix = self._by_prefix
        for length in self._lengths.get(number[:HEAD], ()):
            found = by_prefix.get(number[:length])
            if found is not None:
                return found
        return None

    def may_find(self, number: str) -> bool:
        """Tell by its head whether a prefix may match a number; sooner than `find` says that none does."""
        return number[:HEAD] in self._lengths

    def under(self, known: str, hidden: int) -> Iterator[T]:
        """Yield the values of the prefixes that are `known` and 1 to `hidden` digits more."""
        for prefix in self._longer(known, hidden):
            yield self._by_prefix[prefix]

    def covers(self, known: str, hidden: int) -> bool:
        """Tell whether each completion by `hidden` digits matches a prefix longer than `known`."""
        matched = 0
        last = ""
        for prefix in self._longer(known, hidden):
            if last and prefix.startswith(last):
                continue  # Its numbers are counted with the shorter prefix.
            matched += 10 ** (hidden - (len(prefix) - len(known)))
            last = prefix
        return matched > 0 and matched == 10**hidden

    def _longer(self, known: str, hidden: int) -> Iterator[str]:
        length_max = len(known) + hidden
        ordered = self._sorted
        for index in range(bisect_left(ordered, known + _DIGITS[0]), len(ordered)):
            prefix = ordered[index]
            if not prefix.startswith(known):
                return
            if len(prefix) <= length_max:
                yield prefix


def _lengths_by_head(by_prefix: Mapping[str, T]) -> dict[str, tuple[int, ...]]:
    """Return per head of a number the lengths its prefix may have, longest first."""
    lengths: dict[str, set[int]] = {}
    for prefix in by_prefix:
        for head in _heads(prefix):
            lengths.setdefault(head, set()).add(len(prefix))
    shared: dict[tuple[int, ...], tuple[int, ...]] = {}
    found = {head: tuple(sorted(those, reverse=True)) for head, those in lengths.items()}
    return {head: shared.setdefault(those, those) for head, those in found.items()}


def _heads(prefix: str) -> list[str]:
    """Return every head of the numbers with a prefix; short numbers are their own head."""
    if len(prefix) >= HEAD:
        return [prefix[:HEAD]]
    longer = [head for digit in _DIGITS for head in _heads(prefix + digit)]
    return [prefix, *longer]
