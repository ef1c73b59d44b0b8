"""Rate decks: immutable, effective-dated versions of prices, and the book of all that are known.

Rule 1: the deck in force is that with the greatest `valid_from_ms` at or before the answer; of two
        with the same, the higher version (D7).
Rule 2: a deck is compiled once; nothing in it changes afterwards, so that a book may be read while
        another is made.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from enum import StrEnum

from msgspec import Struct

from rater.core.prefixes import PrefixTable
from rater.core.rows import Action, Direction, Row
from rater.core.schedule import Clash
from rater.core.terms import Entry, compile_terms
from rater.core.zones import Zone

__all__ = ["Action", "BandPolicy", "Clash", "Deck", "DeckBook", "Direction", "Heading", "Row"]


class BandPolicy(StrEnum):
    """What happens to a call that runs over a band boundary."""

    SPLIT = "split"
    START = "start"
    """The band of the answer governs the whole call; tiers still cut it."""


class Heading(Struct, frozen=True):
    """What a deck version says about itself, apart from its rows."""

    deck_id: str
    version: int
    currency: str
    valid_from_ms: int
    zone: Zone
    band_policy: BandPolicy = BandPolicy.SPLIT


class Deck(Struct, frozen=True):
    """One compiled version of a rate deck."""

    deck_id: str
    version: int
    currency: str
    valid_from_ms: int
    zone: Zone
    band_policy: BandPolicy
    rows: int
    """How many rows it was made of."""
    outward: PrefixTable[Entry]
    inward: PrefixTable[Entry]

    @staticmethod
    def of(heading: Heading, rows: Sequence[Row]) -> "Deck | list[Clash]":
        """Compile a deck; a list names all rows that clash."""
        outward, clashes = compile_terms(row for row in rows if row.direction is Direction.OUT)
        inward, more = compile_terms(row for row in rows if row.direction is Direction.IN)
        if clashes or more:
            return clashes + more
        return Deck(
            heading.deck_id,
            heading.version,
            heading.currency,
            heading.valid_from_ms,
            heading.zone,
            heading.band_policy,
            len(rows),
            PrefixTable(outward),
            PrefixTable(inward),
        )


class _Shelf(Struct, frozen=True):
    """All versions of one deck, by the instant from which they are in force, then by version."""

    starts_ms: tuple[int, ...]
    decks: tuple[Deck, ...]


class DeckBook:
    """An immutable snapshot of all whole versions of all decks."""

    __slots__ = ("_shelves",)

    def __init__(self, shelves: dict[str, _Shelf] | None = None) -> None:
        """Make an empty book, or one of shelves that are not touched afterwards."""
        self._shelves = {} if shelves is None else shelves

    @staticmethod
    def of(decks: Iterable[Deck]) -> "DeckBook":
        """Make a book of decks; of one version given twice the later stays."""
        by_id: dict[str, list[Deck]] = {}
        for deck in decks:
            by_id.setdefault(deck.deck_id, []).append(deck)
        return DeckBook({deck_id: _shelf(those) for deck_id, those in by_id.items()})

    def with_deck(self, deck: Deck) -> "DeckBook":
        """Return a book with one version more; this one stays as it is."""
        known = self._shelves.get(deck.deck_id)
        shelf = _shelf([*known.decks, deck] if known else [deck])
        return DeckBook({**self._shelves, deck.deck_id: shelf})

    def in_force(self, deck_id: str, at_ms: int) -> Deck | None:
        """Return the version in force at an instant; None where there is none."""
        shelf = self._shelves.get(deck_id)
        if shelf is None:
            return None
        index = bisect_right(shelf.starts_ms, at_ms)
        return shelf.decks[index - 1] if index else None

    def knows(self, deck_id: str) -> bool:
        """Tell whether any version of a deck is there."""
        return deck_id in self._shelves

    def versions(self) -> list[Deck]:
        """Return every version of every deck, by deck id and the instant it takes force."""
        return [deck for deck_id in sorted(self._shelves) for deck in self._shelves[deck_id].decks]


def _shelf(decks: Iterable[Deck]) -> _Shelf:
    by_version = {deck.version: deck for deck in decks}
    ordered = sorted(by_version.values(), key=lambda deck: (deck.valid_from_ms, deck.version))
    return _Shelf(tuple(deck.valid_from_ms for deck in ordered), tuple(ordered))
