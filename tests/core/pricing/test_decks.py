"""Versions of decks and which is in force."""

import pytest

from rater.core.pricing.decks import Clash, Deck, DeckBook, Direction, Heading, Retirement, Row
from rater.core.pricing.zones import UTC


def deck(version: int, since: int, deck_id: str = "world") -> Deck:
    made = Deck.of(Heading(deck_id, version, "USD", since, UTC), [Row(1, "33", version)])
    assert isinstance(made, Deck)
    return made


@pytest.mark.parametrize(
    ("at", "version"), [(99, None), (100, 1), (199, 1), (200, 3), (299, 3), (300, 2), (9_999, 2)]
)
def test_the_latest_start_is_in_force_and_of_equal_ones_the_higher_version(
    at: int, version: int | None
) -> None:
    book = DeckBook.of([deck(3, 200), deck(2, 300), deck(1, 100), deck(0, 200)])

    found = book.in_force("world", at)

    assert version == (found and found.version)


def test_a_book_with_one_deck_more_leaves_the_old_one_as_it_was() -> None:
    old = DeckBook.of([deck(1, 0)])

    new = old.with_deck(deck(2, 10)).with_deck(deck(1, 0, "other"))

    assert [one.version for one in old.versions()] == [1]
    assert [(one.deck_id, one.version) for one in new.versions()] == [
        ("other", 1),
        ("world", 1),
        ("world", 2),
    ]
    assert (old.knows("other"), new.knows("other")) == (False, True)


def test_an_empty_book_knows_nothing() -> None:
    assert DeckBook().in_force("world", 0) is None
    assert not DeckBook().knows("world")


@pytest.mark.parametrize(
    ("at", "version"), [(199, 1), (200, None), (299, None), (300, 3), (399, 3), (400, None)]
)
def test_a_retired_deck_prices_nothing_until_a_later_version(at: int, version: int | None) -> None:
    book = DeckBook.of(
        [
            deck(1, 100),
            Retirement("world", 2, 200, None),
            deck(3, 300),
            deck(4, 400),
            Retirement("world", 5, 400, "gone"),
        ]
    )

    found = book.in_force("world", at)

    assert version == (found and found.version)


def test_what_governs_a_deck_may_be_its_retirement() -> None:
    retired = Retirement("world", 2, 200, "gone")
    book = DeckBook.of([deck(1, 100)]).with_deck(retired)

    assert book.governing("world", 99) is None
    assert book.governing("world", 200) is retired
    assert [one.version for one in book.versions()] == [1, 2]
    assert (book.currency_of("world"), book.currency_of("other")) == ("USD", None)


def test_directions_are_apart() -> None:
    rows = [Row(1, "1800", 1), Row(2, "1800", 2, direction=Direction.IN)]
    made = Deck.of(Heading("d", 1, "USD", 0, UTC), rows)

    assert isinstance(made, Deck)
    assert made.rows == 2
    assert made.outward.find("+18005550100") == rows[0]
    assert made.inward.find("+18005550100") == rows[1]


def test_a_deck_with_clashing_rows_is_not_made() -> None:
    rows = [Row(1, "33", 1), Row(2, "33", 2), Row(3, "1", 1, direction=Direction.IN)]
    rows.append(Row(4, "1", 1, direction=Direction.IN))

    assert Deck.of(Heading("d", 1, "USD", 0, UTC), rows) == [
        Clash("overlap", rows[0], rows[1]),
        Clash("overlap", rows[2], rows[3]),
    ]
