"""Rate decks: immutable, effective-dated versions of prices, and the book of all that are known.

Rule 1: the deck in force is that with the greatest `valid_from_ms` at or before the answer; of two
        with the same, the higher version (D7).
Rule 2: a retirement is a version that prices nothing: from its instant on the deck is as if it were
        not there, until a later version is in force. Calls answered before are still priced.
Rule 3: a deck is compiled once; nothing in it changes afterwards, so that a book may be read while
        another is made.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Final, TypeAlias, final

from rater.core.pricing.prefixes import PrefixTable
from rater.core.pricing.rates import Action, Direction, Row
from rater.core.pricing.schedule import Calendars, Clash
from rater.core.pricing.terms import Entry, compile_terms
from rater.core.pricing.zones import Zone
from rater.core.value import Value

__all__ = [
    "Action",
    "BandPolicy",
    "Clash",
    "Deck",
    "DeckBook",
    "Direction",
    "Heading",
    "Retirement",
    "Row",
    "Version",
]


class BandPolicy(StrEnum):
    """What happens to a call that runs over a band boundary."""

    SPLIT = "split"
    START = "start"
    """The band of the answer governs the whole call; tiers still cut it."""


@final
class Heading(Value):
    """What a deck version says about itself, apart from its rows."""

    __match_args__ = (
        "deck_id",
        "version",
        "currency",
        "valid_from_ms",
        "zone",
        "band_policy",
        "calendars",
    )
    __slots__ = __match_args__

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        deck_id: str,
        version: int,
        currency: str,
        valid_from_ms: int,
        zone: Zone,
        band_policy: BandPolicy = BandPolicy.SPLIT,
        calendars: Calendars | None = None,
    ) -> None:
        self.deck_id: Final = deck_id
        self.version: Final = version
        self.currency: Final = currency
        self.valid_from_ms: Final = valid_from_ms
        self.zone: Final = zone
        self.band_policy: Final = band_policy
        self.calendars: Final[Calendars] = {} if calendars is None else calendars


@final
class Deck:
    """One compiled version of a rate deck."""

    __slots__ = (
        "band_policy",
        "currency",
        "deck_id",
        "inward",
        "outward",
        "rows",
        "valid_from_ms",
        "version",
        "zone",
    )

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        deck_id: str,
        version: int,
        currency: str,
        valid_from_ms: int,
        zone: Zone,
        band_policy: BandPolicy,
        rows: int,
        outward: PrefixTable[Entry],
        inward: PrefixTable[Entry],
    ) -> None:
        self.deck_id: Final = deck_id
        self.version: Final = version
        self.currency: Final = currency
        self.valid_from_ms: Final = valid_from_ms
        self.zone: Final = zone
        self.band_policy: Final = band_policy
        self.rows: Final = rows
        """How many rows it was made of."""
        self.outward: Final = outward
        self.inward: Final = inward

    @staticmethod
    def of(heading: Heading, rows: Sequence[Row]) -> "Deck | list[Clash]":
        """Compile a deck; a list names all rows that clash."""
        assert not any(
            row.action is Action.FREE and (row.fees or row.min_charge_micros) for row in rows
        )
        calendars = heading.calendars
        outgoing = [row for row in rows if row.direction is Direction.OUT]
        outward, clashes = compile_terms(outgoing, calendars)
        incoming = [row for row in rows if row.direction is Direction.IN]
        inward, more = compile_terms(incoming, calendars)
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


@final
class Retirement(Value):
    """A version that takes a deck out of service: from its instant on it prices nothing."""

    __match_args__ = ("deck_id", "version", "valid_from_ms", "reason")
    __slots__ = __match_args__

    def __init__(self, deck_id: str, version: int, valid_from_ms: int, reason: str | None) -> None:
        self.deck_id: Final = deck_id
        self.version: Final = version
        self.valid_from_ms: Final = valid_from_ms
        self.reason: Final = reason


Version: TypeAlias = Deck | Retirement


@final
class _Shelf:
    """All versions of one deck, by the instant from which they are in force, then by version."""

    __slots__ = ("decks", "last_ms", "starts_ms", "versions")

    def __init__(
        self,
        starts_ms: tuple[int, ...],
        decks: tuple[Deck | None, ...],
        versions: tuple[Version, ...],
    ) -> None:
        self.starts_ms: Final = starts_ms
        self.last_ms: Final = starts_ms[-1]
        self.decks: Final = decks
        """What prices calls from each start on; None where the deck is retired."""
        self.versions: Final = versions


@final
class DeckBook:
    """An immutable snapshot of all whole versions of all decks."""

    __slots__ = ("_shelves",)

    def __init__(self, shelves: dict[str, _Shelf] | None = None) -> None:
        """Make an empty book, or one of shelves that are not touched afterwards."""
        self._shelves = {} if shelves is None else shelves

    @staticmethod
    def of(decks: Iterable[Version]) -> "DeckBook":
        """Make a book of versions; of one given twice the later stays."""
        by_id: dict[str, list[Version]] = {}
        for deck in decks:
            by_id.setdefault(deck.deck_id, []).append(deck)
        return DeckBook({deck_id: _shelf(those) for deck_id, those in by_id.items()})

    def with_deck(self, deck: Version) -> "DeckBook":
        """Return a book with one version more; this one stays as it is."""
        known = self._shelves.get(deck.deck_id)
        shelf = _shelf([*known.versions, deck] if known else [deck])
        return DeckBook({**self._shelves, deck.deck_id: shelf})

    def in_force(self, deck_id: str, at_ms: int) -> Deck | None:
        """Return the version in force at an instant; None where there is none, or it is retired."""
        shelf = self._shelves.get(deck_id)
        if shelf is None:
            return None
        if at_ms >= shelf.last_ms:
            return shelf.decks[-1]
        index = bisect_right(shelf.starts_ms, at_ms)
        return shelf.decks[index - 1] if index else None

    def knows(self, deck_id: str) -> bool:
        """Tell whether any version of a deck is there."""
        return deck_id in self._shelves

    def governing(self, deck_id: str, at_ms: int) -> Version | None:
        """Return what decides of a deck at an instant: a version, or its retirement."""
        shelf = self._shelves.get(deck_id)
        if shelf is None:
            return None
        index = bisect_right(shelf.starts_ms, at_ms)
        return shelf.versions[index - 1] if index else None

    def currency_of(self, deck_id: str) -> str | None:
        """Return the one currency of a deck; None where no version of it has prices."""
        shelf = self._shelves.get(deck_id)
        decks = () if shelf is None else shelf.decks
        for deck in decks:
            if deck is not None:
                return deck.currency
        return None

    def versions(self) -> list[Version]:
        """Return every version of every deck, by deck id and the instant it takes force."""
        shelves = self._shelves
        return [version for deck_id in sorted(shelves) for version in shelves[deck_id].versions]


def _shelf(versions: Iterable[Version]) -> _Shelf:
    by_version = {version.version: version for version in versions}
    ordered = sorted(by_version.values(), key=lambda one: (one.valid_from_ms, one.version))
    return _Shelf(
        tuple(one.valid_from_ms for one in ordered),
        tuple(one if isinstance(one, Deck) else None for one in ordered),
        tuple(ordered),
    )
