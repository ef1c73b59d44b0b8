"""Decks that price nothing are accepted, and said on the ledger."""

from typing import Any

import pytest

from rater.core.pricing.decks import Deck, DeckBook, Heading, Retirement, Row
from rater.core.pricing.zones import UTC
from tests.build import NOW, RULES, Partition, command, opening, order


def deck(deck_id: str, currency: str = "USD", since_ms: int = 0) -> Deck:
    made = Deck.of(Heading(deck_id, 1, currency, since_ms, UTC), [Row(1, "33", 1)])
    assert isinstance(made, Deck)
    return made


BOOK = DeckBook.of(
    [
        deck("good"),
        deck("soon", since_ms=NOW + 1),
        deck("euro", "EUR"),
        deck("gone"),
        Retirement("gone", 2, NOW, None),
        deck("going"),
        Retirement("going", 2, NOW + 1, None),
        Retirement("never", 1, 0, None),
    ]
)


def warnings(*sent: dict[str, Any]) -> list[dict[str, Any]]:
    partition = Partition(RULES.with_book(BOOK)).take(*map(command, sent))
    return [entry for entry in partition.entries() if entry["kind"] == "deck_warning"]


@pytest.mark.parametrize(
    ("deck_id", "problem"),
    [
        ("good", None),
        ("soon", None),
        ("going", None),
        ("nowhere", "unpublished"),
        ("never", "unpublished"),
        ("euro", "other_currency"),
        ("gone", "retired"),
    ],
)
def test_what_a_deck_lacks_is_said(deck_id: str, problem: str | None) -> None:
    found = warnings(opening(decks=["good", deck_id]))

    assert [entry["decks"] for entry in found] == (
        [[{"deck_id": deck_id, "problem": problem}]] if problem else []
    )


def test_the_warning_follows_its_entry_and_names_its_command() -> None:
    (warning,) = warnings(opening(decks=["good"]), order("set_decks", decks=["nowhere", "good"]))

    assert (warning["seq"], warning["command_id"], warning["amount_micros"]) == (3, "x1", 0)


def test_reopening_says_again_what_the_decks_lack() -> None:
    found = warnings(
        opening(decks=["nowhere"]), order("close_account"), order("reopen_account", "x2")
    )

    assert [entry["command_id"] for entry in found] == ["open-acme", "x2"]


def test_a_refused_command_warns_of_nothing() -> None:
    assert warnings(opening(decks=["good"]), opening(decks=["nowhere"], command_id="x3")) == []
